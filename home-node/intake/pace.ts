// How fast deliveries go to one service: so many at once, and so many in a second if its owner said so. A small server
// that finds a night's deliveries at its door in the morning buckles, or answers before it has worked.

import { limits } from '../../shared/limits.ts';

export interface Pace {
  /** Deliveries before the service at the same moment, each of another sender. */
  readonly parallel: number;
  /** null: as fast as it answers. */
  readonly perSecond: number | null;
}

export const fullPace: Pace = { parallel: limits.deliverParallel, perSecond: null };

/** Gives leave to begin one delivery after another. */
export class Pacer {
  readonly #intervalMs: number;
  readonly #now: () => number;
  #nextAt = 0;

  /** `now`: ms, by any clock. */
  constructor({ perSecond }: Pace, now: () => number) {
    this.#intervalMs = perSecond === null ? 0 : 1000 / perSecond;
    this.#now = now;
  }

  /** How long until the next may begin, ms; 0: now. */
  waitMs(): number {
    if (this.#intervalMs === 0) return 0;
    const wait = this.#nextAt - this.#now();
    // A wait longer than any that was given, and by more than sums of fractions differ: the clock was put back meanwhile.
    return wait > this.#intervalMs + 1 ? 0 : Math.min(Math.max(0, wait), this.#intervalMs);
  }

  /** One begins. */
  begin(): void {
    this.#nextAt = this.#now() + this.#intervalMs;
  }
}
