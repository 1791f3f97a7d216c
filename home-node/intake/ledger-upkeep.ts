// What reads or syncs much of the ledger, in a thread and with a connection of its own (ledger-thread.ts): it may wait
// for the disk, the link and the deliveries must not.

import { DatabaseSync } from '../sqlite.ts';
import { busyMs, sendersOf } from './ledger-store.ts';

/** Rows that go in one commit: for so long the other connection waits to write. */
const prunedPerCommit = 256;
/** Pages in the log (4 KiB each) at which the other connection is made to wait until it can begin anew. */
const longLogPages = 2_048;

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
   * Moves what is in the write-ahead log into the file, beside whoever writes. Under steady load there is always
   * something newer in the log, and it would never begin anew: when it is long, writers wait for the short rest
   * (sqlite.org/pragma.html#pragma_wal_checkpoint).
   */
  checkpoint(): null {
    const row = this.#database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
    if (Number(row?.log ?? 0) > longLogPages) this.#database.exec('PRAGMA wal_checkpoint(RESTART)');
    return null;
  }

  close(): null {
    this.#database.close();
    return null;
  }
}
