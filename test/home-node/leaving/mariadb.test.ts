// What home reads of Pixelfed's database by a real MariaDB, as Pixelfed comes.

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openReadOnly } from '../../../home-node/leaving/database.ts';
import { accountNames, federationOf, knownTo } from '../../../home-node/leaving/database-leavings.ts';
import { serverSoftware } from '../../../home-node/service-adapters.ts';
import { limits } from '../../../shared/limits.ts';
import { makeKeyPair } from '../../support/forger.ts';
import { MariaDb } from './mariadb.ts';
import { examples, pixelfedInMysql } from './schemas.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let server: MariaDb;
const pem = makeKeyPair().publicKey.trim();

beforeAll(async () => {
  server = await MariaDb.start();
});
afterAll(async () => {
  await server.stop();
});

test('Pixelfed’s tells the same as in PostgreSQL, the keys in the same order', async () => {
  const database = await openReadOnly(await server.database('pixelfed', pixelfedInMysql(pem)));
  const { reads } = serverSoftware.pixelfed;
  const { accounts, actors, blocks, spared, keys } = examples(pem).pixelfed;
  expect(await accountNames(database, reads)).toEqual(accounts);
  expect(await federationOf(database, reads, { isLimited: false, domains: [] })).toEqual({
    blockedDomains: blocks,
    sparedDomains: spared,
  });
  const found = await knownTo(database, reads);
  expect(found.actors).toEqual(actors);
  expect(found.actorKeys?.map(({ keyId }) => keyId)).toEqual(keys);
  await database.close();
});

test('is never written, whatever a question says', async () => {
  const address = await server.database('kept', 'CREATE TABLE t (a text); INSERT INTO t VALUES (1)');
  const database = await openReadOnly(address);
  for (const sql of [
    'SELECT 1 AS a) AS b; DELETE FROM t; --',
    'DELETE FROM t RETURNING a',
    'SELECT a FROM t FOR UPDATE NOWAIT) AS x; DROP TABLE t; -- ',
  ]) {
    await expect(database.rows(sql), sql).rejects.toMatchObject({ code: 'service-database' });
  }
  expect(await database.rows('SELECT a FROM t')).toEqual([{ a: '1' }]);
  expect(await database.rows('SELECT a FROM nowhere')).toBeNull();
  expect(await database.rows('SELECT nowhere FROM t')).toBeNull();
  await database.close();
});

test('that thinks for too long is left (limits.databaseMs), and the next question is answered', async () => {
  const database = await openReadOnly(
    await server.database('slow', 'CREATE TABLE t (a text); INSERT INTO t VALUES (1)'),
  );
  vi.spyOn(limits, 'databaseMs', 'get').mockReturnValue(200 as never);
  await expect(database.rows('SELECT CAST(SLEEP(30) AS CHAR) AS a FROM t')).rejects.toMatchObject({
    code: 'service-database',
  });
  vi.restoreAllMocks();
  expect(await database.rows('SELECT a FROM t')).toEqual([{ a: '1' }]);
  await database.close();
});

test('that cannot be reached says so, and never its password', async () => {
  const wrong = server.url('x').replace(server.password, 'a-wrong-one');
  for (const [address, secret] of [
    [server.url('nowhere'), server.password],
    [wrong, 'a-wrong-one'],
    ['mysql://owner:a-third-one@127.0.0.1:1/x', 'a-third-one'],
    ['mysql://owner:a%zzfourth@127.0.0.1:99999999/x', 'a%zzfourth'],
  ] as const) {
    const error = await openReadOnly(address).then(
      () => null,
      (thrown: Error) => thrown,
    );
    expect(error).toMatchObject({ code: 'service-database' });
    expect(`${error?.message}${error?.stack}${JSON.stringify(error)}`).not.toContain(secret);
  }
});
