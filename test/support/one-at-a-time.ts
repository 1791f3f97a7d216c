// What only one process of this machine may do at a time, such as what writes to a folder of the working tree. The lock is
// a file's; it ends with whoever held it, however that ends.

import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Longer than anything that is done so. */
const timeoutMs = 180_000;

/** Stands still until it is this process's turn; `what` is done when this returns. Throws what `work` throws. */
export function oneAtATime<T>(what: string, work: () => T): T {
  const name = createHash('sha256').update(what).digest('hex').slice(0, 16);
  const lock = new DatabaseSync(join(tmpdir(), `porchlight-lock-${name}.sqlite`), { timeout: timeoutMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return work();
  } finally {
    lock.close();
  }
}
