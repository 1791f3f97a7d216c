// What the whole spool holds, known after every start from at most four rows, and never written on its own account:
// each row that enters or leaves waiting carries the totals of that moment. Counting costs no row write that way, and
// no scan. The newest totals stand with the newest waiting row, the row that left last, or in the marks, because every
// deletion is followed, in the same transaction, by a write that carries them.

import { type Counts, noCounts, withMore, withOneLess } from './counts.ts';

/** `entered`, `left`, `tail` and `expired` only ever rise. */
export interface Totals {
  /** How many times a delivery entered waiting (arrived, was replayed or retried), and left it. */
  readonly entered: number;
  readonly left: number;
  /** Undecided deliveries that wait. */
  readonly undecided: number;
  /** Bytes of bodies in R2 that some row names, in whatever zone. */
  readonly largeBytes: number;
  /** The highest seq ever given. */
  readonly tail: number;
  /** The highest mark (key-line.ts) of a kept row that expired. */
  readonly expired: number;
  /** When bodies were last swept, ms, and the key in R2 after which the next sweep goes on (bodies.ts). */
  readonly sweptAt: number;
  readonly sweepAfter: string | null;
  readonly counts: Counts;
}

/** As rows carry them. Rows that older code wrote have no counts, or some that are not theirs (counts.ts). */
export type CarriedTotals = Omit<Totals, 'counts'> & { readonly counts?: Counts };

const none: Totals = {
  entered: 0,
  left: 0,
  undecided: 0,
  largeBytes: 0,
  tail: 0,
  expired: 0,
  sweptAt: 0,
  sweepAfter: null,
  counts: noCounts,
};

/** What changes a total: one delivery. */
export interface Counted {
  readonly service: string;
  readonly undecided: boolean;
  /** Bytes of its body in R2, 0 if it lies in the row. */
  readonly largeBytes: number;
}

export class Tally {
  readonly #read: () => readonly CarriedTotals[];
  readonly #count: (age: number) => Counts;
  #now: Totals | null = null;
  #isCountedAnew = false;

  /**
   * `read` gives the totals of the newest rows; of equals the later in the list is the newer. `count` counts the rows: it
   * reads them all, and is asked only when older code wrote last.
   */
  constructor(read: () => readonly CarriedTotals[], count: (age: number) => Counts) {
    this.#read = read;
    this.#count = count;
  }

  get now(): Totals {
    return this.#now ?? this.load();
  }

  /** Must come before any row moves, because the newest totals may stand with the row that moves. */
  load(): Totals {
    if (this.#now !== null) return this.#now;
    const found = this.#read().reduce((best, next) => (age(next) >= age(best) ? next : best), none);
    const { counts } = found;
    this.#isCountedAnew = counts?.age !== age(found);
    this.#now = { ...found, counts: this.#isCountedAnew || counts === undefined ? this.#count(age(found)) : counts };
    return this.#now;
  }

  /** The rows are not counted, or had to be for the totals and those are not written down yet. */
  get owesCount(): boolean {
    return this.#now === null || this.#isCountedAnew;
  }

  /** The totals, if the rows had to be counted for them: to be written down, so that it was once. */
  takeCountedAnew(): Totals | null {
    const counted = this.#isCountedAnew ? this.#now : null;
    this.#isCountedAnew = false;
    return counted;
  }

  get waiting(): number {
    return this.now.entered - this.now.left;
  }

  /** A new delivery, stored as `seq`. */
  arrived(seq: number, one: Counted): Totals {
    const largeBytes = this.now.largeBytes + one.largeBytes;
    return this.#set({ ...this.#entering(one), largeBytes, tail: seq });
  }

  /** A dead letter goes back to waiting, as `seq`. */
  retried(seq: number, one: Counted): Totals {
    return this.#set({ ...this.#entering(one), tail: seq });
  }

  /** Kept ones go back to waiting. */
  replayed(back: readonly { readonly service: string; readonly count: number; readonly undecided: number }[]): Totals {
    let { entered, undecided, counts } = this.now;
    for (const one of back) {
      entered += one.count;
      undecided += one.undecided;
      counts = withMore(counts, one.service, one.count);
      counts = { ...counts, kept: Math.max(0, counts.kept - one.count) };
    }
    return this.#set({ ...this.now, entered, undecided, counts });
  }

  /** One left waiting and is held on, as `kept` or as a dead letter. */
  departed(one: Counted, isKept: boolean): Totals {
    const { kept } = this.now.counts;
    const leaving = this.#leaving(one);
    return this.#set({ ...leaving, counts: { ...leaving.counts, kept: kept + (isKept ? 1 : 0) } });
  }

  /** One that waited was deleted. */
  discarded(one: Counted): Totals {
    return this.#set({ ...this.#leaving(one), largeBytes: this.now.largeBytes - one.largeBytes });
  }

  /** Rows that had left waiting were deleted, `kept` of them kept ones; `expired` is the highest mark of those. */
  deleted(largeBytes: number, { kept, expired }: { readonly kept: number; readonly expired: number }): Totals {
    const { counts } = this.now;
    return this.#set({
      ...this.now,
      largeBytes: this.now.largeBytes - largeBytes,
      expired: Math.max(this.now.expired, expired),
      counts: { ...counts, kept: Math.max(0, counts.kept - kept) },
    });
  }

  /** Lasts only if a write that carries the totals follows. */
  swept(sweptAt: number, sweepAfter: string | null): void {
    this.#set({ ...this.now, sweptAt, sweepAfter });
  }

  forget(): void {
    this.#now = null;
    this.#isCountedAnew = false;
  }

  #entering({ service, undecided }: Counted): Totals {
    const { now } = this;
    const counts = withMore(now.counts, service, 1);
    return { ...now, entered: now.entered + 1, undecided: now.undecided + (undecided ? 1 : 0), counts };
  }

  #leaving({ service, undecided }: Counted): Totals {
    const { now } = this;
    const counts = withOneLess(now.counts, service);
    return { ...now, left: now.left + 1, undecided: now.undecided - (undecided ? 1 : 0), counts };
  }

  #set(totals: Totals): Totals {
    this.#now = { ...totals, counts: { ...totals.counts, age: age(totals) } };
    return this.#now;
  }
}

function age(totals: CarriedTotals): number {
  return totals.entered + totals.left;
}
