// What the object remembers of senders that wait: how many deliveries, and the latest one, for quotas and for narrow
// de-duplication. In memory and bounded; after a start it is warmed from the newest waiting rows alone.
//
// Counts survive a start without a scan because each row carries how many of its sender waited once it was stored. What
// left waiting since then (the totals say how much, of all senders) is taken off, so that a count is never above the
// truth: a sender that is not among the newest rows starts again at none. Everything here errs towards taking; the
// limits that must hold (undecided in all, bytes of the database and of R2) are exact and stand in totals.ts.

import type { Counted, Totals } from './totals.ts';
import type { RecentRow } from './waiting-rows.ts';

/** Waiting rows that are read after a start. Danger: a read of them per wake, and the platform counts reads. */
export const lookBackRows = 128;
/** Characters of senders and paths that are remembered; above, the oldest sender is forgotten. Danger: memory. */
const rememberedChars = 8 * 1024 * 1024;
/** A longer path is not remembered: its repetition is stored twice. */
const pathChars = 512;
/** What one sender is reckoned at beside its name: the path, the digest, the entry. */
const entryChars = 768;

interface Known {
  waiting: number;
  /** null: the latest one left, is not proven, or has a path that is too long to remember. */
  latest: { readonly seq: number; readonly path: string; readonly bodySha256: string } | null;
}

export interface Stored {
  readonly seq: number;
  readonly path: string;
  readonly bodySha256: string;
  readonly undecidedOrigin: string | null;
}

export class Senders {
  readonly #read: () => { recent: readonly RecentRow[]; totals: Totals };
  readonly #keyOf: (row: RecentRow) => string;
  readonly #known = new Map<string, Known>();
  readonly #undecided = new Map<string, number>();
  #chars = 0;
  #isWarm = false;

  constructor(read: () => { recent: readonly RecentRow[]; totals: Totals }, keyOf: (row: RecentRow) => string) {
    this.#read = read;
    this.#keyOf = keyOf;
  }

  /** At most as many as really wait. */
  waitingOf(key: string): number {
    this.#warm();
    return this.#known.get(key)?.waiting ?? 0;
  }

  /** Undecided ones of this key origin that wait, at most as many as really do. */
  undecidedOf(origin: string): number {
    this.#warm();
    return this.#undecided.get(origin) ?? 0;
  }

  /** Is this the latest still waiting one of its sender once more? */
  isRepeat(key: string, path: string, bodySha256: string): boolean {
    this.#warm();
    const latest = this.#known.get(key)?.latest;
    return latest?.path === path && latest.bodySha256 === bodySha256;
  }

  stored(key: string, row: Stored): void {
    this.#remember(key, row, this.waitingOf(key) + 1);
    const origin = row.undecidedOrigin;
    if (origin !== null) this.#undecided.set(origin, this.undecidedOf(origin) + 1);
  }

  /** A delivery left waiting. */
  departed(key: string, seq: number, undecidedOrigin: string | null): void {
    if (!this.#isWarm) return;
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.waiting -= 1;
      if (known.latest?.seq === seq) known.latest = null;
      if (known.waiting <= 0) this.#drop(key);
    }
    if (undecidedOrigin === null) return;
    const others = (this.#undecided.get(undecidedOrigin) ?? 0) - 1;
    if (others > 0) this.#undecided.set(undecidedOrigin, others);
    else this.#undecided.delete(undecidedOrigin);
  }

  forget(): void {
    this.#known.clear();
    this.#undecided.clear();
    this.#chars = 0;
    this.#isWarm = false;
  }

  #warm(): void {
    if (this.#isWarm) return;
    this.#isWarm = true;
    const { recent, totals } = this.#read();
    const seen = new Map<string, number>();
    for (const row of recent) {
      const key = this.#keyOf(row);
      seen.set(key, (seen.get(key) ?? 0) + 1);
      const origin = row.undecidedOrigin;
      if (origin !== null) this.#undecided.set(origin, (this.#undecided.get(origin) ?? 0) + 1);
    }
    for (const row of recent.toReversed()) {
      const key = this.#keyOf(row);
      const carried = row.senderWaiting - (totals.left - row.totals.left);
      this.#remember(key, row, Math.max(carried, seen.get(key) ?? 0));
    }
  }

  #remember(key: string, row: Stored, waiting: number): void {
    const { seq, path, bodySha256, undecidedOrigin } = row;
    this.#drop(key);
    const isComparable = undecidedOrigin === null && path.length <= pathChars;
    this.#known.set(key, { waiting, latest: isComparable ? { seq, path, bodySha256 } : null });
    this.#chars += key.length + entryChars;
    for (const oldest of this.#known.keys()) {
      if (this.#chars <= rememberedChars) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    if (this.#known.delete(key)) this.#chars -= key.length + entryChars;
  }
}

/** What a row adds to the totals. */
export function countedOf(row: {
  service: string;
  undecidedOrigin: string | null;
  bodyBytes: number;
  isLarge: boolean;
}): Counted {
  return { service: row.service, undecided: row.undecidedOrigin !== null, largeBytes: row.isLarge ? row.bodyBytes : 0 };
}
