// The ledger's rows: what was begun, what the service answered. Synchronous, in a thread of its own (ledger-thread.ts),
// because every commit waits for the disk and the link must not.

import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Outcome } from '../../shared/delivery.ts';
import { migrateLedger } from './ledger-schema.ts';

export interface BeginMark {
  readonly mark: 'begin';
  readonly id: string;
  readonly service: string;
  readonly sender: string;
  readonly at: number;
}

export interface AnswerMark {
  readonly mark: 'answer';
  readonly id: string;
  readonly outcome: Outcome['outcome'];
  readonly at: number;
}

export type Mark = BeginMark | AnswerMark;

/**
 * What the ledger says when a delivery is to begin. `fresh`: begin it. `in-doubt`: begun before and never answered, so
 * that the service may have it; begin it again. `delivered`: the service has it, nothing was marked, do not send.
 */
export type Standing = 'fresh' | 'in-doubt' | 'delivered';

/** Number of this name: what was delivered before this time (ms since the epoch) is sent again when it comes again. */
export const doubtBefore = 'doubt-before';

export class LedgerStore {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #begin: StatementSync;
  readonly #answer: StatementSync;
  #doubtBefore: number;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    // FULL: a commit returns after the write-ahead log is on the disk (sqlite.org/pragma.html#pragma_synchronous).
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    migrateLedger(this.#database);
    this.#find = this.#database.prepare('SELECT outcome, answered_at FROM marks WHERE id = ?');
    this.#begin = this.#database.prepare(
      'INSERT INTO marks (id, service, sender, begun_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET ' +
        'begun_at = excluded.begun_at, answered_at = NULL, outcome = NULL',
    );
    this.#answer = this.#database.prepare('UPDATE marks SET outcome = ?, answered_at = ? WHERE id = ?');
    this.#doubtBefore = this.number(doubtBefore);
  }

  /** All marks in one commit, in their order; the standing of each `begin`, null for an `answer`. */
  commit(marks: readonly Mark[]): (Standing | null)[] {
    return this.#whole(() => marks.map((mark) => this.#make(mark)));
  }

  #make(mark: Mark): Standing | null {
    if (mark.mark === 'answer') {
      this.#answer.run(mark.outcome, mark.at, mark.id);
      return null;
    }
    const row = this.#find.get(mark.id);
    // The owner says that the service lost what it had taken until then.
    const isLost = Number(row?.answered_at ?? 0) < this.#doubtBefore;
    if (row?.outcome === 'delivered' && !isLost) return 'delivered';
    this.#begin.run(mark.id, mark.service, mark.sender, mark.at);
    return row !== undefined && (row.outcome === null || row.outcome === 'delivered') ? 'in-doubt' : 'fresh';
  }

  /** Forgets what was answered before `before`; what is in doubt stays. Returns how many. */
  prune(before: number): number {
    return Number(this.#database.prepare('DELETE FROM marks WHERE answered_at < ?').run(before).changes);
  }

  /** Actors whose deliveries the services have taken. */
  senders(): string[] {
    const rows = this.#database.prepare("SELECT DISTINCT sender FROM marks WHERE outcome = 'delivered'").all();
    return rows.map((row) => String(row.sender));
  }

  /** The number of this name, 0 if never set. */
  number(name: string): number {
    return Number(this.#database.prepare('SELECT value FROM numbers WHERE name = ?').get(name)?.value ?? 0);
  }

  /** Keeps the larger of the stored number and `value`, and returns it. */
  raise(name: string, value: number): number {
    const sql = 'INSERT INTO numbers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)';
    this.#database.prepare(sql).run(name, value);
    if (name === doubtBefore) this.#doubtBefore = this.number(name);
    return this.number(name);
  }

  close(): void {
    this.#database.close();
  }

  #whole<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }
}
