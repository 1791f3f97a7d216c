// Which of the keys that Fedify remembers go to the edge.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { actorKeysOf } from '../../../home-node/embedded/actor-keys.ts';
import { openDatabase } from '../../../home-node/embedded/database.ts';
import { SqliteKvStore } from '../../../home-node/embedded/kv.ts';
import { systemClock } from '../../../shared/clock.ts';
import { makeFolder } from './running.ts';

const alice = 'https://peer.example/users/alice';
const bob = 'https://peer.example/users/bob';
/** As Fedify writes it; that it still does is what the test of the embedded adapter sees. */
const key = (id: string, owner: string) => ({
  '@id': id,
  'https://w3id.org/security#owner': [{ '@id': owner }],
  'https://w3id.org/security#publicKeyPem': [{ '@value': 'PEM' }],
});

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('those of actors that home has met, at their own address or below it, in the order of the actors', async () => {
  const database = openDatabase(join(folder, 'actor.sqlite'), 'eventually');
  const kv = new SqliteKvStore(database, systemClock);
  const remember = async (id: string, value: unknown) => await kv.set(['_fedify', 'publicKey', id], value);
  await remember(`${alice}#main-key`, key(`${alice}#main-key`, alice));
  await remember(`${bob}/main-key`, key(`${bob}/main-key`, bob));
  // A stranger; somebody's upload that says it is Alice's; a name that only begins as hers; one that was not to be had.
  await remember('https://other.example/a#k', key('https://other.example/a#k', 'https://other.example/a'));
  await remember('https://peer.example/media/1.json', key('https://peer.example/media/1.json', alice));
  await remember(`${alice}2#main-key`, key(`${alice}2#main-key`, alice));
  await remember(`${alice}#gone`, null);
  await kv.set(['_fedify', 'publicKey', '__fetchError', `${alice}#gone`], { status: 410, body: '' });
  await remember(`${alice}#multikey`, {
    '@id': `${alice}#multikey`,
    'https://w3id.org/security#controller': [{ '@id': alice }],
  });
  expect(await actorKeysOf(kv, [bob, alice, 'https://quiet.example/a'])).toEqual([
    { keyId: `${bob}/main-key`, owner: bob, publicKeyPem: 'PEM' },
    { keyId: `${alice}#main-key`, owner: alice, publicKeyPem: 'PEM' },
  ]);
  database.close();
});
