// The stand-in's D1 and R2: databases are SQLite in memory, buckets are names.

import type { StandInAccount, StandInDatabase } from './account.ts';
import type { ApiAnswer, ApiRequest } from './stand-in.ts';

export function answerDatabases(account: StandInAccount, request: ApiRequest): ApiAnswer | null {
  const { method, path, query } = request;
  if (path === '/d1/database') {
    if (method === 'GET') return { result: page(account.databases.map(row), query) };
    return makeDatabase(account, request);
  }
  const [, uuid, rest] = /^\/d1\/database\/([^/]+)(\/query)?$/.exec(path) ?? [];
  if (uuid !== undefined) {
    const database = account.databases.find((one) => one.uuid === uuid || one.name === uuid);
    if (database === undefined) return { status: 404, code: 7404, message: 'The database could not be found' };
    if (rest === undefined) return { result: row(database) };
    return run(account, database, (JSON.parse(request.body.toString()) as { sql: string }).sql);
  }
  if (path === '/r2/buckets') {
    const buckets = account.buckets.map((name) => ({ name, creation_date: '2026-11-23T00:00:00.000Z' }));
    return method === 'GET' ? { result: { buckets } } : makeBucket(account, request);
  }
  const [, bucket] = /^\/r2\/buckets\/([^/]+)$/.exec(path) ?? [];
  if (bucket !== undefined && method === 'GET') {
    if (account.buckets.includes(bucket)) return { result: { name: bucket } };
    return { status: 404, code: 10_006, message: 'The specified bucket does not exist.' };
  }
  return null;
}

function row({ uuid, name }: StandInDatabase): object {
  return { uuid, name, version: 'production', created_at: '2026-11-23T00:00:00.000Z', num_tables: 0, file_size: 0 };
}

function page(rows: readonly object[], query: URLSearchParams): readonly object[] {
  const size = Number(query.get('per_page') ?? 10);
  const from = (Number(query.get('page') ?? 1) - 1) * size;
  return rows.slice(from, from + size);
}

function makeDatabase(account: StandInAccount, { body }: ApiRequest): ApiAnswer {
  const { name } = JSON.parse(body.toString()) as { name: string };
  if (account.databases.some((one) => one.name === name)) {
    return { status: 400, code: 7502, message: 'A database with that name already exists' };
  }
  const made = account.addDatabase(name);
  account.changed(`database ${name}`);
  return { result: row(made) };
}

function makeBucket(account: StandInAccount, { body }: ApiRequest): ApiAnswer {
  const { name } = JSON.parse(body.toString()) as { name: string };
  if (account.buckets.includes(name)) {
    return { status: 409, code: 10_004, message: 'The bucket you tried to create already exists, and you own it.' };
  }
  account.buckets.push(name);
  account.changed(`bucket ${name}`);
  return { result: { name } };
}

/** One query as D1 runs it: whole or not at all. */
function run(account: StandInAccount, { name, sqlite }: StandInDatabase, sql: string): ApiAnswer {
  const meta = { duration: 1, changes: 0, last_row_id: 0, rows_read: 0, rows_written: 0 };
  try {
    if (/^\s*SELECT\b/i.test(sql)) return { result: [{ results: sqlite.prepare(sql).all(), success: true, meta }] };
    const before = schemaOf(sqlite);
    sqlite.exec('BEGIN');
    try {
      sqlite.exec(sql);
      sqlite.exec('COMMIT');
    } catch (thrown) {
      sqlite.exec('ROLLBACK');
      throw thrown;
    }
    const [, migration] = /INSERT INTO "?d1_migrations"? ?\("?name"?\)\s*VALUES \('([^']+)'\)/i.exec(sql) ?? [];
    if (migration !== undefined) account.changed(`migration ${migration}`);
    else if (schemaOf(sqlite) !== before) account.changed(`tables of ${name}`);
    return { result: [{ results: [], success: true, meta }] };
  } catch (thrown) {
    return { status: 400, code: 7500, message: `${(thrown as Error).message}: SQLITE_ERROR` };
  }
}

function schemaOf(sqlite: StandInDatabase['sqlite']): string {
  return JSON.stringify(sqlite.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').all());
}
