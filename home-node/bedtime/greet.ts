// The last thing that home does on waking, after it has taken what waited: peers that may have given this domain up are
// greeted, each service's at its own pace. While the edge answers for home nobody gives it up; greetings are for who met
// the domain before it had an edge, or while the edge itself was out of reach. Who that may be, and what a greeting is,
// each service knows (adapters/adapter.ts, Greeter). Usually there is nobody.

import { setTimeout as delay } from 'node:timers/promises';
import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Greeter } from '../adapters/adapter.ts';
import { type Pace, Pacer } from '../intake/pace.ts';
import type { Log } from '../log.ts';
import type { OnProgress } from '../progress.ts';

export interface GreetingService {
  readonly name: string;
  readonly greeter: Greeter | null;
  /** Origin on loopback; null while it is down. */
  origin(): string | null;
  /** As deliveries go to it: a greeting is work for it too. */
  readonly pace: Pace;
}

export interface GreetOptions {
  readonly log: Log;
  readonly services: readonly GreetingService[];
  /** ms, by any clock. */
  readonly now: () => number;
  /** How long a service may take for one answer, ms. */
  readonly greetMs?: number;
}

interface Greeted {
  readonly service: GreetingService;
  readonly greeter: Greeter;
  readonly peers: readonly string[];
}

/** Resolves to how many peers were greeted. Never rejects; `signal` ends it. Whom it did not reach is greeted next time. */
export async function greetPeers(
  { log, services, now, greetMs = limits.greetMs }: GreetOptions,
  signal: AbortSignal,
  onProgress: OnProgress = () => undefined,
): Promise<number> {
  const bounded = (): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(greetMs)]);
  const asked: Greeted[] = [];
  let room: number = limits.greetPeers;
  for (const service of services) {
    const { greeter } = service;
    if (greeter === null || room === 0 || signal.aborted) continue;
    const peers = (await peersOf(service, greeter, room, bounded(), log)).slice(0, room);
    room -= peers.length;
    asked.push({ service, greeter, peers });
  }
  const of = limits.greetPeers - room;
  let done = 0;
  let greeted = 0;
  for (const { service, greeter, peers } of asked) {
    const pacer = new Pacer(service.pace.perSecond, now);
    for (const peer of peers) {
      onProgress({ step: 'greeting peers', done, of });
      if (!(await inTurn(pacer, signal))) return said(log, greeted, of);
      pacer.begin();
      greeted += (await greetOne(service, greeter, peer, bounded(), log)) ? 1 : 0;
      done += 1;
    }
  }
  return said(log, greeted, of);
}

async function peersOf(
  { name, origin }: GreetingService,
  greeter: Greeter,
  most: number,
  signal: AbortSignal,
  log: Log,
): Promise<readonly string[]> {
  const base = origin();
  if (base === null) return [];
  try {
    return await greeter.peers(new URL(base), most, signal);
  } catch (thrown) {
    log.warn(`Cannot learn whom ${name} should greet: ${causeOf(thrown)}; it is asked again after the next waking.`);
    return [];
  }
}

async function greetOne(
  { name, origin }: GreetingService,
  greeter: Greeter,
  peer: string,
  signal: AbortSignal,
  log: Log,
): Promise<boolean> {
  const base = origin();
  if (base === null) return false;
  try {
    await greeter.greet(new URL(base), peer, signal);
    log.debug('Greeted a peer.', { service: name, peer });
    return true;
  } catch (thrown) {
    log.debug(`Did not greet a peer: ${causeOf(thrown)}`, { service: name, peer });
    return false;
  }
}

/** False: it is over. */
async function inTurn(pacer: Pacer, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(pacer.waitMs(), undefined, { signal });
    return true;
  } catch {
    return false;
  }
}

function said(log: Log, greeted: number, of: number): number {
  if (of > 0) log.info(`Greeted ${greeted} of ${of} peers with which there was no contact for long.`);
  return greeted;
}
