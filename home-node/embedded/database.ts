// The embedded home's SQLite file (Node's own driver: nothing to compile), brought up to the newest schema when it is
// opened. A commit is on the disk before anybody is told of it: home may lose its power at any moment.

import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PorchlightError } from '../../shared/errors.ts';
import { programFiles } from '../program-files.ts';
import { DatabaseSync } from '../sqlite.ts';

export interface Database {
  readonly sql: DatabaseSync;
  /** Runs `work` in one commit; what it throws rolls all of it back. Must not be nested. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/**
 * `always` waits for the disk at every commit. `eventually` does not: after a power cut the last of its commits may be
 * gone, never a part of one. It is for what can be had again.
 */
export type Durability = 'always' | 'eventually';

const migrationsFolder = join(programFiles.migrations, 'embedded');

/** How long a statement waits for another process that writes (an owner with sqlite3, say); the site waits with it. */
const busyMs = 250;

/** Throws `schema-newer` when a later Porchlight has written the file. */
export function openDatabase(file: string, durability: Durability, migrations = migrationsFolder): Database {
  mkdirSync(dirname(file), { recursive: true });
  // The actor's private keys are in it. SQLite gives its journal the same mode.
  closeSync(openSync(file, 'a', 0o600));
  const sql = new DatabaseSync(file, { timeout: busyMs });
  const database: Database = {
    sql,
    transaction: (work) => transaction(sql, work),
    close: () => sql.close(),
  };
  try {
    sql.exec('PRAGMA journal_mode = WAL');
    sql.exec(`PRAGMA synchronous = ${durability === 'always' ? 'FULL' : 'NORMAL'}`);
    sql.exec('PRAGMA foreign_keys = ON');
    migrate(database, file, migrations);
  } catch (thrown) {
    sql.close();
    throw thrown;
  }
  return database;
}

/** Is it there, with the schema of this version? Then opening it changes nothing. */
export function isOfToday(file: string, migrations = migrationsFolder): boolean {
  if (!existsSync(file)) return false;
  const sql = new DatabaseSync(file, { timeout: busyMs, readOnly: true });
  try {
    return versionOf(sql) === stepsIn(migrations).length;
  } finally {
    sql.close();
  }
}

function transaction<T>(sql: DatabaseSync, work: () => T): T {
  sql.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    sql.exec('COMMIT');
    return result;
  } catch (thrown) {
    // Some failures (a full disk) have rolled back already.
    if (sql.isTransaction) sql.exec('ROLLBACK');
    throw thrown;
  }
}

/** File n takes the schema from n - 1 to n; `user_version` says where it stands and changes in the same commit. */
function migrate(database: Database, file: string, folder: string): void {
  const steps = stepsIn(folder);
  const version = versionOf(database.sql);
  if (version > steps.length) {
    throw new PorchlightError(
      'schema-newer',
      `Cannot open ${file}: its schema is version ${version} and this Porchlight knows ${steps.length}; ` +
        'update Porchlight, or restore the file from before the update.',
    );
  }
  for (const [index, name] of steps.entries()) {
    if (index < version) continue;
    database.transaction(() => {
      database.sql.exec(readFileSync(join(folder, name), 'utf8'));
      database.sql.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}

function stepsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .sort();
}

function versionOf(sql: DatabaseSync): number {
  const row = sql.prepare('PRAGMA user_version').get();
  return Number(row?.user_version);
}
