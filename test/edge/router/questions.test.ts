// What peers are told while home is away: documents that were warmed, each to whom its service would show it, and 410 for
// what home said is gone, and for nothing else.

import { reset, SELF } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import type { ServiceProfile, Snapshot } from '../../../shared/snapshot.ts';
import type { WarmReply } from '../../../shared/warming.ts';
import { bindings, migrated } from '../home/directory-database.ts';
import { exampleSnapshot } from '../home/example-snapshot.ts';
import { type HomeAnswer, SmallHome } from './small-home.ts';

const peer = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"';
const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const activityJson = { 'Content-Type': 'application/activity+json; charset=utf-8' };
const mastodon = { Vary: 'Accept, Accept-Language, Cookie', 'Cache-Control': 'max-age=180, public' };
let home: SmallHome;
let origin: string;
let host: string;
let tests = 0;

beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts for a moment: each test has its own.
  tests += 1;
  host = `q${tests}.example`;
  origin = `https://${host}`;
  home = await SmallHome.claimed(origin);
  await home.connect();
});

async function get(path: string, accept = peer, headers: Record<string, string> = {}): Promise<Response> {
  return await SELF.fetch(`${origin}${path}`, { redirect: 'manual', headers: { Accept: accept, ...headers } });
}

async function leave(changes: Partial<Snapshot> = {}, profile: Partial<ServiceProfile> = {}): Promise<void> {
  const services = [
    { name: 'social', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage'] as const, ...profile },
  ];
  const snapshot = exampleSnapshot({ accounts: [], documents: [], services, ...changes });
  expect((await home.call('PUT', 'snapshot', snapshot)).status).toBe(200);
}

async function warm(as: string, ...paths: string[]): Promise<WarmReply> {
  return (await (await home.call('POST', 'warm', { host, as, paths })).json()) as WarmReply;
}

/** A service that shows each address as a document to peers and as a page to people. */
function twofold(documents: Record<string, object>, more: Record<string, string> = mastodon): void {
  home.answer = ({ path, headers }): HomeAnswer => {
    const accept = headers[headers.findIndex((name) => name.toLowerCase() === 'accept') + 1] ?? '';
    const document = documents[path];
    if (document === undefined) return { status: 404, body: 'nothing' };
    if (!accept.includes('activity+json'))
      return { headers: { 'Content-Type': 'text/html', ...more }, body: `page ${path}` };
    return { headers: { ...activityJson, ...more }, body: JSON.stringify(document) };
  };
}

describe('documents that were warmed', () => {
  test('are given to peers, and the page of the same address to people, each with its age', async () => {
    const note = { id: `${origin}/notes/1`, type: 'Note', to: ['as:Public'], url: `${origin}/notes/1` };
    twofold({
      '/users/me': { type: 'Person', outbox: `${origin}/outbox` },
      '/outbox?page=true': { type: 'OrderedCollectionPage' },
      '/notes/1': note,
    });
    const reply = await warm('activitypub', '/users/me', '/outbox?page=true', '/notes/1', '/notes/2');
    expect(reply.stored).toHaveLength(3);
    expect(reply.refused).toEqual([{ path: '/notes/2', reason: 'its status is 404' }]);
    expect(reply.links).toMatchObject({
      '/users/me': [{ kind: 'outbox', path: '/outbox' }],
      '/notes/1': [{ kind: 'page', path: '/notes/1' }],
    });
    expect((await warm('page', '/notes/1')).stored).toEqual(['/notes/1']);
    await home.sleep(Date.UTC(2100, 0, 1));
    for (const path of ['/users/me', '/outbox?page=true', '/notes/1']) {
      const answer = await get(path, peer, { Signature: 'keyId="whoever"' });
      expect([path, answer.status, answer.headers.get('Content-Type')]).toEqual([
        path,
        200,
        activityJson['Content-Type'],
      ]);
      expect(Number(answer.headers.get('Age'))).toBeGreaterThanOrEqual(0);
      expect(answer.headers.get('Cache-Status')).toBe('porchlight; hit; detail=asleep');
    }
    const page = await get('/notes/1', browser);
    expect([page.status, page.headers.get('Content-Type'), await page.text()]).toEqual([
      200,
      'text/html',
      'page /notes/1',
    ]);
    for (const path of ['/notes/2', '/outbox?page=2', '/outbox']) {
      const unknown = await get(path);
      expect([unknown.status, unknown.headers.get('Retry-After')], path).toEqual([503, '86400']);
    }
  });

  test('are kept without a length, as many services send them, and not beyond limits.documentBytes', async () => {
    const long = { type: 'Person', name: 'x'.repeat(limits.documentBytes) };
    twofold({ '/long': long, '/users/me': { type: 'Person' } }, {});
    const reply = await warm('activitypub', '/users/me', '/long');
    expect(reply.stored).toEqual(['/users/me']);
    expect(reply.refused).toEqual([{ path: '/long', reason: `it is longer than ${limits.documentBytes} bytes` }]);
  });

  test.each<[string, object, Record<string, string>]>([
    ['to followers', { type: 'Note', to: ['https://x.example/followers'] }, {}],
    ['that is private', { type: 'Person' }, { 'Cache-Control': 'private' }],
    ['that sets a cookie', { type: 'Person' }, { 'Set-Cookie': 'a=b' }],
    ['that is old at once', { type: 'OrderedCollectionPage' }, { 'Cache-Control': 'max-age=0, public' }],
    ['of another type', { type: 'Person' }, { 'Content-Type': 'application/json' }],
  ])('are never one %s, and yesterday’s copy goes with it', async (_, document, more) => {
    twofold({ '/x': { type: 'Person' } });
    expect((await warm('activitypub', '/x')).stored).toEqual(['/x']);
    twofold({ '/x': document }, more);
    expect((await warm('activitypub', '/x')).stored).toEqual([]);
    await home.sleep();
    expect((await get('/x')).status).toBe(503);
  });

  test('never lie in the place of a page, nor are asked for at an address of the edge’s own', async () => {
    twofold({ '/x': { type: 'Person' } });
    const reply = await warm('activitypub', '/.porchlight/actor', `/${'x'.repeat(limits.copyPathLength)}`);
    expect([reply.stored, reply.refused.length, home.seen.length]).toEqual([[], 2, 0]);
    await warm('activitypub', '/x');
    await home.sleep();
    expect((await get('/x', browser)).status).toBe(503);
  });

  test('an order in a way that is not known is refused', async () => {
    expect((await home.call('POST', 'warm', { host, as: 'everything', paths: ['/'] })).status).toBe(400);
  });
});

describe('a refusal of the document', () => {
  test.each([301, 303, 401, 403, 404])('by %i leaves the page of the same address', async (status) => {
    twofold({ '/x': { type: 'Person' } });
    await warm('page', '/x');
    await warm('activitypub', '/x');
    home.answer = () => ({ status, headers: { Location: '/elsewhere' } });
    await (await get('/x')).text();
    await home.sleep();
    const page = await get('/x', browser);
    expect([page.status, await page.text()]).toEqual([200, 'page /x']);
  });
});

describe('what home said is gone', () => {
  const gone = (...paths: string[]) => ({ gone: paths.map((path) => ({ host, path })) });

  test('is 410: a Tombstone to peers, a page to people, a problem to programs, whatever was kept of it', async () => {
    twofold({ '/notes/1': { type: 'Note', to: 'as:Public' } });
    await warm('activitypub', '/notes/1');
    await warm('page', '/notes/1');
    await leave({ ...gone('/notes/1'), language: 'de' });
    await home.sleep();
    const told = await get('/notes/1');
    expect([told.status, told.headers.get('Content-Type')]).toEqual([410, 'application/activity+json']);
    expect(await told.json()).toMatchObject({ id: `${origin}/notes/1`, type: 'Tombstone' });
    const page = await get('/notes/1', browser);
    expect([page.status, page.headers.get('Content-Language')]).toEqual([410, 'de']);
    expect(await page.text()).toContain('Gelöscht');
    const problem = await get('/notes/1', 'application/json');
    expect([problem.status, ((await problem.json()) as { code: string }).code]).toEqual([410, 'gone']);
    for (const [path, status] of [
      ['/notes/2', 503],
      ['/notes/1?x=1', 503],
      ['/notes/1/', 503],
    ] as const) {
      expect((await get(path)).status, path).toBe(status);
    }
  });

  test('is never an account that home has, whatever the list says', async () => {
    const aliases = [`${origin}/@me`];
    const links = [{ rel: 'self', type: 'application/activity+json', href: `${origin}/users/me` }];
    const accounts = [{ subject: `acct:me@${host}`, aliases, links }];
    await leave({ ...gone('/users/me', '/@me', '/users/you'), accounts });
    await home.sleep();
    for (const path of ['/users/me', '/@me']) expect((await get(path)).status, path).toBe(503);
    expect((await get('/users/you')).status).toBe(410);
  });

  test('is said only while home is away, and only to who asks', async () => {
    twofold({ '/notes/1': { type: 'Note' } });
    await leave(gone('/notes/1'));
    expect((await get('/notes/1')).status).toBe(200);
    await home.sleep();
    expect((await SELF.fetch(`${origin}/notes/1`, { method: 'DELETE' })).status).toBe(503);
  });
});

describe('a service that shows documents only to who signs', () => {
  const apart = { authorizedFetch: true };

  test('has none given to who does not sign, not even those that passed by or were left', async () => {
    twofold({ '/users/me': { type: 'Person' }, '/users/key': { type: 'Person' } });
    await warm('activitypub', '/users/me');
    const document = { host, path: '/users/left', contentType: 'application/activity+json', body: '{}' };
    await leave({ documents: [document], blockedDomains: [] }, apart);
    await home.sleep();
    for (const path of ['/users/me', '/users/left', '/users/nobody']) {
      const refused = await get(path);
      expect([path, refused.status, refused.headers.has('WWW-Authenticate')]).toEqual([path, 401, true]);
    }
    // In words that leave in doubt which kind is wanted.
    for (const accept of [`text/html, ${peer}`, `${peer}, text/html`, `*/*, ${peer};q=0.9`]) {
      expect(await (await get('/users/left', accept)).text(), accept).not.toBe('{}');
    }
  });

  test('has those given to all that it showed to all: keys', async () => {
    twofold({ '/users/me/main-key': { type: 'Person' }, '/private': { type: 'Person' } });
    await leave({ blockedDomains: [] }, apart);
    expect((await warm('open-activitypub', '/users/me/main-key')).stored).toEqual(['/users/me/main-key']);
    twofold({ '/private': { type: 'Person' } }, { 'Cache-Control': 'private' });
    expect((await warm('open-activitypub', '/private')).stored).toEqual([]);
    await home.sleep();
    expect((await get('/users/me/main-key')).status).toBe(200);
    expect((await get('/private')).status).toBe(401);
    expect((await bindings.STORE.list({ prefix: `copies/${home.homeId}/` })).objects).toHaveLength(1);
  });

  test('is asked itself while it is awake, also for actors', async () => {
    home.answer = () => ({ status: 401, body: 'sign' });
    const links = [{ rel: 'self', type: 'application/activity+json', href: `${origin}/users/me` }];
    const accounts = [{ subject: `acct:me@${host}`, aliases: [], links }];
    const documents = [{ host, path: '/users/me', contentType: 'application/activity+json', body: '{}' }];
    await leave({ accounts, documents, blockedDomains: [] }, apart);
    const answer = await get('/users/me');
    expect([answer.status, await answer.text()]).toEqual([401, 'sign']);
  });

  test('is asked for at most limits.warmSignedPaths documents in one call', async () => {
    await leave({ blockedDomains: [] }, apart);
    const paths = Array.from({ length: limits.warmSignedPaths + 3 }, (_, n) => `/${n}`);
    const { refused } = await warm('activitypub', ...paths);
    expect(refused.filter(({ reason }) => reason === 'too many to be signed for at once')).toHaveLength(3);
  });
});
