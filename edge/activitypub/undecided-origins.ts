// From how many origins one address may leave deliveries whose key cannot be had. The spool takes few of those, so few
// of each origin; but origins are names, and whoever needs no key behind them invents any number, until nobody's
// undecided delivery has room. An honest server speaks for one origin, or for the few that share its address. Each home is
// counted by itself, as its spool is. Kept in memory, per isolate: a brake in front of the spool's own quotas, which hold
// whatever happens here.

import { limits } from '../../shared/limits.ts';
import { FairMemory } from './fair-memory.ts';
import type { NamedBy } from './new-hosts.ts';

const windowMs = 24 * 3600 * 1000;

export class UndecidedOrigins {
  /** Of each home: network → origin of a key → when it first came from there. */
  readonly #seen = new FairMemory<Map<string, number>>(limits.memoryEntries);

  /**
   * May one more of this origin be spooled? null: yes; otherwise the ms after which another may. Where the sender's network
   * is unknown, nothing is counted.
   */
  waitMs({ homeId, network }: NamedBy, origin: string, now: number): number | null {
    if (network === null) return null;
    const origins = this.#seen.get(homeId, network) ?? new Map<string, number>();
    for (const [each, at] of origins) if (now - at >= windowMs) origins.delete(each);
    if (origins.has(origin)) return null;
    if (origins.size >= limits.undecidedOriginsPerAddress) return Math.min(...origins.values()) + windowMs - now;
    origins.set(origin, now);
    this.#seen.set(homeId, network, origins);
    return null;
  }
}
