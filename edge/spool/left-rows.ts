// Statements on deliveries that left waiting: kept ones and dead letters, and the ways back. The zones of the key line
// (key-line.ts) make each a range of the key.

import { and, asc, count, desc, eq, gte, isNull, lte, sql } from 'drizzle-orm';
import type { DeadLetter } from '../../shared/lease/messages.ts';
import { dead, firstStep, kept, leftAt, markOf, placeOf, type Zone } from './key-line.ts';
import { delivery } from './schema.ts';
import type { CarriedTotals, Totals } from './totals.ts';
import type { Database } from './waiting-rows.ts';

/** A row that retention may delete. */
export interface ExpiredRow {
  readonly place: number;
  readonly id: string;
  readonly lane: string;
  readonly bodyBytes: number;
  readonly isLarge: boolean;
}

/** Rows of one service that went back to waiting. */
export interface Replayed {
  readonly service: string;
  readonly count: number;
  readonly undecided: number;
}

/** By how much the clocks of a Worker (arrival) and of the object (departure) may differ. */
const clockSkewMs = 60 * 1000;

const isLarge = isNull(delivery.body).mapWith(Boolean);
/** A row that goes back to waiting stands where it stood, as on its first day. */
const asItCame = { place: delivery.seq, attempts: 0, notBefore: 0 };
const totalsJson = sql`${sql.placeholder('totals')}`;

export class LeftRows {
  readonly #database: Database;
  readonly #leave;

  constructor(database: Database) {
    this.#database = database;
    this.#leave = database
      .update(delivery)
      .set({
        place: sql`${sql.placeholder('place')}`,
        attempts: sql`${sql.placeholder('attempts')}`,
        reason: sql`coalesce(${sql.placeholder('reason')}, ${delivery.reason})`,
        totals: totalsJson,
        // It spoke of the moment of arrival, and would mislead beside the totals of this one should the row come back.
        senderWaiting: 0,
      })
      .where(eq(delivery.place, sql.placeholder('seq')))
      .prepare();
  }

  /** Moves the waiting row `seq` into a zone. One row write. */
  leave(seq: number, to: { place: number; attempts: number; reason: string | null; totals: Totals }): void {
    this.#leave.run({ seq, ...to, totals: JSON.stringify(to.totals) });
  }

  /** The totals that the newest row of a zone carries, and its mark. */
  newest(zone: Zone): { readonly mark: number; readonly totals: CarriedTotals } | null {
    const { place, totals } = delivery;
    const row = this.#database
      .select({ place, totals })
      .from(delivery)
      .where(within(zone))
      .orderBy(asc(place))
      .limit(1)
      .get();
    return row === undefined ? null : { mark: markOf(zone, row.place), totals: row.totals };
  }

  /** When the row left that stands longest in the zone, ms; null if the zone is empty. */
  oldestLeftAt(zone: Zone): number | null {
    const { place } = delivery;
    const row = this.#database.select({ place }).from(delivery).where(within(zone)).orderBy(desc(place)).limit(1).get();
    return row === undefined ? null : leftAt(zone, row.place);
  }

  /** Rows that left at or before `at`, oldest first. */
  expired(zone: Zone, at: number, atMost: number): ExpiredRow[] {
    const { place, id, lane, bodyBytes } = delivery;
    const last = placeOf(zone, firstStep(at + 1) - 1);
    if (last > zone.high) return [];
    return this.#database
      .select({ place, id, lane, bodyBytes, isLarge })
      .from(delivery)
      .where(within({ low: Math.max(last, zone.low), high: zone.high }))
      .orderBy(desc(place))
      .limit(atMost)
      .all();
  }

  /** Deletes every row from place `low` to place `high`. One row write each. */
  remove(low: number, high: number): void {
    this.#database.delete(delivery).where(within({ low, high })).run();
  }

  /** Kept rows that arrived at or after `since` go back to where they stood. One row write each. */
  replay(since: number): Replayed[] {
    // What arrived at or after `since` also left at or after it, which bounds the scan; two machines told the time.
    const high = Math.min(placeOf(kept, firstStep(since - clockSkewMs)), kept.high);
    const back = and(within({ low: kept.low, high }), gte(delivery.receivedAt, since));
    const found = this.#database
      .select({ service: delivery.service, count: count(), undecided: count(delivery.undecidedOrigin) })
      .from(delivery)
      .where(back)
      .groupBy(delivery.service)
      .all();
    if (found.length > 0) this.#database.update(delivery).set(asItCame).where(back).run();
    return found;
  }

  /** The kept row `seq` goes back to where it stood; null if none is kept. One row write; reads kept rows till it is found. */
  replayOne(seq: number): Replayed | null {
    const found = this.#keptPlace(seq);
    if (found === undefined) return null;
    this.#database.update(delivery).set(asItCame).where(eq(delivery.place, found.place)).run();
    return { service: found.service, count: 1, undecided: found.undecidedOrigin === null ? 0 : 1 };
  }

  /** Senders of what left at or after time `at` (ms), or after mark `after`; at most `atMost`. */
  sendersSince(zone: Zone, from: { at: number } | { after: number }, atMost: number): string[] {
    const mark = 'at' in from ? firstStep(from.at) : from.after + 1;
    const high = Math.min(placeOf(zone, mark), zone.high);
    const rows = this.#database
      .select({ sender: delivery.sender })
      .from(delivery)
      .where(within({ low: zone.low, high }))
      .limit(atMost)
      .all();
    return rows.map((row) => row.sender);
  }

  /** Reads each row of the zone. */
  countIn(zone: Zone): number {
    return this.#database.select({ rows: count() }).from(delivery).where(within(zone)).get()?.rows ?? 0;
  }

  /** Dead letters, the newest first. */
  deadLetters(atMost: number): DeadLetter[] {
    const { place, seq, id, service, sender, path, receivedAt, reason, attempts } = delivery;
    const rows = this.#database
      .select({ place, seq, id, service, sender, path, receivedAt, reason, attempts })
      .from(delivery)
      .where(within(dead))
      .orderBy(asc(place))
      .limit(atMost)
      .all();
    return rows.map(({ place: at, ...row }) => ({ ...row, reason: row.reason ?? '', diedAt: leftAt(dead, at) }));
  }

  deadLetter(seq: number) {
    const { place, id, lane, service, sender, receivedAt, bodyBytes, undecidedOrigin } = delivery;
    return this.#database
      .select({ place, id, lane, service, sender, receivedAt, bodyBytes, undecidedOrigin, isLarge })
      .from(delivery)
      .where(and(within(dead), eq(delivery.seq, seq)))
      .limit(1)
      .get();
  }

  /** A dead letter goes to the end of the line as `seq`. One row write. */
  revive(place: number, seq: number, senderWaiting: number, totals: Totals): void {
    this.#database
      .update(delivery)
      .set({ place: seq, seq, attempts: 0, notBefore: 0, senderWaiting, totals })
      .where(eq(delivery.place, place))
      .run();
  }

  /** Which of these ids a row with a large body carries, in whatever zone. Reads every row, never a body. */
  largeIdsAmong(ids: readonly string[]): Set<string> {
    const rows = this.#database
      .select({ id: delivery.id })
      .from(delivery)
      .where(and(isNull(delivery.body), sql`${delivery.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`))
      .all();
    return new Set(rows.map((row) => row.id));
  }

  #keptPlace(seq: number) {
    const { place, service, undecidedOrigin } = delivery;
    return this.#database
      .select({ place, service, undecidedOrigin })
      .from(delivery)
      .where(and(within(kept), eq(delivery.seq, seq)))
      .limit(1)
      .get();
  }
}

/** One bound on each side: with two on one side SQLite may scan from the wider one. */
function within({ low, high }: Zone) {
  return and(gte(delivery.place, low), lte(delivery.place, high));
}
