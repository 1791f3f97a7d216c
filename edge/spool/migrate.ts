// Brings the object's database to the schema that this code knows, when the object starts. Forward only: wrangler's
// D1 migrations do not reach a Durable Object, and code that is older than the database must not touch it.

import type { Migration } from '../../migrations/spool/index.ts';
import { PorchlightError } from '../../shared/errors.ts';

/** Where the version is recorded: the key-value side of the same database, so of the same transaction. */
const versionKey = 'schema';

/**
 * Applies what is missing, each step whole or not at all; on a database that is up to date it reads one row. (SQLite's
 * own `user_version` would be the place for this, but the runtime does not permit that PRAGMA.) Throws
 * `spool-schema-newer` when newer code was here before.
 */
export function migrate(storage: DurableObjectStorage, migrations: readonly Migration[]): void {
  const known = migrations.at(-1)?.version ?? 0;
  const found = storage.kv.get<number>(versionKey) ?? 0;
  if (found > known) {
    throw new PorchlightError(
      'spool-schema-newer',
      `Cannot open the spool: its schema has version ${found}, this code knows ${known}; deploy the newer code again.`,
    );
  }
  for (const step of migrations) {
    if (step.version <= found) continue;
    storage.transactionSync(() => {
      for (const statement of step.statements) storage.sql.exec(statement);
      storage.kv.put(versionKey, step.version);
    });
  }
}
