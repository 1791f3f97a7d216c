// What reads or syncs much of the ledger, in a thread and with a connection of its own (ledger-thread.ts): it may wait
// for the disk, the link and the deliveries must not.

import { DatabaseSync } from 'node:sqlite';
import { busyMs } from './ledger-store.ts';

/** Rows that go in one commit: for so long the other connection waits to write. */
const prunedPerCommit = 256;

export class LedgerUpkeep {
  readonly #database: DatabaseSync;

  /** The file must have its tables already. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: busyMs });
    this.#database.exec('PRAGMA synchronous = NORMAL');
  }

  /** Forgets what was answered before `before`; what is in doubt stays. Returns how many. */
  prune(before: number): number {
    const old = this.#database.prepare('SELECT id FROM marks WHERE answered_at < ?').all(before);
    const forget = this.#database.prepare('DELETE FROM marks WHERE id = ? AND answered_at < ?');
    let forgotten = 0;
    for (let at = 0; at < old.length; at += prunedPerCommit) {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const { id } of old.slice(at, at + prunedPerCommit)) {
        forgotten += Number(forget.run(String(id), before).changes);
      }
      this.#database.exec('COMMIT');
    }
    return forgotten;
  }

  /** Actors whose deliveries the services have taken. */
  senders(): string[] {
    const rows = this.#database.prepare("SELECT DISTINCT sender FROM marks WHERE outcome = 'delivered'").all();
    return rows.map((row) => String(row.sender));
  }

  /** Moves what is in the write-ahead log into the file; it stops no writer (sqlite.org/wal.html). */
  checkpoint(): null {
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    return null;
  }

  close(): null {
    this.#database.close();
    return null;
  }
}
