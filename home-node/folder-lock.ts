// One home node for one data folder: two would deliver everything twice. The lock is SQLite's own, on a file of its
// own: the kernel drops it with the process, however it ends, so that no crash leaves a lock behind.

import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PorchlightError } from '../shared/errors.ts';
import { DatabaseSync } from './sqlite.ts';

/** SQLITE_BUSY (sqlite.org/rescode.html). */
const busy = 5;

export class FolderLock {
  readonly #database: DatabaseSync;
  /** How many holders had ended in good order when this one took it. */
  readonly goodEnds: number;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.goodEnds = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  }

  /**
   * Throws `folder-in-use` when another process holds it, `folder-of-another` when `user` is root and it belongs to
   * somebody else: what root writes there its user could not open any more, and services would run as root by the word
   * of a file that somebody else writes.
   */
  static take(folder: string, user: number | null = process.geteuid?.() ?? null): FolderLock {
    const owner = statSync(folder).uid;
    if (user === 0 && owner !== 0) {
      throw new PorchlightError(
        'folder-of-another',
        `Cannot use ${folder} as root: it belongs to user ${owner}; run this as that user, without sudo.`,
      );
    }
    const path = join(folder, 'lock.sqlite');
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      // Whoever may read it may lock it too, and so keep home from starting.
      chmodSync(path, 0o600);
      database.exec('BEGIN EXCLUSIVE');
      return new FolderLock(database);
    } catch (thrown) {
      database.close();
      if ((thrown as { errcode?: number }).errcode !== busy) throw thrown;
      throw new PorchlightError(
        'folder-in-use',
        `Cannot use ${folder}: another home node is running on it; see porchlight status, end that one first, or name another folder by --home.`,
      );
    }
  }

  /** null when another process holds it. Throws whatever else take() throws. */
  static takeIfFree(folder: string): FolderLock | null {
    try {
      return FolderLock.take(folder);
    } catch (thrown) {
      if (thrown instanceof PorchlightError && thrown.code === 'folder-in-use') return null;
      throw thrown;
    }
  }

  /**
   * Released already, it does nothing. `inGoodOrder`: whoever takes it next finds one more among `goodEnds`. A holder that
   * dies leaves no such thing, because it is written in the transaction that is the lock.
   */
  release(inGoodOrder = false): void {
    if (!this.#database.isOpen) return;
    try {
      if (inGoodOrder) this.#database.exec(`PRAGMA user_version = ${(this.goodEnds + 1) % 2 ** 31}; COMMIT`);
    } catch {
      // A full disk, say: then it ends as if it had died.
    }
    this.#database.close();
  }
}
