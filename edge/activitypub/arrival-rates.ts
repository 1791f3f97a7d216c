// How fast deliveries come: of each origin from each network, from each network, and in all, for each home. A brake in
// front of keys and the spool, whose own quotas hold whatever happens here. An origin is only a name until a proof holds,
// so it is counted together with the network that used it: nobody can use up what is another's. Whoever is over is told
// 429 and comes again. Where the network is not known nothing is counted. Kept in memory, per isolate.

import { limits } from '../../shared/limits.ts';
import { FairMemory } from './fair-memory.ts';
import type { NamedBy } from './new-hosts.ts';

const windowMs = 60 * 1000;

interface Count {
  /** When its minute began, ms since the epoch. */
  readonly since: number;
  readonly arrivals: number;
}

export class ArrivalRates {
  readonly #counts = new FairMemory<Count>(limits.memoryEntries);

  /** Counts one more, unless that is too many: then why. */
  refusal(origin: string, { homeId, network }: NamedBy, now: number): string | null {
    if (network === null) return null;
    const counted: readonly (readonly [name: string, most: number, who: string])[] = [
      [`${network} ${origin}`, limits.arrivalsPerOrigin, `${network} for ${origin}`],
      [network, limits.arrivalsPerNetwork, network],
      ['', limits.arrivalsPerHome, 'all together'],
    ];
    const counts = counted.map(([name]) => this.#count(homeId, name, now));
    const over = counted.find(([, most], i) => (counts[i]?.arrivals ?? 0) >= most);
    if (over !== undefined) return `too many deliveries within a minute: ${over[2]}`;
    for (const [i, [name]] of counted.entries()) {
      const { since, arrivals } = counts[i] ?? { since: now, arrivals: 0 };
      this.#counts.set(homeId, name, { since, arrivals: arrivals + 1 });
    }
    return null;
  }

  #count(homeId: string, name: string, now: number): Count {
    const count = this.#counts.get(homeId, name);
    return count === undefined || now - count.since >= windowMs ? { since: now, arrivals: 0 } : count;
  }
}
