// The ledger's rows: what was begun, what the service answered. Synchronous and short: a mark is in the file's
// write-ahead log when a call returns, whatever is killed then. That it is on the disk is asked for apart (ledger.ts).

import type { Outcome } from '../../shared/delivery.ts';
import { DatabaseSync, type StatementSync } from '../sqlite.ts';
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

/** How long a connection waits for the other one's short commits, ms. */
export const busyMs = 5_000;

/**
 * The upkeep empties the log long before it has so many pages (4 KiB each). Danger: a log that grows without end when
 * the upkeep's thread has no chance.
 */
const mostLogPages = 8_192;

/** Actors whose deliveries the services have taken. */
export function sendersOf(database: DatabaseSync): string[] {
  const rows = database.prepare("SELECT DISTINCT sender FROM marks WHERE outcome = 'delivered'").all();
  return rows.map((row) => String(row.sender));
}

export class LedgerStore {
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #find: StatementSync;
  readonly #markBegun: StatementSync;
  readonly #markAnswered: StatementSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: busyMs });
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    migrateLedger(this.#database);
    // From here on a commit is written and not waited for: Ledger.durable syncs the log, once for many commits. What a
    // checkpoint needs synced SQLite still syncs itself (sqlite.org/pragma.html#pragma_synchronous).
    this.#database.exec(`PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${mostLogPages}`);
    this.#begin = this.#database.prepare('BEGIN IMMEDIATE');
    this.#commit = this.#database.prepare('COMMIT');
    this.#find = this.#database.prepare('SELECT outcome, doubted FROM marks WHERE id = ?');
    this.#markBegun = this.#database.prepare(
      'INSERT INTO marks (id, service, sender, begun_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET ' +
        'begun_at = excluded.begun_at, answered_at = NULL, outcome = NULL, doubted = 0',
    );
    this.#markAnswered = this.#database.prepare('UPDATE marks SET outcome = ?, answered_at = ? WHERE id = ?');
  }

  /** All marks in one commit, in their order; the standing of each `begin`, null for an `answer`. */
  commit(marks: readonly Mark[]): (Standing | null)[] {
    this.#begin.run();
    try {
      const standings = marks.map((mark) => this.#make(mark));
      this.#commit.run();
      return standings;
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }

  #make(mark: Mark): Standing | null {
    if (mark.mark === 'answer') {
      this.#markAnswered.run(mark.outcome, mark.at, mark.id);
      return null;
    }
    const row = this.#find.get(mark.id);
    if (row?.outcome === 'delivered' && row.doubted === 0) return 'delivered';
    this.#markBegun.run(mark.id, mark.service, mark.sender, mark.at);
    return row !== undefined && (row.outcome === null || row.outcome === 'delivered') ? 'in-doubt' : 'fresh';
  }

  /**
   * The owner says that services lost what they had taken: what comes again is sent again. No time is asked for it,
   * because home's clock may be wrong now, or have been wrong then.
   */
  doubtDelivered(id: string | null = null): void {
    this.#database
      // Not `?1` twice: the SQLite of Node 22.19 takes no parameter by its number.
      .prepare("UPDATE marks SET doubted = 1 WHERE outcome = 'delivered' AND (? IS NULL OR id = ?)")
      .run(id, id);
  }

  /** Writes the whole log into the file and syncs both. Throws when another connection is in the way. */
  rewrite(): void {
    const row = this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    if (row?.busy !== 0) throw new Error('its write-ahead log is in use');
  }

  /** Of the file, as of the last commit: what reading all of it costs, and known without. */
  bytes(): number {
    const pages = this.#database.prepare('PRAGMA page_count').get()?.page_count;
    const pageBytes = this.#database.prepare('PRAGMA page_size').get()?.page_size;
    return Number(pages) * Number(pageBytes);
  }

  /** Actors whose deliveries the services have taken. Reads everything. */
  senders(): string[] {
    return sendersOf(this.#database);
  }

  /** The number of this name, 0 if never set. */
  number(name: string): number {
    return Number(this.#database.prepare('SELECT value FROM numbers WHERE name = ?').get(name)?.value ?? 0);
  }

  /** Keeps the larger of the stored number and `value`, and returns it. */
  raise(name: string, value: number): number {
    const sql = 'INSERT INTO numbers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)';
    this.#database.prepare(sql).run(name, value);
    return this.number(name);
  }

  close(): void {
    this.#database.close();
  }
}
