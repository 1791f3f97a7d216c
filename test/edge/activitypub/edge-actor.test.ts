// The edge's own actor, as peers meet it: at each host of a home, whether home is there or not.

import { reset, SELF } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { readKeyDocument } from '../../../edge/activitypub/key-document.ts';
import type { JsonObject } from '../../../shared/json-object.ts';
import { migrated } from '../home/directory-database.ts';
import { exampleSnapshot } from '../home/example-snapshot.ts';
import { SmallHome } from '../router/small-home.ts';
import { bindings } from '../spool/spool-rig.ts';

let home: SmallHome;
let origin: string;
let tests = 0;
beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts for a moment: each test has its own.
  tests += 1;
  origin = `https://actor${tests}.example`;
  home = await SmallHome.claimed(origin, `also${tests}.example`);
});

async function get(path = '', init: RequestInit = {}): Promise<Response> {
  return await SELF.fetch(`${origin}/.porchlight/actor${path}`, init);
}

test('is there before home ever connected, with the key that the edge signs with', async () => {
  const response = await get();
  expect(response.status).toBe(200);
  expect(response.headers.get('Content-Type')).toBe('application/activity+json');
  const actor = await response.json<JsonObject>();
  const id = `${origin}/.porchlight/actor`;
  expect(actor).toMatchObject({ id, type: 'Application', preferredUsername: 'porchlight.edge' });
  const { host } = new URL(origin);
  expect(actor.name).toBe(`The edge of ${host}`);
  // As strictly as the edge reads the keys of others.
  expect(readKeyDocument(actor, id, `${id}#main-key`)).toMatchObject({ read: 'key', owner: id });
  const pem = await bindings.SPOOL.get(bindings.SPOOL.idFromName(home.homeId)).edgeKeyPem();
  expect(actor.publicKey).toEqual({ id: `${id}#main-key`, owner: id, publicKeyPem: pem });
  expect(JSON.stringify(actor)).not.toContain('PRIVATE');
});

test('is one at each host of a home, with its id there', async () => {
  const other = `https://also${tests}.example/.porchlight/actor`;
  expect(await (await SELF.fetch(other)).json()).toMatchObject({ id: other });
});

test('is at no host that no home has', async () => {
  expect((await SELF.fetch('https://nobody.example/.porchlight/actor')).status).toBe(421);
});

test('forgets what is sent to it, has said nothing, and does nothing else', async () => {
  const posted = await get('/inbox', { method: 'POST', body: '{"type":"Follow"}' });
  expect([posted.status, await posted.text()]).toEqual([202, '']);
  const { waiting } = await bindings.SPOOL.get(bindings.SPOOL.idFromName(home.homeId)).standing();
  expect(waiting).toBe(0);
  expect(await (await get('/outbox')).json()).toMatchObject({ type: 'OrderedCollection', totalItems: 0 });
  for (const [path, method] of [
    ['', 'POST'],
    ['', 'DELETE'],
    ['/outbox', 'POST'],
    ['/inbox', 'GET'],
  ] as const) {
    expect((await get(path, { method })).status).toBe(405);
  }
  expect((await get('/followers')).status).toBe(404);
});

test('is found by its name, which leads to it and back', async () => {
  await home.connect();
  const { host } = new URL(origin);
  const services = [{ name: 'site', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage'] as const }];
  const snapshot = exampleSnapshot({ services, documents: [] });
  expect((await home.call('PUT', 'snapshot', snapshot)).status).toBe(200);
  const href = `${origin}/.porchlight/actor`;
  const found = { subject: `acct:porchlight.edge@${host}`, links: [{ rel: 'self', href }] };
  for (const resource of [`acct:porchlight.edge@${host}`, href]) {
    const asked = `${origin}/.well-known/webfinger?resource=${encodeURIComponent(resource)}`;
    expect(await (await SELF.fetch(asked)).json()).toMatchObject(found);
  }
});
