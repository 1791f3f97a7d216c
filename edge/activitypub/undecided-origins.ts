// From how many origins one address may leave deliveries whose key cannot be had. The spool takes few of those, so few
// of each origin; but origins are names, and whoever needs no key behind them invents any number, until nobody's
// undecided delivery has room. An honest server speaks for one origin, or for the few that share its address. Kept in
// memory, per isolate: a brake in front of the spool's own quotas, which hold whatever happens here.

import { limits } from '../../shared/limits.ts';

const windowMs = 24 * 3600 * 1000;

export class UndecidedOrigins {
  /** Network → origin of a key → when it first came from there. */
  readonly #seen = new Map<string, Map<string, number>>();

  /** May one more of this origin be spooled? `network` is the sender's (`networkOf`); where it is unknown, nothing is counted. */
  admit(network: string | null, origin: string, now: number): boolean {
    if (network === null) return true;
    const origins = this.#seen.get(network) ?? new Map<string, number>();
    for (const [each, at] of origins) if (now - at >= windowMs) origins.delete(each);
    if (origins.has(origin)) return true;
    if (origins.size >= limits.undecidedOriginsPerAddress) return false;
    origins.set(origin, now);
    this.#seen.delete(network);
    this.#seen.set(network, origins);
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= limits.memoryEntries) break;
      this.#seen.delete(oldest);
    }
    return true;
  }
}
