// Of whom may the spool hold something? Most of what a home receives are Deletes of actors that it never met, and each
// one asks; so the answer is a Bloom filter (shared/known-actors/bloom.ts) that Workers fetch once a minute. It holds
// the senders of whatever waits, died, or left since home's last snapshot: what left before is in the snapshot.
//
// Built from the rows, it would be read again after every start, and the platform counts rows read. So it is laid down
// in a row of its own when about a thousand deliveries came or left since it last was (a thousandth of a row write per
// delivery, and only for homes that are asked), and after a start only what came since is read.
// It errs only towards true: when rows that it should have read have expired, or are too many, it holds everybody.
//
// A filter that a Worker has is a promise for limits.senderFilterMs: who is not in it is a stranger. So a delivery of
// somebody who is not in the filters that are out is answered when the last of them has run out (client.ts waits): only
// then may its sender expect that what follows, say a Delete, is known to belong to something. The object itself does not
// write down when it gave one out: it is forgotten when it is killed within those seconds.

import { BloomFilter } from '../../shared/known-actors/bloom.ts';
import type { BloomFilterData } from '../../shared/snapshot.ts';
import type { Holdings } from './holdings.ts';
import { dead, firstStep, kept, type Zone } from './key-line.ts';
import { knownSenders as table } from './schema.ts';
import type { Database } from './waiting-rows.ts';

/** Rows read for one build; above, everybody is held. Danger: reads per day, and the object's time. */
const mostRows = 100_000;
/** Rows read or added before the filter is laid down again. */
const rowsPerCheckpoint = 1024;
/** A new snapshot, or a filter grown too full, is a reason to build anew, but not more often than this. */
const buildEveryMs = 3600 * 1000;
const leastCapacity = 4096;
const falsePositiveRate = 0.01;
/** Deliveries acknowledged while home was making the snapshot may not be in it. */
const snapshotMarginMs = 10 * 60 * 1000;
/** Workers may still judge by the snapshot before for so long. */
const snapshotSettlesMs = 60 * 1000;

type Checkpoint = Omit<typeof table.$inferSelect, 'one' | 'filter'>;

interface Built extends Checkpoint {
  /** null: everybody may be held. */
  readonly filter: BloomFilter | null;
}

export class KnownSenders {
  readonly #database: Database;
  readonly #spool: Holdings;
  #built: Built | null = null;
  #uncovered = 0;
  /** Until when a filter is out that was given out last, ms since the epoch. */
  #outUntil = 0;
  /** Senders who are not in every filter that is out → until when. */
  readonly #settling = new Map<string, number>();

  constructor(database: Database, spool: Holdings) {
    this.#database = database;
    this.#spool = spool;
  }

  /** The filter as it travels to Workers; null: everybody may be held. */
  data(): BloomFilterData | null {
    const since = this.#since();
    let built = this.#built ?? this.#continued();
    if (built === null || this.#isDue(built, since)) built = this.#build(since);
    this.#built = built;
    if (this.#uncovered >= rowsPerCheckpoint) this.#checkpoint(built);
    this.#outUntil = this.#spool.now + this.#spool.outside.limits.senderFilterMs;
    return built.filter?.toData() ?? null;
  }

  /** A delivery of this sender was stored. */
  add(sender: string): void {
    if (this.#spool.now < this.#outUntil) {
      this.#forgetSettled();
      const isIn = this.#built !== null && (this.#built.filter?.mayContain(sender) ?? true);
      if (!isIn && !this.#settling.has(sender)) this.#settling.set(sender, this.#outUntil);
    }
    if (this.#built !== null) this.#built = this.#with(this.#built, [sender]);
  }

  /** They lie in the order of their times: while filters are asked for without end, the first are over first. */
  #forgetSettled(): void {
    for (const [sender, until] of this.#settling) {
      if (until > this.#spool.now) return;
      this.#settling.delete(sender);
    }
  }

  /** For how long, ms, a Worker may still take this sender for a stranger. */
  settleMs(sender: string): number {
    this.#forgetSettled();
    return Math.max(0, (this.#settling.get(sender) ?? 0) - this.#spool.now);
  }

  /** Rows came back that left long ago: what was built does not cover them. At most one row write. */
  reset(): void {
    this.#built = null;
    this.#uncovered = 0;
    this.#database.delete(table).run();
  }

  forget(): void {
    this.#built = null;
    this.#uncovered = 0;
  }

  /** What left at or after this time may be missing in the snapshot that a Worker judges by. */
  #since(): number {
    const { snapshotAt, snapshotBefore } = this.#spool.marks.now;
    const settled = this.#spool.now >= snapshotAt + snapshotSettlesMs ? snapshotAt : snapshotBefore;
    return Math.max(0, settled - snapshotMarginMs);
  }

  #isDue(built: Built, since: number): boolean {
    const isStale = built.since !== since || built.filter === null || built.items > built.capacity;
    return isStale && this.#spool.now >= built.builtAt + buildEveryMs;
  }

  /** From all that is held. */
  #build(since: number): Built {
    const { waiting, left, tally } = this.#spool;
    const at = { ...this.#position(), since, builtAt: this.#spool.now };
    this.#uncovered = rowsPerCheckpoint;
    const nobodyKnown = { ...at, items: 0, capacity: 0, filter: null };
    const isMissing = tally.now.expired >= Math.max(firstStep(since), 1);
    if (isMissing || tally.waiting > mostRows) return nobodyKnown;
    const senders = [
      ...waiting.sendersAfter(0, mostRows),
      ...left.sendersSince(kept, { at: Math.max(since, 1) }, mostRows),
      ...left.sendersSince(dead, { at: 1 }, mostRows),
    ];
    if (senders.length >= mostRows) return nobodyKnown;
    const capacity = Math.max(leastCapacity, senders.length * 2);
    return this.#with({ ...at, items: 0, capacity, filter: BloomFilter.empty(capacity, falsePositiveRate) }, senders);
  }

  /** From what was laid down and what came since; null if there is nothing to go on from. */
  #continued(): Built | null {
    const row = this.#database.select().from(table).get();
    if (row === undefined) return null;
    const { since, builtAt, coveredSeq, coveredKept, coveredDead, items, capacity } = row;
    const checkpoint = { since, builtAt, coveredSeq, coveredKept, coveredDead, items, capacity };
    if (row.filter === null) return { ...checkpoint, filter: null };
    if (this.#spool.tally.now.expired > coveredKept) return null;
    const senders = [
      ...this.#spool.waiting.sendersAfter(coveredSeq, mostRows),
      ...this.#spool.left.sendersSince(kept, { after: coveredKept }, mostRows),
      ...this.#spool.left.sendersSince(dead, { after: coveredDead }, mostRows),
    ];
    if (senders.length >= mostRows) return null;
    return this.#with({ ...checkpoint, filter: BloomFilter.fromData(row.filter) }, senders);
  }

  #with(built: Built, senders: readonly string[]): Built {
    const { filter } = built;
    if (filter === null) return built;
    let items = built.items;
    for (const sender of senders) {
      if (filter.mayContain(sender)) continue;
      filter.add(sender);
      items += 1;
    }
    this.#uncovered += senders.length;
    return { ...built, items };
  }

  /** One row write. What is in memory covers everything that came until now. */
  #checkpoint(built: Built): void {
    const row = { ...built, ...this.#position(), filter: built.filter?.toData() ?? null };
    this.#database
      .insert(table)
      .values({ one: 1, ...row })
      .onConflictDoUpdate({ target: table.one, set: row })
      .run();
    this.#uncovered = 0;
  }

  #position() {
    const last = (zone: Zone): number => this.#spool.lastMark(zone);
    return { coveredSeq: this.#spool.tally.now.tail, coveredKept: last(kept), coveredDead: last(dead) };
  }
}
