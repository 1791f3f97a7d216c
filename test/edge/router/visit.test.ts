// Visitors and peers at the door: carried while home is there, copies and friendly pages while it is away.

import { reset, SELF } from 'cloudflare:test';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { webSocketsSince } from '../../../shared/link/frames.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { bindings, migrated } from '../home/directory-database.ts';
import { exampleSnapshot } from '../home/example-snapshot.ts';
import { SmallHome } from './small-home.ts';

const browser = { Accept: 'text/html,*/*;q=0.8' };
let home: SmallHome;
let origin: string;
let tests = 0;

beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts for a moment: each test has its own.
  tests += 1;
  origin = `https://t${tests}.example`;
  home = await SmallHome.claimed(origin);
});

async function get(path: string, init: RequestInit = {}): Promise<Response> {
  return await SELF.fetch(`${origin}${path}`, init);
}

/** What home takes and who lives there; without it the edge cannot tell a delivery from a question. */
async function leaveSnapshot(changes: Partial<Snapshot> = {}): Promise<void> {
  const { host } = new URL(origin);
  const services = [{ name: 'site', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage'] as const }];
  const snapshot = exampleSnapshot({ services, documents: [], ...changes });
  expect((await home.call('PUT', 'snapshot', snapshot)).status).toBe(200);
}

/** Goes on when what the Worker does behind a visitor's back is done. */
async function copied(path: string, text: string): Promise<void> {
  await vi.waitFor(async () => expect(await (await get(path)).text()).toBe(text), { timeout: 3_000 });
}

describe('a host of nobody', () => {
  test('is told so on every path, and nothing else', async () => {
    for (const path of [
      '/',
      '/.well-known/webfinger?resource=acct:a@b',
      '/inbox',
      '/nodeinfo/2.1',
      '/.porchlight/v1/spool',
    ]) {
      const response = await SELF.fetch(`https://nobody.example${path}`, {
        method: path === '/inbox' ? 'POST' : 'GET',
      });
      expect(response.status).toBe(421);
      expect(await response.json()).toEqual({ title: expect.any(String), status: 421, code: 'unknown-host' });
    }
  });

  test('stays so though it looks like a claimed one', async () => {
    for (const host of [`x.${new URL(origin).host}`, `${new URL(origin).host}:8443`, `${new URL(origin).host}.`]) {
      expect((await SELF.fetch(`https://${host}/`)).status).toBe(421);
    }
  });
});

describe('while home is there', () => {
  test('a question reaches it with path and query as they were sent', async () => {
    await home.connect();
    for (const path of ['/', '/a%2Fb/%C3%A9?x=%20&y=1&y=2', '/%2e%2e%2Fetc', '/a//b', '/a?', '/%zz']) {
      expect(await (await get(path)).text()).toBe(`page ${path}`);
    }
    expect(home.seen.every((request) => request.host === new URL(origin).host)).toBe(true);
  });

  test('every method is carried, and its answer comes back as it is', async () => {
    await home.connect();
    await leaveSnapshot();
    home.answer = ({ method }) => ({ status: 418, headers: { 'X-Method': method }, body: method });
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await get('/thing', { method });
      expect([response.status, response.headers.get('X-Method'), await response.text()]).toEqual([418, method, method]);
    }
  });

  test('before home has said what it takes, nothing that may be a delivery is carried', async () => {
    await home.connect();
    const response = await get('/inbox', { method: 'POST', body: '{}' });
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '60']);
    expect(await response.json()).toMatchObject({ code: 'not-ready' });
    expect(home.seen).toEqual([]);
  });

  test('a document that changes is asked of home, and answered from the snapshot when home is away', async () => {
    await home.connect();
    const contentType = 'application/activity+json';
    const { host } = new URL(origin);
    await leaveSnapshot({
      accounts: [{ subject: `acct:a@${host}`, aliases: [], links: [{ rel: 'self', href: `${origin}/actor` }] }],
      documents: [
        { host, path: '/actor', contentType, body: '"actor as left"' },
        { host, path: '/outbox', contentType, body: '"outbox as left"' },
      ],
    });
    const asked = async (path: string): Promise<string> =>
      await (await get(path, { headers: { Accept: contentType } })).text();
    expect(await asked('/actor')).toBe('"actor as left"');
    expect(await asked('/outbox')).toBe('page /outbox');
    await home.sleep(null);
    expect(await asked('/actor')).toBe('"actor as left"');
    expect(await asked('/outbox')).toBe('"outbox as left"');
  });

  test('a name that is not in the snapshot is asked of home while a service has not said who lives there', async () => {
    await home.connect();
    const path = `/.well-known/webfinger?resource=${encodeURIComponent(`acct:nobody@${new URL(origin).host}`)}`;
    await leaveSnapshot({ complete: false });
    expect(await (await get(path)).text()).toBe(`page ${path}`);
  });

  test('a WebSocket passes the door as home answers it: 101 with its socket, or an answer of which no copy is kept', async () => {
    await home.connect(webSocketsSince);
    await leaveSnapshot();
    home.answer = () => ({ status: 101, headers: { 'Sec-WebSocket-Protocol': 'v2' } });
    const upgrade = { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'v1, v2' };
    const { status, headers, webSocket } = await get('/socket', { headers: upgrade });
    expect([status, headers.get('Sec-WebSocket-Protocol')]).toEqual([101, 'v2']);
    const heard: unknown[] = [];
    webSocket?.addEventListener('message', ({ data }) => heard.push(data));
    webSocket?.accept();
    await vi.waitUntil(() => heard.length > 0);
    expect(heard).toEqual(['welcome']);
    home.answer = () => ({ headers: { 'Content-Type': 'text/html', 'Cache-Control': 'public' }, body: 'for a socket' });
    expect(await (await get('/page', { headers: upgrade })).text()).toBe('for a socket');
    home.answer = () => ({ headers: { 'Content-Type': 'text/html', 'Cache-Control': 'public' }, body: 'for a page' });
    expect(await (await get('/page')).text()).toBe('for a page');
    await home.sleep(null);
    await copied('/page', 'for a page');
    const asleep = await get('/page', { headers: upgrade });
    expect([asleep.status, asleep.webSocket, asleep.headers.has('Retry-After')]).toEqual([503, null, true]);
    expect(await asleep.json()).toMatchObject({ code: 'asleep' });
  });

  test('a WebSocket is refused clearly where home’s version carries none, and nothing is asked of home', async () => {
    await home.connect();
    const response = await get('/', { headers: { Upgrade: 'websocket' } });
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({ code: 'no-web-sockets' });
    expect(home.seen).toEqual([]);
  });

  test('HEAD has the length and no body', async () => {
    await home.connect();
    home.answer = () => ({ headers: { 'Content-Type': 'text/html' }, body: '12345' });
    const response = await get('/', { method: 'HEAD' });
    expect([response.status, response.headers.get('Content-Length'), await response.text()]).toEqual([200, '5', '']);
  });

  test('nothing under /.porchlight/ is ever carried, however it is spelled', async () => {
    await home.connect();
    for (const path of [
      '/.porchlight/v1/spool',
      '/.porchlight/',
      '/.porchlight',
      '/.porchlight/v2/anything',
      '/%2eporchlight/v1/spool',
      '/.%70orchlight/v1/spool',
      '/.Porchlight/v1/spool',
      '/%2e%70orchlight%2fv1%2fspool',
      '/x/../.porchlight/v1/spool',
    ]) {
      for (const method of ['GET', 'POST', 'PUT']) {
        expect((await get(path, { method })).status, path).toBeGreaterThanOrEqual(400);
      }
    }
    expect(home.seen).toEqual([]);
  });

  test('a service’s own failure is passed on, and what is no answer is said to be none', async () => {
    await home.connect();
    home.answer = () => ({ status: 503, body: 'maintenance' });
    const response = await get('/');
    expect([response.status, await response.text()]).toEqual([503, 'maintenance']);
  });

  test.each([
    ['bad-request', 400, 'bad-request'],
    ['not-served', 421, 'not-served'],
    ['failed', 502, 'failed'],
    ['enough', 502, 'failed'],
    ['unknown', 502, 'failed'],
    ['service-down', 503, 'service-away'],
    ['busy', 503, 'away'],
    ['too-late', 503, 'away'],
  ] as const)(
    'a question that home cannot put to its service is answered so that nobody is harmed: %s',
    async (cancel, status, code) => {
      await home.connect();
      home.answer = () => ({ cancel });
      const response = await get('/', { headers: { Accept: 'application/activity+json' } });
      expect([response.status, response.headers.get('Cache-Control')]).toEqual([status, 'no-store']);
      expect(response.headers.has('Retry-After')).toBe(status === 503);
      expect(await response.json()).toMatchObject({ status, code });
    },
  );

  test.each([
    ['TRACE', {}, 501, 'method-not-carried'],
    ['POST', { Expect: 'a miracle' }, 417, 'expectation'],
    ['GET', { Expect: 'a miracle' }, 417, 'expectation'],
  ])(
    'what cannot be put to any service is refused, and home is not asked: %s %j',
    async (method, headers, status, code) => {
      await home.connect();
      // Asked before home has left a snapshot, a POST may be a delivery.
      await leaveSnapshot();
      const response = await get('/', { method, headers });
      expect(await response.json()).toMatchObject({ status, code });
      expect(home.seen).toEqual([]);
    },
  );

  test('a page that was seen is given from its copy while its service is down', async () => {
    await home.connect();
    expect(await (await get('/seen')).text()).toBe('page /seen');
    home.answer = () => ({ cancel: 'service-down' });
    await copied('/seen', 'page /seen');
    expect((await get('/seen')).headers.get('Cache-Status')).toBe('porchlight; hit; detail=failing');
    const other = await get('/unseen', { headers: browser });
    expect([other.status, await other.text()]).toEqual([503, expect.stringContaining('This part of the site')]);
  });

  test('a service that its owner stopped is not asked: its pages come from copies, the rest is told when it is back', async () => {
    await home.connect(2);
    await leaveSnapshot({ language: 'de' });
    expect(await (await get('/seen', { headers: browser })).text()).toBe('page /seen');
    const until = Date.now() + 7_200_000;
    const { host } = new URL(origin);
    home.tell(1, [{ name: 'site', hosts: [host], state: 'down', since: 0, why: 'stopped', until }]);
    await vi.waitFor(async () => expect((await get('/new', { headers: browser })).status).toBe(503));
    const asked = home.seen.length;
    const page = await get('/new', { headers: browser });
    expect(Number(page.headers.get('Retry-After'))).toBeGreaterThan(7_000);
    const text = await page.text();
    expect(text).toContain('Dieser Teil der Seite ruht gerade.');
    expect(text).toContain(`<time datetime="${new Date(until).toISOString()}">`);
    expect(await (await get('/form', { method: 'PUT' })).json()).toMatchObject({ status: 503, code: 'service-away' });
    await vi.waitFor(async () => {
      const copy = await get('/seen', { headers: browser });
      expect([copy.status, copy.headers.get('Cache-Status')]).toEqual([200, 'porchlight; hit; detail=stopped']);
    });
    const warmed = await home.call('POST', 'warm', { paths: ['/'] });
    expect(await warmed.json()).toMatchObject({ refused: [{ path: '/', reason: 'its service is down (stopped)' }] });
    expect(home.seen.length).toBe(asked);
  });

  test('headers longer than the link bears are refused', async () => {
    await home.connect();
    const response = await get('/', { headers: { 'X-Long': 'x'.repeat(limits.frameHeadBytes) } });
    expect([response.status, home.seen.length]).toEqual([431, 0]);
  });
});

describe('while home is away', () => {
  const wake = (): number => Date.UTC(2100, 0, 1);

  test('a page that was seen is given from its copy, and another is the friendly page', async () => {
    await home.connect();
    await (await get('/seen', { headers: browser })).text();
    await copied('/seen', 'page /seen');
    await home.sleep(wake());
    const seen = await get('/seen', { headers: browser });
    expect([seen.status, await seen.text()]).toEqual([200, 'page /seen']);
    expect(seen.headers.get('Cache-Status')).toBe('porchlight; hit; detail=asleep');
    expect(Number(seen.headers.get('Age'))).toBeGreaterThanOrEqual(0);
    const other = await get('/other', { headers: browser });
    expect([other.status, other.headers.get('Content-Type')]).toEqual([503, 'text/html; charset=utf-8']);
    expect(other.headers.get('Retry-After')).toBe('86400');
    expect(await other.text()).toContain('<time datetime="2100-01-01T00:00:00.000Z">');
  });

  test('what was private is never given to anybody', async () => {
    await home.connect();
    const answers: Record<string, Record<string, string>> = {
      '/cookie': { 'Set-Cookie': 'session=secret' },
      '/private': { 'Cache-Control': 'private' },
      '/no-store': { 'Cache-Control': 'no-store' },
    };
    home.answer = ({ path }) => ({
      headers: { 'Content-Type': 'text/html', ...answers[path] },
      body: `secret ${path}`,
    });
    const asked: [string, Record<string, string>][] = [
      ['/cookie', {}],
      ['/private', {}],
      ['/no-store', {}],
      ['/a', { Authorization: 'Bearer x' }],
      ['/b', { Cookie: 'session=secret' }],
      ['/c', { Signature: 'keyId="x"' }],
    ];
    for (const [path, headers] of asked) expect(await (await get(path, { headers })).text()).toBe(`secret ${path}`);
    await home.sleep();
    for (const [path, headers] of asked) {
      for (const visitor of [{}, headers]) {
        const response = await get(path, { headers: visitor });
        expect(response.status, path).toBe(503);
        expect(await response.text()).not.toContain('secret');
      }
    }
  });

  test('what would change something is told to come again', async () => {
    await home.connect();
    await leaveSnapshot();
    await home.sleep(wake());
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const response = await get('/form', { method, headers: { Accept: 'application/json' } });
      expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '86400']);
      expect(await response.json()).toMatchObject({ code: 'asleep' });
    }
  });

  test('a compressed page is given as home compressed it, there and away', async () => {
    await home.connect();
    const plain = 'a garden '.repeat(500);
    const zipped = await new Response(new Blob([plain]).stream().pipeThrough(new CompressionStream('gzip'))).bytes();
    home.answer = () => ({
      headers: { 'Content-Type': 'text/css', 'Content-Encoding': 'gzip', ETag: '"z"' },
      body: zipped,
    });
    expect(await (await get('/style.css')).text()).toBe(plain);
    await copied('/style.css', plain);
    await home.sleep();
    await vi.waitFor(async () => {
      const response = await get('/style.css');
      expect([response.headers.get('Content-Encoding'), await response.text()]).toEqual(['gzip', plain]);
    });
  });

  test('what nobody foresaw is said without a word of why', async () => {
    await bindings.DIRECTORY.exec('DROP TABLE hosts');
    const response = await get('/');
    expect(await response.json()).toEqual({ title: expect.any(String), status: 500, code: 'internal' });
  });

  test('a home that has never been there has a page too', async () => {
    const response = await get('/', { headers: browser });
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('Not here yet');
  });
});
