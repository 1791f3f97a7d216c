// What is made of a service's tables where they hold more than is read of them.

import { expect, test } from 'vitest';
import { knownTo } from '../../../home-node/leaving/database-leavings.ts';
import { limits } from '../../../shared/limits.ts';

const reads = { accounts: [], actors: ['the actors'], blocks: [], keys: [] };

/** As many rows as are read at most; the last one is `last`. */
function databaseWith(last: string | null) {
  const uris = Array.from({ length: limits.databaseRows }, (_, n) => ({ uri: `https://peer.example/users/${n}` }));
  return { rows: async () => [...uris, { uri: last }], close: async () => undefined };
}

test.each([
  ['another actor', 'https://peer.example/users/one-more'],
  ['an actor that was there', 'https://peer.example/users/0'],
  ['no address', null],
])(
  'all count as known where a table was not read to its end, also when its last row that was read is %s',
  async (_, last) => {
    const { actors, someActors } = await knownTo(databaseWith(last), reads);
    expect(actors).toBeNull();
    expect(someActors?.length).toBeGreaterThanOrEqual(limits.databaseRows);
  },
);

const key = { keyId: 'https://p.example/a#k', owner: 'https://p.example/a', pem: '-----BEGIN PUBLIC KEY-----' };

test('a key that a driver gives as something else than text costs that key, and is told', async () => {
  const wrong = [
    { pem: new Uint8Array([1]) },
    { pem: 7 },
    { pem: null },
    { keyId: 7 },
    { owner: { a: 1 } },
    { domain: 7 },
  ];
  const rows = [...wrong.map((change) => ({ ...key, ...change })), key];
  const database = { rows: async () => rows as never, close: async () => undefined };
  const found = await knownTo(database, { ...reads, keys: ['the keys'] });
  const sound = { keyId: key.keyId, owner: key.owner, publicKeyPem: key.pem };
  expect(found.actorKeys).toEqual([sound, sound]);
  expect(found.leftOut[0]?.text).toMatch(/^5 keys of peers/);
});

test.each([
  ['Peer.Example', 'peer.example'],
  ['peer.example:8443', 'peer.example'],
  ['b\u00fccher.example', 'xn--bcher-kva.example'],
  ['no host', undefined],
  ['', undefined],
])('what a service has after the @ of a key, %j, is said as blocks are: %j', async (domain, said) => {
  const database = { rows: async () => [{ ...key, domain }] as never, close: async () => undefined };
  const found = await knownTo(database, { ...reads, keys: ['the keys'] });
  expect(found.actorKeys?.map((one) => one.domain)).toEqual([said]);
});
