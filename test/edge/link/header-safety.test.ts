// Whom a service takes for whom is decided by headers: what the edge says of a visitor is the edge's alone, and nothing
// that a stranger writes can take its place, push it out or be read as it. The incidents of others are tests here.

import { describe, expect, test } from 'vitest';
import { copyKey } from '../../../edge/cache/copy.ts';
import { type CarryFacts, requestHead } from '../../../edge/link/request-head.ts';
import { visitorHeaders } from '../../../edge/link/response-headers.ts';
import { headerOf } from '../../../shared/link/heads.ts';
import { type HomeSocket, LinkRig } from './link-rig.ts';

const facts: CarryFacts = { clientAddress: '203.0.113.7', host: 'site.example', scheme: 'https' };
const site = 'https://site.example';

function carried(headers: HeadersInit, change: Partial<CarryFacts> = {}): readonly string[] {
  return requestHead(new Request(site, { headers }), { ...facts, ...change }).headers;
}

function valuesOf(list: readonly string[], name: string): readonly string[] {
  return list.filter((_, at) => at % 2 === 1 && list[at - 1] === name);
}

const spoken = ['x-forwarded-for', 'x-real-ip', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'] as const;
const truth = ['203.0.113.7', '203.0.113.7', 'https', 'site.example', 'for=203.0.113.7;host=site.example;proto=https'];

function said(list: readonly string[]): readonly string[] {
  return spoken.flatMap((name) => valuesOf(list, name));
}

async function open(): Promise<{ rig: LinkRig; home: HomeSocket }> {
  const rig = await LinkRig.open();
  const { socket } = await rig.openLink();
  return { rig, home: socket };
}

describe('what the edge says of a visitor', () => {
  test('is said once, in each of the ways that services read', () => {
    expect(said(carried({}))).toEqual(truth);
  });

  test('quotes what the grammar of Forwarded wants quoted (RFC 7239 section 6)', () => {
    const list = carried({}, { clientAddress: '2001:db8::7', host: 'localhost:8780', scheme: 'http' });
    expect(said(list)).toEqual([
      '2001:db8::7',
      '2001:db8::7',
      'http',
      'localhost:8780',
      'for="[2001:db8::7]";host="localhost:8780";proto=http',
    ]);
  });

  test('leaves out an address that the platform did not say, rather than to believe anybody', () => {
    const list = carried({ 'X-Forwarded-For': '127.0.0.1', Forwarded: 'for=127.0.0.1' }, { clientAddress: null });
    expect(said(list)).toEqual(['https', 'site.example', 'host=site.example;proto=https']);
  });

  test.each([
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'X-Forwarded-Port',
    'X-Forwarded-Server',
    'X-Forwarded-Anything',
    'X-Real-IP',
    'X-Client-IP',
    'Client-IP',
    'True-Client-IP',
    'Forwarded',
    'X-Original-URL',
    'X-Rewrite-URL',
    'CF-Connecting-IP',
    'CF-Ray',
    'CDN-Loop',
    'Porchlight-Receipt',
    'Porchlight-Head',
  ])('cannot be said by a stranger: %s', (name) => {
    const list = carried({ [name]: 'forged' });
    expect(list).not.toContain('forged');
    expect(said(list)).toEqual(truth);
  });
});

describe('what others were hurt by', () => {
  test('Fabio, CVE-2025-48865: Connection does not take away what the edge says, nor who a visitor is', () => {
    const named = [...spoken, 'Authorization', 'Cookie', 'Host', 'Signature', 'Content-Length', 'Range', 'X-Own'];
    const headers = {
      Connection: `close, ${named.join(', ')}`,
      Authorization: 'Bearer a',
      Cookie: 'a=1',
      Signature: 'sig',
      Range: 'bytes=0-1',
      'X-Own': 'taken away',
    };
    const list = carried(headers);
    expect(said(list)).toEqual(truth);
    expect(
      ['authorization', 'cookie', 'signature', 'range', 'x-own', 'connection'].map((n) => headerOf(list, n)),
    ).toEqual(['Bearer a', 'a=1', 'sig', 'bytes=0-1', null, null]);
  });

  test('oauth2-proxy, CVE-2025-64484: no name is carried that a service may read as another', () => {
    const forged = [
      'X_Forwarded_For',
      'X-Forwarded_For',
      'X_Forwarded-Email',
      'X_Real_IP',
      'Authorization_',
      '_Cookie',
    ];
    const list = carried(Object.fromEntries(forged.map((name) => [name, 'forged'])));
    expect(list).not.toContain('forged');
    expect(list.filter((_, at) => at % 2 === 0 && list[at]?.includes('_'))).toEqual([]);
  });

  test('frp, CVE-2026-40910: nothing but the host routes; Proxy-Authorization is neither read nor carried', async () => {
    const { rig, home } = await open();
    const headers = {
      'Proxy-Authorization': `Basic ${btoa('other:secret')}`,
      Authorization: `Basic ${btoa('own:secret')}`,
      'X-Forwarded-Host': rig.otherHost,
      Forwarded: `host=${rig.otherHost}`,
    };
    const answer = rig.carry(new Request(`https://${rig.host}/`, { headers }), rig.host);
    const { id, head } = await home.request();
    expect([head.host, headerOf(head.headers, 'x-forwarded-host')]).toEqual([rig.host, rig.host]);
    expect(headerOf(head.headers, 'proxy-authorization')).toBeNull();
    expect(headerOf(head.headers, 'authorization')).toBe(headers.Authorization);
    home.respond(id, null);
    await answer;
  });

  test('chisel, CVE-2024-43798: there is no way to leave authentication out: without a proof nothing is carried', async () => {
    const rig = await LinkRig.open();
    const { socket } = await rig.dial();
    const answered = await rig.carry(new Request(site));
    expect(answered).toMatchObject({ absent: { link: 'never' } });
    // An empty proof is a proof that does not hold, not one that is not asked for.
    const { hello } = await rig.dial();
    expect(hello.nonce).toHaveLength(43);
    const { socket: empty } = await rig.dial();
    expect(await rig.verdict(empty, new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0, 0]))).not.toBe('welcome');
    expect(await rig.carry(new Request(site))).toMatchObject({ absent: { link: 'never' } });
    socket.close();
  });

  test('Pingora, CVE-2026-2836: what is kept of one host is never another one’s', async () => {
    const keys = await Promise.all(
      [`${site}/x`, 'https://other.example/x', 'https://site.example:8443/x', `${site}//x`].map(
        async (url) => await copyKey('home-a', new URL(url), 'html'),
      ),
    );
    keys.push(await copyKey('home-b', new URL(`${site}/x`), 'html'));
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('Pingora, CVE-2026-2833: an upgrade that nobody granted is an answer like any other', async () => {
    const { rig, home } = await open();
    const headers = { Connection: 'Upgrade', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' };
    const answer = rig.carried(new Request(site, { headers }));
    const { id, head } = await home.request();
    for (const name of ['connection', 'upgrade', 'http2-settings']) expect(headerOf(head.headers, name)).toBeNull();
    home.respond(id, 'plain', { headers: ['Upgrade', 'h2c', 'Connection', 'Upgrade'] });
    const response = await answer;
    expect([response.status, response.headers.get('upgrade'), await response.text()]).toEqual([200, null, 'plain']);
  });
});

describe('an answer', () => {
  test('cannot speak for the platform or for Porchlight, nor take away its own length by Connection', () => {
    const list = ['CF-Ray', 'x', 'Porchlight-Outcome', 'x', 'Connection', 'Content-Length, Set-Cookie, X-Own'];
    const visitor = visitorHeaders([...list, 'Content-Length', '2', 'Set-Cookie', 'a=1', 'X-Own', 'x']);
    expect([...(visitor?.headers ?? [])]).toEqual([
      ['content-length', '2'],
      ['set-cookie', 'a=1'],
    ]);
  });

  test.each([
    [['Content-Type', 'text/event-stream'], 'no-transform'],
    [['Content-Type', 'text/event-stream; charset=utf-8', 'Cache-Control', 'no-cache'], 'no-cache, no-transform'],
    [['Cache-Control', 'no-store, No-Transform', 'Content-Type', 'TEXT/Event-Stream'], 'no-store, No-Transform'],
    [['Content-Type', 'text/event-streams'], null],
    [['Content-Type', 'text/html'], null],
  ])('of events may not be transformed on its way: %j', (list, cacheControl) => {
    expect(visitorHeaders(list)?.headers.get('cache-control') ?? null).toBe(cacheControl);
  });

  test('of events is asked for without a coding, which would hold them back; others as the platform asks', () => {
    const asked = (headers: HeadersInit): readonly string[] => valuesOf(carried(headers), 'accept-encoding');
    expect(asked({ 'Accept-Encoding': 'br, gzip', Accept: 'text/event-stream' })).toEqual(['identity']);
    expect(asked({ Accept: 'text/event-stream', 'Accept-Encoding': 'br, gzip' })).toEqual(['identity']);
    expect(asked({ 'Accept-Encoding': 'br, gzip', Accept: 'text/html' })).toEqual(['br, gzip']);
    expect(asked({})).toEqual([]);
  });
});

describe('a request', () => {
  test.each([
    ['expectation', { headers: { Expect: 'a miracle' } }],
    ['expectation', { headers: { Expect: '100-continue, a miracle' } }],
    ['method-not-carried', { method: 'TRACE' }],
  ])('that cannot be put to any service is none: %s', async (failed, init) => {
    const { rig, home } = await open();
    expect(await rig.carry(new Request(site, init))).toEqual({ failed });
    expect(home.waiting).toEqual([]);
  });

  test('is carried without its 100-continue, which the platform has met', () => {
    expect(headerOf(carried({ Expect: '100-Continue' }), 'expect')).toBeNull();
  });
});
