// Reads a service's own database: PostgreSQL, or an SQLite file. Never writes: each question is a transaction of its own
// that may only read, with a time limit, so that a server at work is not held up. The address may hold a password: it is in
// no error and no line of the log.

import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { DatabaseSync } from '../sqlite.ts';

export type Row = Readonly<Record<string, string | null>>;

export interface ReadOnlyDatabase {
  /** null: a table or column is not there, in this version of the software. At most limits.databaseRows + 1 rows. */
  rows(sql: string): Promise<readonly Row[] | null>;
  close(): Promise<void>;
}

/** PostgreSQL, Appendix A: undefined_table, undefined_column. */
const notThere = new Set(['42P01', '42703']);

/** `address`: as porchlight.toml has it. Throws `service-database`. */
export async function openReadOnly(address: string): Promise<ReadOnlyDatabase> {
  return address.startsWith('/') ? openFile(address) : await openPostgres(address);
}

async function openPostgres(address: string): Promise<ReadOnlyDatabase> {
  // Loaded by those alone who name such a database.
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: address,
    connectionTimeoutMillis: limits.databaseMs,
    query_timeout: limits.databaseMs,
    application_name: 'porchlight',
  });
  // Without a listener a connection that breaks later would end the home node; the question then says so.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (thrown) {
    await client.end().catch(() => undefined);
    throw unreadable('cannot be reached', thrown, address);
  }
  return {
    rows: async (sql) => {
      try {
        await client.query('BEGIN TRANSACTION READ ONLY');
        await client.query(`SET LOCAL statement_timeout = ${limits.databaseMs}`);
        const { rows } = await client.query<Row>(bounded(sql));
        await client.query('COMMIT');
        return rows;
      } catch (thrown) {
        await client.query('ROLLBACK').catch(() => undefined);
        if (notThere.has(String((thrown as { code?: unknown }).code))) return null;
        throw unreadable('cannot be read', thrown, address);
      }
    },
    close: async () => await client.end().catch(() => undefined),
  };
}

function openFile(path: string): ReadOnlyDatabase {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: limits.databaseMs });
  } catch (thrown) {
    throw unreadable('cannot be opened', thrown, path);
  }
  return {
    rows: async (sql) => {
      try {
        return await Promise.resolve(database.prepare(bounded(sql)).all() as Row[]);
      } catch (thrown) {
        if (/no such (table|column)/.test(causeOf(thrown))) return null;
        throw unreadable('cannot be read', thrown, path);
      }
    },
    close: async () => await Promise.resolve(database.close()),
  };
}

function bounded(sql: string): string {
  return `SELECT * FROM (${sql}) AS asked LIMIT ${limits.databaseRows + 1}`;
}

function unreadable(found: string, cause: unknown, address: string): PorchlightError {
  // A driver may say the address back.
  const said = causeOf(cause).replaceAll(address, 'the address');
  return new PorchlightError(
    'service-database',
    `Cannot learn what the service leaves: its database ${found} (${said}); see that database in porchlight.toml names it, and that this user may read it.`,
  );
}
