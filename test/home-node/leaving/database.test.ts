// What home reads of the databases of real servers: by a real PostgreSQL, and Node's SQLite, on tables as each project's
// schema makes them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openReadOnly } from '../../../home-node/leaving/database.ts';
import { accountNames, federationOf, knownTo } from '../../../home-node/leaving/database-leavings.ts';
import { showcaseOf } from '../../../home-node/leaving/own-actor.ts';
import { serverSoftware } from '../../../home-node/service-adapters.ts';
import { DatabaseSync } from '../../../home-node/sqlite.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { SoftwareKind } from '../../../shared/config/software.ts';
import { limits } from '../../../shared/limits.ts';
import { publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import { makeKeyPair } from '../../support/forger.ts';
import { Cluster } from './cluster.ts';
import { goKeyPair } from './go-key.ts';
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
    const limited = { isLimited: false, domains: [] };
    const federation = await federationOf(database, reads, limited);
    return { accounts: await accountNames(database, reads), ...(await knownTo(database, reads)), ...federation };
  } finally {
    await database.close();
  }
}

describe.each(Object.entries(all))('the database of %s', (name, { sql, accounts, actors, blocks, spared, keys }) => {
  test('tells who lives here, whom it knows, whom it blocks, and keys', async () => {
    const found = await readFrom(await cluster.database(name, sql), kindOf(name));
    expect(new Set(found.accounts)).toEqual(new Set(accounts));
    expect(new Set(found.actors)).toEqual(new Set(actors));
    expect([found.accounts?.length, found.actors?.length]).toEqual([accounts.length, actors.length]);
    expect(found.blockedDomains).toEqual(blocks);
    expect(found.sparedDomains).toEqual(spared);
    expect(found.actorKeys?.map(({ keyId }) => keyId) ?? null).toEqual(keys);
    for (const { publicKeyPem } of found.actorKeys ?? []) expect(publicKeyFromPem(publicKeyPem)).toBeDefined();
  });
});

describe('whom a server allows', () => {
  const blocks = async (address: string, kind: SoftwareKind, isLimited: boolean) => {
    const database = await openReadOnly(address);
    try {
      const found = await federationOf(database, serverSoftware[kind].reads, { isLimited, domains: ['*.example'] });
      return [found.blockedDomains, found.sparedDomains ?? []];
    } finally {
      await database.close();
    }
  };

  test('is not blocked by GoToSocial, but in its mode `allowlist`, where a block counts for more', async () => {
    const address = await cluster.database('lift-gotosocial', all.gotosocial.sql);
    await cluster.run('lift-gotosocial', "INSERT INTO domain_blocks VALUES ('2', 'x.near.example')");
    await cluster.run('lift-gotosocial', "INSERT INTO domain_allows VALUES ('2', 'fine.bad.example')");
    expect(await blocks(address, 'gotosocial', false)).toEqual([
      ['bad.example'],
      ['fine.bad.example', '*.fine.bad.example'],
    ]);
    expect(await blocks(address, 'gotosocial', true)).toEqual([['bad.example', 'x.near.example'], []]);
  });

  test('is not blocked by Mastodon in limited federation, where it does not look at blocks, and is otherwise', async () => {
    const address = await cluster.database('lift-mastodon', all.mastodon.sql);
    await cluster.run(
      'lift-mastodon',
      "INSERT INTO domain_allows (domain) VALUES ('bad.example'), ('a.worse.example')",
    );
    await cluster.run('lift-mastodon', "INSERT INTO domain_blocks (domain, severity) VALUES ('worse.example', 1)");
    expect(await blocks(address, 'mastodon', true)).toEqual([['worse.example'], ['a.worse.example']]);
    expect((await blocks(address, 'mastodon', false))[0]).toEqual(['bad.example', 'worse.example']);
  });
});

describe('whom a server federates with alone', () => {
  const federation = async (address: string, kind: SoftwareKind, isLimited: boolean, domains: string[] = []) => {
    const database = await openReadOnly(address);
    try {
      return (await federationOf(database, serverSoftware[kind].reads, { isLimited, domains })).allowedDomains;
    } finally {
      await database.close();
    }
  };

  test('is nobody in particular by a list alone where the server has to be told to go by it', async () => {
    for (const [kind, named] of [
      ['mastodon', ['near.example']],
      ['gotosocial', ['near.example', '*.near.example']],
    ] as const) {
      const address = await cluster.database(`allow-${kind}`, all[kind].sql);
      expect(await federation(address, kind, false)).toBeUndefined();
      expect(await federation(address, kind, true)).toEqual(named);
      expect(await federation(address, kind, true, ['More.example'])).toEqual([...named, 'more.example']);
    }
  });

  test('is what Lemmy’s table says as soon as it has one, and nobody when its federation is off', async () => {
    const address = await cluster.database('allow-lemmy', all.lemmy.sql);
    expect(await federation(address, 'lemmy', false)).toBeUndefined();
    await cluster.run('allow-lemmy', 'INSERT INTO federation_allowlist (instance_id) VALUES (1)');
    expect(await federation(address, 'lemmy', false)).toEqual(['near.example']);
    await cluster.run('allow-lemmy', 'UPDATE local_site SET federation_enabled = false');
    expect(await federation(address, 'lemmy', false)).toEqual([]);
  });

  test('is what Misskey’s settings say, and nobody where they say `none`', async () => {
    const address = await cluster.database('allow-misskey', all.misskey.sql);
    await cluster.run('allow-misskey', `UPDATE meta SET "federationHosts" = '{near.example}'`);
    expect(await federation(address, 'misskey', false)).toBeUndefined();
    await cluster.run('allow-misskey', `UPDATE meta SET federation = 'specified'`);
    expect(await federation(address, 'misskey', false)).toEqual(['near.example', '*.near.example']);
    await cluster.run('allow-misskey', `UPDATE meta SET federation = 'none'`);
    expect(await federation(address, 'misskey', false)).toEqual([]);
    await cluster.run('allow-misskey', 'ALTER TABLE meta DROP COLUMN federation');
    expect(await federation(address, 'misskey', false)).toBeUndefined();
  });

  test('is what its owner says where the software has no list', async () => {
    const address = await cluster.database('allow-hollo', all.hollo.sql);
    expect(await federation(address, 'hollo', false)).toBeUndefined();
    expect(await federation(address, 'hollo', true, ['near.example'])).toEqual(['near.example']);
  });
});

test.each(['mastodon', 'mastodon-4.5', 'gotosocial'] as const)(
  'the database of %s tells what the owner of a key has after the `@`',
  async (name) => {
    const example = all[name];
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

test('GoToSocial’s own actor and its posts for all are found in PostgreSQL too', async () => {
  const pair = goKeyPair();
  const own = 'https://home.example/users/home.example';
  const address = await cluster.database(
    'own-actor',
    `CREATE TABLE accounts (id char(26) PRIMARY KEY, username text NOT NULL, domain text, public_key_uri text NOT NULL,
       private_key jsonb, suspended_at timestamptz);
     CREATE TABLE users (id char(26) PRIMARY KEY, account_id char(26) NOT NULL);
     CREATE TABLE statuses (id char(26) PRIMARY KEY, uri text NOT NULL, local boolean NOT NULL, federated boolean NOT NULL,
       pending_approval boolean NOT NULL, boost_of_id char(26), visibility smallint NOT NULL, pinned_at timestamptz);
     INSERT INTO accounts VALUES ('0', 'home.example', NULL, '${own}/main-key', '${pair.json()}', NULL),
       ('1', 'anna', NULL, 'https://home.example/users/anna/main-key', '{}', NULL);
     INSERT INTO users VALUES ('u', '1');
     INSERT INTO statuses VALUES ('1', 'https://home.example/users/anna/statuses/1', true, true, false, NULL, 2, NULL),
       ('2', 'https://home.example/users/anna/statuses/2', true, true, false, NULL, 3, now()),
       ('3', 'https://home.example/users/anna/statuses/3', true, true, false, NULL, 4, NULL),
       ('4', 'https://home.example/users/anna/statuses/4', true, false, false, NULL, 2, NULL)`,
  );
  const reads = serverSoftware.gotosocial.reads.ownActor ?? expect.fail();
  const found = await showcaseOf({ clock: systemClock, hosts: ['home.example'], database: address, reads });
  expect(found?.posts).toEqual([2, 1].map((n) => `https://home.example/users/anna/statuses/${n}`));
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
    await expect(openReadOnly(join(folder, 'no.db'))).rejects.toMatchObject({ code: 'service-database' });
  });

  test('with an address that is none costs what this service leaves, and the error has nothing secret of it', async () => {
    for (const [address, secret] of [
      ['postgresql://owner:sec%zzret@127.0.0.1:99999999/x', 'sec%zzret'],
      ['postgresql://owner:sec[ret@[::1/x', 'sec[ret'],
      ['postgresql://owner@127.0.0.1:99999999/x?password=a%20secret', 'a secret'],
      ['postgresql://owner:a%20secret@127.0.0.1/x?sslcert=/nowhere/a%20secret', 'a secret'],
    ] as const) {
      const error = await openReadOnly(address).then(
        () => null,
        (thrown: Error) => thrown,
      );
      expect(error).toMatchObject({ code: 'service-database', message: expect.stringContaining('porchlight.toml') });
      const all = `${error?.message}${error?.stack}${JSON.stringify(error)}${String(error?.cause)}`;
      for (const form of [secret, encodeURIComponent(secret)]) expect(all).not.toContain(form);
    }
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

  test('in a file that thinks for too long is left too, and home goes on meanwhile', async () => {
    const path = join(folder, 'slow.db');
    const made = new DatabaseSync(path);
    made.exec('CREATE TABLE t (a text); INSERT INTO t VALUES (1)');
    made.close();
    const database = await openReadOnly(path);
    vi.spyOn(limits, 'databaseMs', 'get').mockReturnValue(200 as never);
    const endless =
      'WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n LIMIT 40000000) SELECT max(a) AS a FROM n';
    await expect(database.rows(endless)).rejects.toMatchObject({ code: 'service-database' });
    vi.restoreAllMocks();
    await database.close();
    // Another one is another thread.
    const again = await openReadOnly(path);
    expect(await again.rows('SELECT a FROM t')).toEqual([{ a: '1' }]);
    await again.close();
  });

  test('with keys that are none, too long, or on another host than their owner leaves those out', async () => {
    const { sql } = all.misskey;
    const bad = `${sql}
      UPDATE user_publickey SET "keyPem" = 'nonsense' WHERE "userId" = '3';
      UPDATE user_publickey SET "keyId" = 'https://elsewhere.example/key' WHERE "userId" = '4'`;
    expect((await readFrom(await cluster.database('bad', bad), 'misskey')).actorKeys).toEqual([]);
  });

  test('with one key that no key can be costs that key, and says so', async () => {
    const path = join(folder, 'bad-key.db');
    const made = new DatabaseSync(path);
    made.exec(gotosocialInSqlite);
    made.exec(`UPDATE accounts SET public_key = '{"N": 0, "E": 0}' WHERE username = 'bea'`);
    made.exec(
      `INSERT INTO accounts VALUES ('5', 'dan', 'dan.example', 'https://dan.example/u', x'00ff', '', NULL, NULL)`,
    );
    made.close();
    const found = await readFrom(path, 'gotosocial');
    expect(found.actorKeys?.map(({ keyId }) => keyId)).toEqual([all.gotosocial.keys?.[0]]);
    expect(found.leftOut).toEqual([
      {
        of: 'keys',
        isSmall: true,
        text: expect.stringMatching(/^2 keys of peers .*bea\/main-key.*nothing need be done/),
      },
    ]);
    expect(found.accounts).toEqual(all.gotosocial.accounts);
  });
});
