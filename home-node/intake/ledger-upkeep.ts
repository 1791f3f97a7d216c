// What reads or syncs much of the ledger, in a thread and with a connection of its own (ledger-thread.ts): it may wait
// for the disk, the link and the deliveries must not.

import { DatabaseSync } from '../sqlite.ts';
import { busyMs, sendersOf } from './ledger-store.ts';

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
    let forgotten = 0;
    for (let at = 0; at < old.length; at += prunedPerCommit) {
      forgotten += this.#forget(old.slice(at, at + prunedPerCommit), before);
    }
    return forgotten;
  }

  #forget(rows: readonly Record<string, unknown>[], before: number): number {
    const forget = this.#database.prepare('DELETE FROM marks WHERE id = ? AND answered_at < ?');
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const changes = rows.map(({ id }) => Number(forget.run(String(id), before).changes));
      this.#database.exec('COMMIT');
      return changes.reduce((sum, one) => sum + one, 0);
    } catch (thrown) {
      // Or the other connection could never write again.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }

  /** Actors whose deliveries the services have taken. */
  senders(): string[] {
    return sendersOf(this.#database);
  }

  /**
   * Moves what is in the write-ahead log into the file, beside whoever writes. Returns how many pages the log has. It
   * begins anew with the next write if all of it was moved (sqlite.org/wal.html#avoiding_excessively_large_wal_files).
   */
  checkpoint(): number {
    return Number(this.#database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()?.log ?? 0);
  }

  close(): null {
    this.#database.close();
    return null;
  }
}
