// The few things that the object must remember beside its rows: when home left its snapshots, and the totals for the
// rare deletions that no other write follows. One row, never written for a delivery on its way.

import { marks as table } from './schema.ts';
import type { CarriedTotals, Totals } from './totals.ts';
import type { Database } from './waiting-rows.ts';

export type Marked = Omit<typeof table.$inferSelect, 'one' | 'totals'>;

const none: Marked = { snapshotAt: 0, snapshotBefore: 0 };

export class Marks {
  readonly #database: Database;
  #now: (Marked & { readonly totals: CarriedTotals | null }) | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  get now(): Marked {
    return this.#load();
  }

  /** The totals as they were last marked, if ever. */
  get totals(): CarriedTotals | null {
    return this.#load().totals;
  }

  /** One row write. `totals` are the present ones. */
  save(change: Partial<Marked>, totals: Totals): void {
    const { snapshotAt, snapshotBefore } = { ...this.#load(), ...change };
    const row = { snapshotAt, snapshotBefore, totals };
    this.#database
      .insert(table)
      .values({ one: 1, ...row })
      .onConflictDoUpdate({ target: table.one, set: row })
      .run();
    this.#now = row;
  }

  forget(): void {
    this.#now = null;
  }

  #load(): Marked & { readonly totals: CarriedTotals | null } {
    this.#now ??= this.#database.select().from(table).get() ?? { ...none, totals: null };
    return this.#now;
  }
}
