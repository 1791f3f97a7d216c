// What home reads of the databases of real servers: by a real PostgreSQL, and Node's SQLite, on tables as each project's
// schema makes them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openReadOnly } from '../../../home-node/leaving/database.ts';
import { accountNames, knownTo } from '../../../home-node/leaving/database-leavings.ts';
import { serverSoftware } from '../../../home-node/service-adapters.ts';
import { DatabaseSync } from '../../../home-node/sqlite.ts';
import type { SoftwareKind } from '../../../shared/config/software.ts';
import { limits } from '../../../shared/limits.ts';
import { publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import { makeKeyPair } from '../../support/forger.ts';
import { Cluster } from './cluster.ts';
import { examples, gotosocialInSqlite } from './schemas.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const pem = makeKeyPair().publicKey.trim();
const all = examples(pem);
const kindOf = (name: string): SoftwareKind => name.split('-')[0] as SoftwareKind;

let cluster: Cluster;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-database-'));
  cluster = await Cluster.start();
});
afterAll(() => {
  cluster.stop();
  rmSync(folder, { recursive: true });
});

async function readFrom(address: string, kind: SoftwareKind) {
  const database = await openReadOnly(address);
  try {
    const { reads } = serverSoftware[kind];
    return { accounts: await accountNames(database, reads), ...(await knownTo(database, reads)) };
  } finally {
    await database.close();
  }
}

describe.each(Object.entries(all))('the database of %s', (name, { sql, accounts, actors, blocks, keys }) => {
  test('tells who lives here, whom it knows, whom it blocks, and keys', async () => {
    const found = await readFrom(await cluster.database(name, sql), kindOf(name));
    expect(new Set(found.accounts)).toEqual(new Set(accounts));
    expect(new Set(found.actors)).toEqual(new Set(actors));
    expect([found.accounts?.length, found.actors?.length]).toEqual([accounts.length, actors.length]);
    expect(found.blockedDomains).toEqual(blocks);
    expect(found.actorKeys?.map(({ keyId }) => keyId) ?? null).toEqual(keys);
    for (const { publicKeyPem } of found.actorKeys ?? []) expect(publicKeyFromPem(publicKeyPem)).toBeDefined();
  });
});

test.each(['mastodon', 'mastodon-4.5', 'gotosocial'])(
  'the database of %s tells what the owner of a key has after the `@`',
  async (name) => {
    const example = all[name];
    if (example === undefined) throw new Error(`There is no example ${name}.`);
    const found = await readFrom(await cluster.database(`domains-${name}`, example.sql), kindOf(name));
    expect(found.actorKeys).not.toEqual([]);
    for (const { owner, domain } of found.actorKeys ?? []) expect(domain).toBe(new URL(owner).hostname);
  },
);

test('GoToSocial in SQLite tells the same as in PostgreSQL', async () => {
  const path = join(folder, 'sqlite.db');
  const made = new DatabaseSync(path);
  made.exec(gotosocialInSqlite);
  made.close();
  const { accounts, actors, blocks, keys } = all.gotosocial;
  const found = await readFrom(path, 'gotosocial');
  expect(found.accounts).toEqual(accounts);
  expect(found.actors).toEqual(actors);
  expect(found.blockedDomains).toEqual(blocks);
  expect(found.actorKeys?.map(({ keyId }) => keyId)).toEqual(keys);
});

describe('a database', () => {
  test('is never written, whatever a question says', async () => {
    const address = await cluster.database('kept', 'CREATE TABLE t (a int); INSERT INTO t VALUES (1)');
    const database = await openReadOnly(address);
    const write = 'DELETE FROM t RETURNING a';
    await expect(database.rows(`WITH gone AS (${write}) SELECT a FROM gone`)).rejects.toMatchObject({
      code: 'service-database',
    });
    await expect(database.rows("SELECT nextval('s')")).resolves.toBeNull();
    await database.close();
    expect(await cluster.run('kept', 'SELECT count(*)::int AS n FROM t')).toEqual([{ n: 1 }]);
    const path = join(folder, 'kept.db');
    const made = new DatabaseSync(path);
    made.exec('CREATE TABLE t (a int); INSERT INTO t VALUES (1)');
    made.close();
    const file = await openReadOnly(path);
    // Of two statements only the first is one; and the file is open for reading alone.
    expect(await file.rows('SELECT 1 AS a); DELETE FROM t; --')).toEqual([{ a: 1 }]);
    await expect(file.rows('DELETE FROM t RETURNING a')).rejects.toMatchObject({ code: 'service-database' });
    await file.close();
    const again = new DatabaseSync(path);
    expect(again.prepare('SELECT count(*) AS n FROM t').get()).toMatchObject({ n: 1 });
    again.close();
  });

  test('of another software is told as that, with what to look at', async () => {
    const address = await cluster.database('other', 'CREATE TABLE t (a int)');
    await expect(readFrom(address, 'mastodon')).rejects.toMatchObject({
      code: 'service-database',
      message: expect.stringContaining('kind and database'),
    });
  });

  test('that cannot be reached says so, and never its password', async () => {
    const wrong = `${cluster.url('nowhere')}`;
    const refused = cluster.url('kept').replace(cluster.password, 'a-wrong-one');
    for (const [address, secret] of [
      [wrong, cluster.password],
      [refused, 'a-wrong-one'],
      ['postgresql://owner:a-third-one@127.0.0.1:1/x', 'a-third-one'],
    ] as const) {
      const error = await openReadOnly(address).then(
        () => null,
        (thrown: Error) => thrown,
      );
      expect(error).toMatchObject({ code: 'service-database' });
      expect(String(error?.message) + String(error?.stack) + JSON.stringify(error)).not.toContain(secret);
    }
    await expect(openReadOnly(join(folder, 'none.db'))).rejects.toMatchObject({ code: 'service-database' });
    writeFileSync(
      join(folder, 'no.db'),
      'this is no database, whatever its name says, and long enough to be read as one.',
    );
    const file = await openReadOnly(join(folder, 'no.db'));
    await expect(file.rows('SELECT 1 AS a FROM t')).rejects.toMatchObject({ code: 'service-database' });
    await file.close();
  });

  test('that thinks for too long is left (limits.databaseMs), and the next question is answered', async () => {
    const database = await openReadOnly(cluster.url('kept'));
    vi.spyOn(limits, 'databaseMs', 'get').mockReturnValue(200 as never);
    await expect(database.rows('SELECT pg_sleep(30)::text AS a')).rejects.toMatchObject({ code: 'service-database' });
    vi.restoreAllMocks();
    expect(await database.rows('SELECT a::text AS a FROM t')).toEqual([{ a: '1' }]);
    await database.close();
  });

  test('with more actors than are read (limits.databaseRows) counts all as known; with more accounts than are left (limits.leftAccounts) leaves none', async () => {
    const { sql } = all.hollo;
    const many = `${sql}
      INSERT INTO accounts SELECT gen_random_uuid(), 'https://x.example/' || n, '@' || n FROM generate_series(1, ${limits.databaseRows + limits.leftAccounts + 5}) n;
      INSERT INTO account_owners SELECT id, handle FROM accounts WHERE handle <> '@anna@home.example' LIMIT ${limits.leftAccounts + 1}`;
    const found = await readFrom(await cluster.database('many', many), 'hollo');
    expect([found.accounts, found.actors]).toEqual([null, null]);
  });

  test('with keys that are none, too long, or on another host than their owner leaves those out', async () => {
    const { sql } = all.misskey;
    const bad = `${sql}
      UPDATE user_publickey SET "keyPem" = 'nonsense' WHERE "userId" = '3';
      UPDATE user_publickey SET "keyId" = 'https://elsewhere.example/key' WHERE "userId" = '4'`;
    expect((await readFrom(await cluster.database('bad', bad), 'misskey')).actorKeys).toEqual([]);
  });
});
