// Reads a service's own database: PostgreSQL, MySQL or MariaDB, or an SQLite file. Never writes: each question is a transaction of its own
// that may only read, with a time limit, so that a server at work is not held up. The address may hold a password: it is in
// no error and no line of the log.

import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { SqliteReader } from './sqlite-file.ts';

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
  if (address.startsWith('/')) return await openFile(address);
  return address.startsWith('mysql:') ? await openMysql(address) : await openPostgres(address);
}

async function openPostgres(address: string): Promise<ReadOnlyDatabase> {
  // Loaded by those alone who name such a database.
  const { default: pg } = await import('pg');
  let client: InstanceType<typeof pg.Client>;
  try {
    // It reads the address, and refuses one that it cannot read.
    client = new pg.Client({
      connectionString: address,
      connectionTimeoutMillis: limits.databaseMs,
      query_timeout: limits.databaseMs,
      application_name: 'porchlight',
    });
  } catch (thrown) {
    throw unreadable('has an address that cannot be read', thrown, address);
  }
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

async function openFile(path: string): Promise<ReadOnlyDatabase> {
  const reader = new SqliteReader(path);
  try {
    await reader.rows('SELECT 1');
  } catch (thrown) {
    await reader.close();
    throw unreadable('cannot be opened', thrown, path);
  }
  return {
    rows: async (sql) => {
      try {
        return await reader.rows(bounded(sql));
      } catch (thrown) {
        throw unreadable('cannot be read', thrown, path);
      }
    },
    close: async () => await reader.close(),
  };
}

async function openMysql(address: string): Promise<ReadOnlyDatabase> {
  const { MysqlReader } = await import('./mysql-reader.ts');
  const open = async () => await MysqlReader.open(address);
  const reader = await open().catch((thrown: unknown) => {
    throw unreadable('cannot be reached', thrown, address);
  });
  return {
    rows: async (sql) => {
      try {
        return await reader.rows(bounded(sql));
      } catch (thrown) {
        throw unreadable('cannot be read', thrown, address);
      }
    },
    close: async () => await reader.close(),
  };
}

function bounded(sql: string): string {
  return `SELECT * FROM (${sql}) AS asked LIMIT ${limits.databaseRows + 1}`;
}

function unreadable(found: string, cause: unknown, address: string): PorchlightError {
  return new PorchlightError(
    'service-database',
    `Cannot learn what the service leaves: its database ${found} (${withoutSecrets(causeOf(cause), address)}); see that database in porchlight.toml names it, and that this user may read it.`,
  );
}

/** A driver may say the address back, or what it made of a part of it. */
function withoutSecrets(said: string, address: string): string {
  const [, password = ''] = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*?:([^/?#]*)@/i.exec(address) ?? [];
  const named = [...address.matchAll(/[?&](?:ssl)?password=([^&#]*)/gi)].map(([, value = '']) => value);
  const secrets = [address, ...[password, ...named].flatMap((one) => [one, decoded(one)])];
  return (
    secrets
      // Of one or two letters every word has some.
      .filter((secret) => secret.length > 2)
      .sort((a, b) => b.length - a.length)
      .reduce((text, secret) => text.replaceAll(secret, 'the address'), said)
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not encoded, or badly: then it is as it stands there.
    return text;
  }
}
