// Everything one spool object works with: its rows, and what it remembers of them. Memory is only ever a shortcut: it
// can be forgotten at any moment (eviction does it, and so does an operation that failed half way) and is read again.

import { drizzle } from 'drizzle-orm/durable-sqlite';
import { countsOf } from './counts.ts';
import { DatabaseSize } from './database-size.ts';
import { Heads } from './heads.ts';
import { dead, kept, nextStep, placeOf, type Zone } from './key-line.ts';
import { KnownSenders } from './known-senders.ts';
import { LeaseBook } from './leases.ts';
import { LeftRows } from './left-rows.ts';
import { Line, lineKey } from './line.ts';
import { Marks } from './marks.ts';
import type { Outside } from './outside.ts';
import { OwnerRows } from './owner-rows.ts';
import { schema } from './schema.ts';
import { lookBackRows, Senders } from './senders.ts';
import { Tally } from './totals.ts';
import { WaitingRows } from './waiting-rows.ts';

/** Memory of the line. Danger: the platform ends an object at 128 MB. */
const lineBytes = 32 * 1024 * 1024;

export class Holdings {
  readonly homeId: string;
  readonly outside: Outside;
  readonly waiting: WaitingRows;
  readonly left: LeftRows;
  readonly owner: OwnerRows;
  readonly size: DatabaseSize;
  readonly marks: Marks;
  readonly tally: Tally;
  readonly senders: Senders;
  readonly knownSenders: KnownSenders;
  readonly heads: Heads;
  readonly line = new Line(lineBytes);
  readonly leases = new LeaseBook();
  /** R2 keys of bodies whose rows are gone, to be deleted once that is committed. */
  readonly orphaned: string[] = [];
  /** Before this time nothing can have expired (retention.ts), ms. */
  lookForExpiredAt = 0;
  readonly #lastMarks = new Map<Zone, number>();

  constructor(storage: DurableObjectStorage, homeId: string, outside: Outside) {
    const database = drizzle(storage, { schema });
    this.homeId = homeId;
    this.outside = outside;
    this.size = new DatabaseSize(storage.sql);
    this.waiting = new WaitingRows(database, storage.sql);
    this.left = new LeftRows(database);
    this.owner = new OwnerRows(database);
    this.marks = new Marks(database);
    this.tally = new Tally(
      () => this.#newestTotals(),
      (age) => countsOf(age, this.left.countIn(kept), this.waiting.countByService()),
    );
    this.heads = new Heads((after, count) => this.waiting.arrivals(after, count));
    this.senders = new Senders(() => ({ recent: this.waiting.recent(lookBackRows), totals: this.tally.now }), lineKey);
    this.knownSenders = new KnownSenders(database, this);
  }

  get now(): number {
    return this.outside.clock.now();
  }

  /** An arrival may have to write or delete more than its own row: totals that were counted anew, rows that expired. */
  get mayOweRows(): boolean {
    return this.now >= this.lookForExpiredAt || this.tally.owesCount;
  }

  /** Writes down what had to be counted anew, so that it is counted once: one row write after older code, else none. */
  layDown(): void {
    const counted = this.tally.takeCountedAnew();
    if (counted !== null) this.marks.save({}, counted);
  }

  nextSeq(): number {
    return nextStep(this.tally.now.tail, this.now);
  }

  /** The place in `zone` for a row that leaves waiting now. */
  nextPlace(zone: Zone): number {
    const mark = nextStep(this.lastMark(zone), this.now);
    this.#lastMarks.set(zone, mark);
    return placeOf(zone, mark);
  }

  /** The mark of what left last into `zone`. */
  lastMark(zone: Zone): number {
    const known = this.#lastMarks.get(zone) ?? this.left.newest(zone)?.mark ?? 0;
    const last = zone === kept ? Math.max(known, this.tally.now.expired) : known;
    this.#lastMarks.set(zone, last);
    return last;
  }

  /** Forgets what is remembered of rows. Leases stay: they are not about rows but about what home has in hand. */
  forget(): void {
    this.marks.forget();
    this.tally.forget();
    this.senders.forget();
    this.knownSenders.forget();
    this.heads.forget();
    this.line.forget();
    this.size.forget();
    this.#lastMarks.clear();
    this.lookForExpiredAt = 0;
    this.orphaned.length = 0;
  }

  /** Oldest kind first: of equals the later is the newer (totals.ts). */
  #newestTotals() {
    const rows = [this.waiting.recent(1)[0], this.left.newest(kept), this.left.newest(dead)];
    return [...rows, this.marks].flatMap((row) => row?.totals ?? []);
  }
}
