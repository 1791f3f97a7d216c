// One home node for one data folder: two would deliver everything twice. The lock is SQLite's own, on a file of its
// own: the kernel drops it with the process, however it ends, so that no crash leaves a lock behind.

import { join } from 'node:path';
import { PorchlightError } from '../shared/errors.ts';
import { DatabaseSync } from './sqlite.ts';

/** SQLITE_BUSY (sqlite.org/rescode.html). */
const busy = 5;

export class FolderLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Throws `folder-in-use` when another process holds it. */
  static take(folder: string): FolderLock {
    const database = new DatabaseSync(join(folder, 'lock.sqlite'), { timeout: 0 });
    try {
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

  /** Released already, it does nothing. */
  release(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
