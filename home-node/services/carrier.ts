// Finds the service that a carried request is for, by its host, and hands it on. A service that was started again may
// listen elsewhere than before, so each has its own connections, made anew when its address changes.

import { PorchlightError } from '../../shared/errors.ts';
import { isOwnPath } from '../../shared/own-path.ts';
import { AnswerMemory } from '../carry/answer-memory.ts';
import { createLoopback, type Loopback } from '../carry/loopback.ts';
import type { Serve } from '../link/serve.ts';

export interface CarriedService {
  readonly name: string;
  readonly hosts: readonly string[];
  /** Where it listens; null while it is surely not there. */
  origin(): string | null;
}

export interface Carrier {
  readonly serve: Serve;
  close(): Promise<void>;
}

interface Open {
  readonly url: string;
  readonly loopback: Loopback;
}

/** Of two services with one host, the first is meant. */
export function createCarrier(services: readonly CarriedService[]): Carrier {
  const open = new Map<CarriedService, Open>();
  // One for all services: what is bounded is the machine's.
  const memory = new AnswerMemory();
  const loopbackOf = (service: CarriedService, url: string): Loopback => {
    const before = open.get(service);
    if (before?.url === url) return before.loopback;
    // Where nothing listens any more, nothing is lost by closing.
    void before?.loopback.close();
    const loopback = createLoopback([{ name: service.name, hosts: service.hosts, url }], memory);
    open.set(service, { url, loopback });
    return loopback;
  };
  return {
    serve: async (request, signal) => {
      // The edge never carries these; home does not rely on it.
      if (isOwnPath(request.path.split('?', 1)[0] ?? '')) {
        throw new PorchlightError('not-served', `Cannot answer for ${request.path}: it is between home and its edge.`);
      }
      const host = request.host.toLowerCase();
      const service = services.find(({ hosts }) => hosts.includes(host));
      if (service === undefined) {
        throw new PorchlightError(
          'not-served',
          `Cannot answer for ${host}: no service of this home has that host; add it to one in porchlight.toml.`,
        );
      }
      const url = service.origin();
      if (url === null) {
        throw new PorchlightError(
          'service-down',
          `Cannot answer for ${host}: ${service.name} is not up; see porchlight status.`,
        );
      }
      return await loopbackOf(service, url).serve(request, signal);
    },
    close: async () => {
      await Promise.all([...open.values()].map(async ({ loopback }) => await loopback.close()));
    },
  };
}
