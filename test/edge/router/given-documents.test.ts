// A service that shows nothing to who does not sign, at the only name of its home: home asks it, and gives the edge what it
// was shown. At night that is answered to who signs, as if the edge had asked.

import { env, reset, SELF } from 'cloudflare:test';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Copies } from '../../../edge/cache/store.ts';
import { warm } from '../../../edge/home/warm.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import type { Given, WarmReply } from '../../../shared/warming.ts';
import { cavage, rsaSigner, type Signer } from '../../shared/signature/signing.ts';
import { migrated } from '../home/directory-database.ts';
import { exampleSnapshot } from '../home/example-snapshot.ts';
import { SmallHome } from './small-home.ts';

const store = (env as unknown as { readonly STORE: R2Bucket }).STORE;
const type = 'application/activity+json';
const alice = 'https://peer.example/users/alice';
let signer: Signer;
let home: SmallHome;
let host: string;
let tests = 0;

beforeAll(async () => {
  signer = await rsaSigner(`${alice}#main-key`);
});

beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts for a moment: each test has its own.
  tests += 1;
  host = `g${tests}.example`;
  home = await SmallHome.claimed(`https://${host}`);
  await home.connect();
  home.answer = () => ({ status: 401, body: 'sign' });
  await leave(true);
});

async function leave(authorizedFetch: boolean): Promise<void> {
  const profile = { name: 'social', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage'] as const };
  const actorKeys = [{ keyId: signer.keyId, owner: alice, publicKeyPem: signer.pem, domain: 'peer.example' }];
  const services = [{ ...profile, authorizedFetch }];
  const content = { services, accounts: [], documents: [], actorKeys, blockedDomains: [] };
  expect((await home.call('PUT', 'snapshot', exampleSnapshot({ ...content, version: systemClock.now() }))).status).toBe(
    200,
  );
}

function answer(document: object, status = 200): Given[string] {
  return { status, contentType: type, body: JSON.stringify(document) };
}

const me = (): object => ({ id: `https://${host}/users/me`, type: 'Person', outbox: `https://${host}/outbox` });

async function give(given: Given, as = 'activitypub', paths = Object.keys(given)): Promise<WarmReply> {
  const reply = await home.call('POST', 'warm', { host, as, paths, given });
  expect(reply.status).toBe(200);
  return (await reply.json()) as WarmReply;
}

async function ask(path: string, by: Signer | null = signer): Promise<Response> {
  const headers = new Headers({ Accept: type });
  if (by !== null) {
    const letter = { method: 'GET', host, path, body: new Uint8Array(), at: systemClock.now() };
    const { headers: own } = await cavage(by, letter, { headers: ['(request-target)', 'host', 'date'] });
    for (const [name, value] of own) if (name !== 'content-length') headers.set(name, value);
  }
  return await SELF.fetch(`https://${host}${path}`, { headers });
}

describe('what home gives', () => {
  test('is kept without a question, and answered at night to who signs alone', async () => {
    const reply = await give({ '/users/me': answer(me()) });
    expect(reply).toEqual({
      stored: ['/users/me'],
      refused: [],
      links: { '/users/me': [{ kind: 'outbox', path: '/outbox' }] },
      given: true,
    });
    expect(home.seen).toEqual([]);
    await home.sleep();
    const told = await ask('/users/me');
    expect([told.status, told.headers.get('Cache-Control')]).toEqual([200, 'private, no-store']);
    expect(await told.json()).toEqual(me());
    expect((await ask('/users/me', null)).status).toBe(401);
    expect((await ask('/users/you')).status).toBe(503);
  });

  test.each([
    ['is addressed to some only', { type: 'Note', to: [alice] }, type],
    ['is no ActivityPub document', { type: 'Note' }, 'text/html'],
    ['has hidden recipients', { type: 'Note', to: ['as:Public'], bcc: [alice] }, type],
  ])('is refused where it %s, and what was kept of it goes', async (_what, document, contentType) => {
    await give({ '/users/me': answer(me()) });
    const { refused } = await give({ '/users/me': { ...answer(document), contentType } });
    expect(refused.map(({ path }) => path)).toEqual(['/users/me']);
    await home.sleep();
    expect((await ask('/users/me')).status).toBe(503);
  });

  test.each([404, 410, 403, 401])('takes a copy back by the status %i', async (status) => {
    await give({ '/users/me': answer(me()), '/users/you': answer(me()) });
    await give({ '/users/me': { status, contentType: '', body: '' } });
    await home.sleep();
    expect([(await ask('/users/me')).status, (await ask('/users/you')).status]).toEqual([503, 200]);
  });

  test('is not said to be taken back where the store did not do it: home must come again', async () => {
    const snapshot = exampleSnapshot({
      services: [{ name: 'social', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage'], authorizedFetch: true }],
    });
    const failing = new Proxy(store, {
      get: (target, name) =>
        name === 'delete' ? async () => await Promise.reject(new Error('R2 is away')) : Reflect.get(target, name),
    });
    const parts = {
      copies: new Copies({ store: failing, clock: systemClock, keepAlive: () => undefined }),
      link: { fetch: async () => await Promise.reject(new Error('asked')) },
      documents: { accept: type, isDocument: () => true, read: () => ({ links: [] }), sign: async () => await null },
      said: { hosts: [host], services: [], snapshot },
    };
    const order = { host, paths: ['/users/me'], as: 'activitypub' } as const;
    const gone = new Map([['/users/me', { status: 404, contentType: '', body: '' }]]);
    await expect(warm(parts, 'h1', 'https', { ...order, given: gone })).rejects.toThrow('R2 is away');
  });

  test('takes nothing back by trouble of the service', async () => {
    await give({ '/users/me': answer(me()) });
    await give({ '/users/me': { status: 500, contentType: '', body: '' } });
    await home.sleep();
    expect((await ask('/users/me')).status).toBe(200);
  });

  test('for a path that was not asked for counts nothing, and a path without it is not asked for', async () => {
    const reply = await give({ '/users/me': answer(me()) }, 'activitypub', ['/users/you']);
    expect(reply).toMatchObject({ stored: [], refused: [{ path: '/users/you' }], given: true });
    expect(home.seen).toEqual([]);
    await home.sleep();
    expect((await ask('/users/me')).status).toBe(503);
  });

  test('counts nothing where the service shows what it has to all: then the edge sees for itself', async () => {
    await leave(false);
    const reply = await give({ '/users/me': answer(me()) });
    expect(reply).toMatchObject({ stored: [] });
    expect(reply.given).toBeUndefined();
    expect(home.seen.map(({ path }) => path)).toEqual(['/users/me']);
    expect((await store.list()).objects.filter(({ key }) => key.startsWith('copies/'))).toEqual([]);
  });

  test.each(['page', 'media', 'open-activitypub'])('counts nothing for %s', async (as) => {
    const reply = await give({ '/users/me': answer(me()) }, as);
    expect([reply.given, home.seen.map(({ path }) => path)]).toEqual([undefined, ['/users/me']]);
  });

  test('counts at no host of another home', async () => {
    const other = await SmallHome.claimed(`https://other${tests}.example`);
    await other.connect();
    const given = { '/users/me': answer(me()) };
    const reply = await other.call('POST', 'warm', { host, as: 'activitypub', paths: ['/users/me'], given });
    expect(reply.status).toBe(400);
  });

  test.each([
    ['no object', []],
    ['an answer that is none', { '/a': 'x' }],
    ['a body that is no text', { '/a': { status: 200, contentType: type, body: {} } }],
    ['a status that is none', { '/a': { status: 99, contentType: type, body: '' } }],
    ['a type that is no header', { '/a': { status: 200, contentType: 'a\r\nb: c', body: '' } }],
  ])('is refused whole where it is %s', async (_what, given) => {
    const reply = await home.call('POST', 'warm', { host, as: 'activitypub', paths: ['/a'], given });
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([400, 'warm-malformed']);
  });

  test('is read to limits.warmCallBytes, and not beyond', async () => {
    const long = { ...me(), summary: 'x'.repeat(limits.givenBytes) };
    expect((await give({ '/users/me': answer(long) })).stored).toEqual(['/users/me']);
    const given = { '/users/me': answer({ ...me(), summary: 'x'.repeat(limits.warmCallBytes) }) };
    const reply = await home.call('POST', 'warm', { host, as: 'activitypub', paths: ['/users/me'], given });
    expect(reply.status).toBe(413);
  });
});
