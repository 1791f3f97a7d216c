// Statements for the owner, who looks at single deliveries and takes some in hand. Bodies stay unread: they are as private
// to those who sent them as to the owner, and a list of them would not fit anywhere.

import { and, asc, desc, eq, gt, gte, lte, type SQL } from 'drizzle-orm';
import type { HeldDelivery, WaitingDelivery } from '../../shared/lease/messages.ts';
import { dead, kept, leftAt, type Zone } from './key-line.ts';
import { delivery } from './schema.ts';
import type { Database } from './waiting-rows.ts';

const waits: Zone = { low: 1, high: Number.MAX_SAFE_INTEGER };

export class OwnerRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What waits after `after`, in order. */
  waiting(after: number, count: number): WaitingDelivery[] {
    const { seq, id, lane, service, sender, path, receivedAt, bodyBytes, attempts, notBefore, reason } = delivery;
    return this.#database
      .select({ seq, id, lane, service, sender, path, receivedAt, bodyBytes, attempts, notBefore, reason })
      .from(delivery)
      .where(gt(delivery.place, after))
      .orderBy(asc(delivery.place))
      .limit(count)
      .all();
  }

  bySeq(seq: number): HeldDelivery | null {
    return this.#find(eq(delivery.seq, seq), { low: seq, high: seq });
  }

  /** Reads rows until it is found: what waits, then what is kept, the latest first, then dead letters. */
  byId(id: string): HeldDelivery | null {
    return this.#find(eq(delivery.id, id), waits);
  }

  /** Deletes the row of a waiting delivery. One row write. */
  remove(seq: number): void {
    this.#database.delete(delivery).where(eq(delivery.place, seq)).run();
  }

  /** A waiting delivery may be leased at once. One row write. */
  hurry(seq: number): void {
    this.#database.update(delivery).set({ notBefore: 0 }).where(eq(delivery.place, seq)).run();
  }

  #find(wanted: SQL, waiting: Zone): HeldDelivery | null {
    return (
      this.#findIn(wanted, waiting, 'waiting') ??
      this.#findIn(wanted, kept, 'kept') ??
      this.#findIn(wanted, dead, 'dead')
    );
  }

  #findIn(wanted: SQL, zone: Zone, state: HeldDelivery['state']): HeldDelivery | null {
    const { place, seq, id, lane, service, sender, receivedAt, path, bodyBytes, bodySha256, attempts } = delivery;
    const { notBefore, reason, envelope } = delivery;
    const own = { seq, id, lane, service, sender, receivedAt, path, bodyBytes, bodySha256, attempts };
    const row = this.#database
      .select({ place, notBefore, reason, envelope, ...own })
      .from(delivery)
      .where(and(gte(place, zone.low), lte(place, zone.high), wanted))
      .orderBy(state === 'waiting' ? asc(place) : desc(place))
      .limit(1)
      .get();
    if (row === undefined) return null;
    const { place: at, notBefore: due, reason: said, envelope: carried, ...rest } = row;
    return {
      state,
      leftAt: state === 'waiting' ? null : leftAt(zone, at),
      notBefore: state === 'waiting' ? due : 0,
      reason: said,
      delivery: { ...carried, ...rest },
    };
  }
}
