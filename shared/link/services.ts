// How home's services are, as SERVICES holds it: all of them each time, so that nothing must be remembered from an
// earlier frame, with a number that rises with each saying.

import { limits } from '../limits.ts';
import type { DownReason, ServiceState, ServicesSaid } from '../presence.ts';
import { type Frame, malformed, recordOf } from './codec.ts';

/** The first version that knows SERVICES. */
export const servicesSince = 2;

const nameForm = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** A host name with its port if any; what no URL has as its host is not one. */
const hostForm = /^[a-z0-9.:[\]_-]{1,261}$/;
const downReasons: readonly string[] = ['starting', 'stopped', 'failing'] satisfies DownReason[];

/** Throws `link-malformed`, also above limits.services. */
export function servicesOf(frame: Frame): ServicesSaid {
  const { n, services } = recordOf(frame);
  if (!Number.isSafeInteger(n)) throw malformed('SERVICES has no number');
  if (!Array.isArray(services)) throw malformed('SERVICES names no services');
  if (services.length > limits.services) {
    throw malformed(`SERVICES names ${services.length} services, at most ${limits.services} are allowed`);
  }
  const states = services.map(stateOf);
  if (new Set(states.map(({ name }) => name)).size < states.length) throw malformed('SERVICES names a service twice');
  return { n: n as number, services: states };
}

/**
 * The payload of SERVICES for these services. Of services with one host the first has it, as when requests are carried.
 * What does not fit is left out, first of what is up: the edge then carries to it, as if home had not said anything.
 */
export function servicesText(n: number, services: readonly ServiceState[]): string {
  const taken = new Set<string>();
  const own = services.map((service) => {
    const hosts = service.hosts.filter((host) => !taken.has(host));
    for (const host of hosts) taken.add(host);
    return { ...service, hosts };
  });
  const kept = new Set<ServiceState>();
  let room = limits.servicesBytes - JSON.stringify({ n, services: [] }).length;
  for (const service of [...own.filter(isDown), ...own.filter((service) => !isDown(service))]) {
    const bytes = JSON.stringify(service).length + 1;
    if (kept.size === limits.services || bytes > room) continue;
    kept.add(service);
    room -= bytes;
  }
  return JSON.stringify({ n, services: own.filter((service) => kept.has(service)) });
}

function isDown(service: ServiceState): boolean {
  return service.state === 'down';
}

function stateOf(value: unknown): ServiceState {
  const { name, hosts, state, since, why, until } = (
    typeof value === 'object' && value !== null ? value : {}
  ) as Partial<Record<keyof ServiceState, unknown>>;
  if (typeof name !== 'string' || !nameForm.test(name)) throw malformed('a service has no name');
  if (!Array.isArray(hosts) || !hosts.every(isHost)) throw malformed('a service has no hosts');
  if (state !== 'up' && state !== 'down') throw malformed('a service is neither up nor down');
  if (!isTime(since)) throw malformed('a service does not say since when');
  if (state === 'up') return { name, hosts, state, since, why: null, until: null };
  // What a later version may give as a reason is a failure to this one.
  const reason = downReasons.includes(why as string) ? (why as DownReason) : 'failing';
  return { name, hosts, state, since, why: reason, until: isTime(until) ? until : null };
}

function isHost(host: unknown): host is string {
  return typeof host === 'string' && hostForm.test(host);
}

/** What a Date can hold (ECMA-262 section 21.4.1.1), so that it can be shown. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 8.64e15;
}
