// What was counted under a name within a while that began with the first of it. For brakes: kept in memory, per isolate,
// each home by itself (fair-memory.ts), and forgotten without harm.

import { limits } from '../../shared/limits.ts';
import { FairMemory } from './fair-memory.ts';

export interface Count {
  /** When the first of these came, ms since the epoch. */
  readonly since: number;
  readonly count: number;
}

export class WindowCounts {
  readonly #windowMs: number;
  readonly #counts = new FairMemory<Count>(limits.memoryEntries);

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Of nothing yet, a while that begins at `now`. */
  at(homeId: string, name: string, now: number): Count {
    const known = this.#counts.get(homeId, name);
    return known === undefined || now - known.since >= this.#windowMs ? { since: now, count: 0 } : known;
  }

  /** One more than `so far`. */
  add(homeId: string, name: string, soFar: Count): void {
    this.#counts.set(homeId, name, { since: soFar.since, count: soFar.count + 1 });
  }

  /** ms until it is forgotten. */
  leftMs({ since }: Count, now: number): number {
    return Math.max(0, since + this.#windowMs - now);
  }
}
