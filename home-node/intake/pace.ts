// How fast deliveries go to one service: so many at once, and so many in a second if its owner said so. A small server
// that finds a night's deliveries at its door in the morning buckles, or answers before it has worked.

import { limits } from '../../shared/limits.ts';

export interface Pace {
  /** Deliveries before the service at the same moment, each of another sender. */
  readonly parallel: number;
  /** null: as fast as it answers. */
  readonly perSecond: number | null;
  /** Of each address from which deliveries came, for a service that counts by those; null: as many. */
  readonly perSecondOfAddress: number | null;
  /** How long the next of a sender waits after one that concerns the same, ms (settling.ts); 0 if left out. */
  readonly settleMs?: number;
}

export const fullPace: Pace = { parallel: limits.deliverParallel, perSecond: null, perSecondOfAddress: null };

/** Gives leave to begin one delivery after another. */
export class Pacer {
  readonly #intervalMs: number;
  readonly #now: () => number;
  #nextAt = 0;

  /** `now`: ms, by any clock. */
  constructor(perSecond: number | null, now: () => number) {
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

/** Addresses that are remembered before those are looked through that need not be. */
const mostAddresses = 1_000;

/** The pace of one service. */
export class ServicePacer {
  readonly parallel: number;
  readonly #perSecondOfAddress: number | null;
  readonly #now: () => number;
  readonly #all: Pacer;
  readonly #ofAddress = new Map<string, Pacer>();

  constructor({ parallel, perSecond, perSecondOfAddress }: Pace, now: () => number) {
    this.parallel = parallel;
    this.#perSecondOfAddress = perSecondOfAddress;
    this.#now = now;
    this.#all = new Pacer(perSecond, now);
  }

  get countsAddresses(): boolean {
    return this.#perSecondOfAddress !== null;
  }

  /** How long until any delivery may begin, ms; 0: now, if that of its address allows it. */
  get waitMs(): number {
    return this.#all.waitMs();
  }

  /** The same of a delivery from this address; null: nobody knows whence it came. */
  waitMsOf(address: string | null): number {
    return Math.max(this.#all.waitMs(), this.#ofAddress.get(address ?? '')?.waitMs() ?? 0);
  }

  /** One from this address begins. */
  begin(address: string | null): void {
    this.#all.begin();
    if (this.#perSecondOfAddress === null) return;
    const key = address ?? '';
    const pacer = this.#ofAddress.get(key) ?? new Pacer(this.#perSecondOfAddress, this.#now);
    pacer.begin();
    this.#ofAddress.set(key, pacer);
    if (this.#ofAddress.size <= mostAddresses) return;
    for (const [each, one] of this.#ofAddress) if (one.waitMs() === 0) this.#ofAddress.delete(each);
  }
}
