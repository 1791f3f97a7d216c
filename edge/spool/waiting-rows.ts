// Statements on deliveries that wait (place = seq > 0). All find their rows by key; what scans is bounded by its caller.

import { and, asc, count, desc, eq, getTableColumns, gt, isNull, type Placeholder, type SQL, sql } from 'drizzle-orm';
import type { DrizzleSqliteDODatabase } from 'drizzle-orm/durable-sqlite';
import type { Delivery, Lane } from '../../shared/delivery.ts';
import type { LeasedDelivery } from '../../shared/lease/batch.ts';
import type { Head } from './heads.ts';
import { delivery, type schema } from './schema.ts';
import type { CarriedTotals } from './totals.ts';

export type Database = DrizzleSqliteDODatabase<typeof schema>;

/** A row to be inserted, its envelope as JSON. */
export type NewWaiting = Omit<Required<typeof delivery.$inferInsert>, 'envelope'> & { readonly envelopeJson: string };

/** What the line (line.ts) knows of a waiting row. */
export interface Waiting {
  readonly seq: number;
  readonly service: string;
  readonly sender: string;
  readonly notBefore: number;
  /** Bytes of the body in the row; 0 if it lies in R2. */
  readonly inlineBytes: number;
}

/** A waiting row as its answer needs it. */
export interface Found {
  readonly seq: number;
  readonly id: string;
  readonly lane: Lane;
  readonly service: string;
  readonly sender: string;
  readonly attempts: number;
  readonly undecidedOrigin: string | null;
  readonly bodyBytes: number;
  readonly isLarge: boolean;
}

/** What the memory of senders (senders.ts) is warmed with. */
export interface RecentRow {
  readonly seq: number;
  readonly service: string;
  readonly sender: string;
  readonly path: string;
  readonly bodySha256: string;
  readonly undecidedOrigin: string | null;
  readonly senderWaiting: number;
  readonly totals: CarriedTotals;
}

const inBody = sql<number>`CASE WHEN ${delivery.body} IS NULL THEN 0 ELSE ${delivery.bodyBytes} END`;
const waits = gt(delivery.place, 0);
const isLarge = isNull(delivery.body).mapWith(Boolean);

export class WaitingRows {
  readonly #database: Database;
  readonly #sql: SqlStorage;
  readonly #insert: string;
  readonly #defer;

  constructor(database: Database, sqlStorage: SqlStorage) {
    this.#database = database;
    this.#sql = sqlStorage;
    this.#insert = database.insert(delivery).values(placeholders()).toSQL().sql;
    this.#defer = database
      .update(delivery)
      .set({
        attempts: sql`${sql.placeholder('attempts')}`,
        notBefore: sql`${sql.placeholder('notBefore')}`,
        reason: sql`${sql.placeholder('reason')}`,
      })
      .where(eq(delivery.place, sql.placeholder('seq')))
      .prepare();
  }

  /** One row write. The statement is Drizzle's; filling it in by Drizzle costs more than SQLite takes to run it. */
  insert(row: NewWaiting): void {
    this.#sql.exec(this.#insert, ...inserted.map((column) => boundTo(column, row)));
  }

  /** What answers are checked against, by seq. */
  found(seqs: readonly number[]): Map<number, Found> {
    const { seq, id, lane, service, sender, attempts, undecidedOrigin, bodyBytes } = delivery;
    const rows = this.#database
      .select({ seq, id, lane, service, sender, attempts, undecidedOrigin, bodyBytes, isLarge })
      .from(delivery)
      .where(among(seqs))
      .all();
    return new Map(rows.map((row) => [row.seq, row]));
  }

  /** One row write. */
  defer(seq: number, attempts: number, notBefore: number, reason: string): void {
    this.#defer.run({ seq, attempts, notBefore, reason });
  }

  first(): { readonly receivedAt: number } | undefined {
    const { receivedAt } = delivery;
    return this.#database
      .select({ receivedAt })
      .from(delivery)
      .where(waits)
      .orderBy(asc(delivery.place))
      .limit(1)
      .get();
  }

  /** The newest ones, newest first. */
  recent(atMost: number): RecentRow[] {
    const { seq, service, sender, path, bodySha256, undecidedOrigin, senderWaiting, totals } = delivery;
    return this.#database
      .select({ seq, service, sender, path, bodySha256, undecidedOrigin, senderWaiting, totals })
      .from(delivery)
      .where(waits)
      .orderBy(desc(delivery.place))
      .limit(atMost)
      .all();
  }

  /** The next `atMost` in order after `after`, of whatever service. */
  walk(after: number, atMost: number): Waiting[] {
    const { seq, service, sender, notBefore } = delivery;
    return this.#database
      .select({ seq, service, sender, notBefore, inlineBytes: inBody })
      .from(delivery)
      .where(gt(delivery.place, after))
      .orderBy(asc(delivery.place))
      .limit(atMost)
      .all();
  }

  /** When the next `atMost` after `after` arrived, in order. */
  arrivals(after: number, atMost: number): Head[] {
    const { seq, service, receivedAt } = delivery;
    return this.#database
      .select({ seq, service, receivedAt })
      .from(delivery)
      .where(gt(delivery.place, after))
      .orderBy(asc(delivery.place))
      .limit(atMost)
      .all();
  }

  /** Reads every row that waits. */
  countByService(): { readonly service: string; readonly count: number }[] {
    const { service } = delivery;
    return this.#database.select({ service, count: count() }).from(delivery).where(waits).groupBy(service).all();
  }

  /** Senders of what waits after `after`, at most `atMost`. */
  sendersAfter(after: number, atMost: number): string[] {
    const rows = this.#database
      .select({ sender: delivery.sender })
      .from(delivery)
      .where(gt(delivery.place, after))
      .orderBy(asc(delivery.place))
      .limit(atMost)
      .all();
    return rows.map((row) => row.sender);
  }

  /** Whole deliveries in the order of seq. Those that do not wait are left out. */
  read(seqs: readonly number[]): LeasedDelivery[] {
    const { id, lane, service, sender, receivedAt, path, bodyBytes, bodySha256, seq, attempts } = delivery;
    const { envelope, body } = delivery;
    const rows = this.#database
      .select({ id, lane, service, sender, receivedAt, path, bodyBytes, bodySha256, seq, attempts, envelope, body })
      .from(delivery)
      .where(among(seqs))
      .orderBy(asc(delivery.place))
      .all();
    return rows.map(({ envelope: carried, body: bytes, ...own }) => ({
      delivery: { ...carried, ...own },
      body: bytes,
    }));
  }

  /** A large body that waits, by the delivery's id. Scans from the head of the line, where leased rows stand. */
  largeBody(id: string): Pick<Delivery, 'lane' | 'bodyBytes' | 'bodySha256'> | undefined {
    const { lane, bodyBytes, bodySha256 } = delivery;
    return this.#database
      .select({ lane, bodyBytes, bodySha256 })
      .from(delivery)
      .where(and(waits, isNull(delivery.body), eq(delivery.id, id)))
      .orderBy(asc(delivery.place))
      .limit(1)
      .get();
  }
}

/** Those of them that wait. One parameter, however many seqs: the runtime binds no more than 100. */
function among(seqs: readonly number[]): SQL | undefined {
  return and(waits, sql`${delivery.place} IN (SELECT value FROM json_each(${JSON.stringify(seqs)}))`);
}

type Column = keyof typeof delivery.$inferInsert;

/** In the order of the statement. */
const inserted = Object.keys(getTableColumns(delivery)) as Column[];

function placeholders(): Record<Column, Placeholder> {
  const each = inserted.map((column) => [column, sql.placeholder(column)]);
  return Object.fromEntries(each) as Record<Column, Placeholder>;
}

/** What stands for a column: its value as SQLite has it. */
function boundTo(column: Column, row: NewWaiting): SqlStorageValue | Uint8Array<ArrayBuffer> {
  if (column === 'envelope') return row.envelopeJson;
  if (column === 'totals') return JSON.stringify(row.totals);
  return row[column] ?? null;
}
