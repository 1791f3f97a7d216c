// Is the ledger's file whole? Read by a connection that cannot write, beside a home node that runs: readers and the
// writer of a write-ahead log do not wait for each other (sqlite.org/wal.html).

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { causeOf } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { size } from '../../cli/words.ts';
import { DatabaseSync } from '../../sqlite.ts';
import { type Check, fault, type Result, unchecked, well } from '../check.ts';

const cure =
  'End the home node, move ledger.sqlite and the files beside it (-wal, -shm) away, and start it again: a new ledger asks the edge for what is still kept. Then look at the disk: a file system that was cut off, or a worn-out card.';

export const ledgerCheck: Check = {
  name: 'ledger',
  about: 'the ledger',
  needs: 'nothing',
  run: async ({ folder }) => await Promise.resolve([ledgerResult(join(folder, 'ledger.sqlite'))]),
};

function ledgerResult(path: string): Result {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return unchecked(path, 'there is none yet: no home node has run here');
  if (bytes > limits.doctorLedgerBytes) {
    return unchecked(path, `it is ${size(bytes)}, too long to be read through while you wait`);
  }
  try {
    const faults = faultsOf(path);
    return faults.length === 0
      ? well(path, `whole, ${size(bytes)}`)
      : fault(path, `damaged: ${faults.join('; ')}`, cure);
  } catch (thrown) {
    // SQLITE_BUSY, SQLITE_CANTOPEN say nothing about the file; SQLITE_CORRUPT and SQLITE_NOTADB do (rescode.html).
    const code = Number((thrown as { errcode?: unknown }).errcode ?? 0) & 0xff;
    if (code === 11 || code === 26) return fault(path, `damaged: ${causeOf(thrown)}`, cure);
    return unchecked(path, `it cannot be read: ${causeOf(thrown)}`, `See who owns ${path}, and try again.`);
  }
}

/** The first few of what SQLite finds. */
function faultsOf(path: string): readonly string[] {
  const database = new DatabaseSync(path, { readOnly: true, timeout: limits.doctorAskMs });
  try {
    const rows = database.prepare('PRAGMA quick_check(3)').all();
    return rows.map((row) => String(Object.values(row)[0])).filter((text) => text !== 'ok');
  } finally {
    database.close();
  }
}
