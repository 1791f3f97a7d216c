// Brings the ledger's tables up to date, forward only: each file of migrations/home/ledger-*.sql once, in order, whole
// or not at all. An older program refuses a newer ledger instead of guessing at it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PorchlightError } from '../../shared/errors.ts';
import { programFiles } from '../program-files.ts';
import type { DatabaseSync } from '../sqlite.ts';

/** Each file of `folder` in a transaction of its own. Throws `ledger-newer`. */
export function migrateLedger(database: DatabaseSync, folder: string = programFiles.migrations): void {
  const files = readdirSync(folder).filter((name) => /^ledger-\d{4}-.*\.sql$/.test(name));
  files.sort();
  const row = database.prepare('PRAGMA user_version').get();
  const version = Number(row?.user_version ?? 0);
  if (version > files.length) {
    throw new PorchlightError(
      'ledger-newer',
      `Cannot open the ledger: it is of version ${version}, this program knows ${files.length}; run the newer program.`,
    );
  }
  for (const [index, name] of files.entries()) {
    if (index < version) continue;
    const sql = readFileSync(join(folder, name), 'utf8');
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
