// What the whole spool holds, known after every start from at most four rows, and never written on its own account:
// each row that enters or leaves waiting carries the totals of that moment. Counting costs no row write that way, and
// no scan. The newest totals stand with the newest waiting row, the row that left last, or in the marks, because every
// deletion is followed, in the same transaction, by a write that carries them.

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
}

const none: Totals = {
  entered: 0,
  left: 0,
  undecided: 0,
  largeBytes: 0,
  tail: 0,
  expired: 0,
  sweptAt: 0,
  sweepAfter: null,
};

/** What changes a total: one delivery. */
export interface Counted {
  readonly undecided: boolean;
  /** Bytes of its body in R2, 0 if it lies in the row. */
  readonly largeBytes: number;
}

export class Tally {
  readonly #read: () => readonly Totals[];
  #now: Totals | null = null;

  /** `read` gives the totals of the newest rows; of equals the later in the list is the newer. */
  constructor(read: () => readonly Totals[]) {
    this.#read = read;
  }

  get now(): Totals {
    return this.#now ?? this.load();
  }

  /** Must come before any row moves, because the newest totals may stand with the row that moves. */
  load(): Totals {
    this.#now ??= this.#read().reduce((best, next) => (age(next) >= age(best) ? next : best), none);
    return this.#now;
  }

  get waiting(): number {
    return this.now.entered - this.now.left;
  }

  /** A new delivery, stored as `seq`. */
  arrived(seq: number, one: Counted): Totals {
    const largeBytes = this.now.largeBytes + one.largeBytes;
    return this.#set({ ...this.#entering(1, one.undecided ? 1 : 0), largeBytes, tail: seq });
  }

  /** A dead letter goes back to waiting, as `seq`. */
  retried(seq: number, one: Counted): Totals {
    return this.#set({ ...this.#entering(1, one.undecided ? 1 : 0), tail: seq });
  }

  replayed(count: number, undecided: number): Totals {
    return this.#set(this.#entering(count, undecided));
  }

  departed(one: Counted): Totals {
    const undecided = this.now.undecided - (one.undecided ? 1 : 0);
    return this.#set({ ...this.now, left: this.now.left + 1, undecided });
  }

  /** Rows were deleted; `expired` is the highest mark among the kept ones, 0 if none was. */
  deleted(largeBytes: number, expired: number): Totals {
    const left = this.now.largeBytes - largeBytes;
    return this.#set({ ...this.now, largeBytes: left, expired: Math.max(this.now.expired, expired) });
  }

  /** Lasts only if a write that carries the totals follows. */
  swept(sweptAt: number, sweepAfter: string | null): void {
    this.#set({ ...this.now, sweptAt, sweepAfter });
  }

  forget(): void {
    this.#now = null;
  }

  #entering(count: number, undecided: number): Totals {
    return { ...this.now, entered: this.now.entered + count, undecided: this.now.undecided + undecided };
  }

  #set(totals: Totals): Totals {
    this.#now = totals;
    return totals;
  }
}

function age(totals: Totals): number {
  return totals.entered + totals.left;
}
