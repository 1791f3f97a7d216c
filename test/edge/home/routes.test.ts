// What a home asks of its edge, and that nobody else can ask it.

import { reset, SELF } from 'cloudflare:test';
import { exportJWK, generateKeyPair } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeClaim } from '../../../shared/claim/claim.ts';
import { makeClaimCode } from '../../../shared/claim/code.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { batchContentType, decodeBatch } from '../../../shared/lease/batch.ts';
import type { WaitingList } from '../../../shared/lease/messages.ts';
import { limits } from '../../../shared/limits.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { SmallHome } from '../router/small-home.ts';
import { arrival, bindings as objects } from '../spool/spool-rig.ts';
import { addCode, bindings, migrated } from './directory-database.ts';
import { exampleSnapshot } from './example-snapshot.ts';

const spools = objects.SPOOL;
let home: SmallHome;
let origin: string;
let host: string;
let tests = 0;

beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts for a moment: each test has its own.
  tests += 1;
  host = `r${tests}.example`;
  origin = `https://${host}`;
  home = await SmallHome.claimed(origin, `www.${host}`);
});

function snapshotOfHost(changes: Partial<Snapshot> = {}): Snapshot {
  return JSON.parse(JSON.stringify(exampleSnapshot(changes)).replaceAll('a.example', host)) as Snapshot;
}

async function codeOf(response: Response): Promise<[number, string]> {
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
}

describe('POST claim', () => {
  const claimAt = async (at: string, body: unknown): Promise<Response> =>
    await SELF.fetch(`${at}/.porchlight/v1/claim`, { method: 'POST', body: JSON.stringify(body) });

  async function aClaim(at: string, hosts: readonly string[]) {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const code = makeClaimCode(systemRandom);
    await addCode(code, hosts, systemClock.now() + limits.claimCodeMs);
    return await makeClaim(code, at, await exportJWK(publicKey), privateKey);
  }

  test('lets a home in at any host of the edge, and its hosts are known at once', async () => {
    const at = `https://new.${host}`;
    expect((await SELF.fetch(`${at}/`)).status).toBe(421);
    const claim = await aClaim(at, [`new.${host}`]);
    const first = (await (await claimAt(at, claim)).json()) as { homeId: string };
    expect(first).toEqual({ homeId: expect.any(String), hosts: [`new.${host}`], already: false });
    expect((await SELF.fetch(`${at}/`)).status).toBe(503);
    expect(await (await claimAt(at, claim)).json()).toEqual({ ...first, already: true });
  });

  test('refuses a claim made for another edge, a used code and what is no claim', async () => {
    const claim = await aClaim('https://elsewhere.example', ['x.example']);
    expect(await codeOf(await claimAt(origin, claim))).toEqual([403, 'claim-proof']);
    const good = await aClaim(origin, ['y.example']);
    await claimAt(origin, good);
    const thief = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const stolen = await makeClaim(good.code, origin, await exportJWK(thief.publicKey), thief.privateKey);
    expect(await codeOf(await claimAt(origin, stolen))).toEqual([403, 'claim-refused']);
    const unknown = await makeClaim(
      makeClaimCode(systemRandom),
      origin,
      await exportJWK(thief.publicKey),
      thief.privateKey,
    );
    expect(await codeOf(await claimAt(origin, unknown))).toEqual([403, 'claim-refused']);
    expect(await codeOf(await claimAt(origin, await aClaim(origin, [host])))).toEqual([409, 'host-taken']);
    expect(await codeOf(await claimAt(origin, null))).toEqual([400, 'claim-malformed']);
    expect(await codeOf(await claimAt(origin, { ...good, code: 'short' }))).toEqual([400, 'claim-code-malformed']);
    expect(await codeOf(await claimAt(origin, 'x'.repeat(100_000)))).toEqual([413, 'too-large']);
  });
});

describe('GET link', () => {
  test('opens only at a host of the home that it names', async () => {
    const dial = async (
      at: string,
      homeId: string,
      headers: HeadersInit = { Upgrade: 'websocket' },
    ): Promise<Response> => await SELF.fetch(`${at}/.porchlight/v1/link?home=${homeId}`, { headers });
    const other = await SmallHome.claimed(`https://other-${host}`);
    expect(await codeOf(await dial(other.origin, home.homeId))).toEqual([403, 'not-this-home']);
    expect(await codeOf(await dial('https://nobody.example', home.homeId))).toEqual([403, 'not-this-home']);
    expect(await codeOf(await dial(origin, 'x'))).toEqual([403, 'not-this-home']);
    expect(await codeOf(await dial(origin, ''))).toEqual([403, 'not-this-home']);
    expect(await codeOf(await dial(origin, home.homeId, {}))).toEqual([426, 'not-a-websocket']);
    expect((await dial(origin, home.homeId)).status).toBe(101);
    expect((await dial(`https://www.${host}`, home.homeId)).status).toBe(101);
  });
});

describe('a signed call', () => {
  const calls: [string, string][] = [
    ['POST', 'lease'],
    ['GET', 'bodies/x'],
    ['POST', 'replay'],
    ['GET', 'spool'],
    ['GET', 'dead-letters'],
    ['POST', 'dead-letters/1/retry'],
    ['POST', 'dead-letters/1/discard'],
    ['GET', 'spool/waiting'],
    ['GET', 'spool/deliveries/1'],
    ['POST', 'spool/waiting/1/now'],
    ['POST', 'spool/waiting/1/discard'],
    ['POST', 'spool/kept/1/replay'],
    ['PUT', 'snapshot'],
    ['PUT', 'config'],
    ['POST', 'warm'],
  ];

  test.each(calls)('%s %s is refused without a signature, and with another home’s', async (method, name) => {
    await home.connect();
    const body = '{"since":0}';
    const init = { method, ...(method === 'GET' ? {} : { body }) };
    const address = `${origin}/.porchlight/v1/${name}`;
    const bare = await SELF.fetch(address, init);
    expect(bare.headers.get('WWW-Authenticate')).toBe('Porchlight');
    expect(await codeOf(bare)).toEqual([401, 'not-signed']);
    for (const Authorization of ['Bearer x', 'Porchlight', 'Porchlight a b', 'Porchlight x.y.z']) {
      expect((await SELF.fetch(address, { ...init, headers: { Authorization } })).status).toBe(401);
    }
    const other = await SmallHome.claimed(`https://other-${host}`);
    await other.connect();
    const bytes = new Uint8Array(method === 'GET' ? [] : new TextEncoder().encode(body));
    const foreign = await other.signed(method, `/.porchlight/v1/${name}`, bytes, origin);
    expect(await codeOf(await SELF.fetch(address, { ...init, headers: { Authorization: foreign } }))).toEqual([
      401,
      'call-refused',
    ]);
  });

  test('is about one method, path, query, body and edge, and good for once', async () => {
    await home.connect();
    const path = '/.porchlight/v1/replay';
    const body = new Uint8Array(new TextEncoder().encode('{"since":0}'));
    const send = async (Authorization: string, at = `${origin}${path}`, sent: BodyInit = body): Promise<number> =>
      (await SELF.fetch(at, { method: 'POST', body: sent, headers: { Authorization } })).status;
    expect(await send(await home.signed('PUT', path, body))).toBe(401);
    expect(await send(await home.signed('POST', '/.porchlight/v1/lease', body))).toBe(401);
    expect(await send(await home.signed('POST', path, body), `${origin}${path}?x=1`)).toBe(401);
    expect(await send(await home.signed('POST', path, body), `${origin}${path}`, '{"since":1}')).toBe(401);
    expect(await send(await home.signed('POST', path, body, `https://www.${host}`))).toBe(401);
    const good = await home.signed('POST', path, body);
    expect([await send(good), await send(good)]).toEqual([200, 401]);
  });

  test('is refused before any link was opened, and of a session before the newest', async () => {
    await home.connect();
    const path = '/.porchlight/v1/spool';
    const old = await home.signed('GET', path, new Uint8Array(0));
    await home.connect();
    expect((await SELF.fetch(`${origin}${path}`, { headers: { Authorization: old } })).status).toBe(401);
    expect((await home.call('GET', 'spool')).status).toBe(200);
  });

  test('signed by another key is refused before its body is read, however long that is', async () => {
    await home.connect();
    const other = await SmallHome.claimed(`https://other-${host}`);
    await other.connect();
    const path = '/.porchlight/v1/snapshot';
    const Authorization = await other.signed('PUT', path, new Uint8Array(), origin);
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(64 * 1024));
        if (pulled * 64 * 1024 > 4 * limits.snapshotBytes) controller.close();
      },
    });
    const response = await SELF.fetch(`${origin}${path}`, { method: 'PUT', headers: { Authorization }, body });
    expect(await codeOf(response)).toEqual([401, 'call-refused']);
    expect(pulled * 64 * 1024).toBeLessThan(limits.snapshotBytes);
  });

  test('longer than its limit is refused unread', async () => {
    await home.connect();
    expect((await home.call('POST', 'replay', 'x'.repeat(100_000))).status).toBe(413);
    expect((await home.call('PUT', 'snapshot', 'x'.repeat(limits.snapshotBytes))).status).toBe(413);
    expect((await home.call('PUT', 'config', 'x'.repeat(limits.configBytes))).status).toBe(413);
  });

  test('of no name is nothing', async () => {
    await home.connect();
    for (const [method, name] of [
      ['GET', 'lease'],
      ['POST', 'nothing'],
      ['DELETE', 'snapshot'],
    ] as const) {
      expect((await home.call(method, name)).status).toBe(404);
    }
  });
});

describe('the spool', () => {
  test('answers a turn with a batch, and tells what waits', async () => {
    await home.connect();
    const turn = await home.call('POST', 'lease', { answers: [], renew: [], max: 10, services: ['site'] });
    expect([turn.status, turn.headers.get('Content-Type')]).toEqual([200, batchContentType]);
    // Home compares its clock with it.
    expect(turn.headers.get('Date')).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    const { reply, deliveries } = decodeBatch(await turn.bytes());
    expect([reply.lease, reply.more, deliveries.length]).toEqual([null, false, 0]);
    expect(await (await home.call('GET', 'spool')).json()).toMatchObject({ waiting: 0, dead: 0 });
    expect(await (await home.call('GET', 'dead-letters')).json()).toEqual([]);
    expect(await (await home.call('POST', 'replay', { since: 0 })).json()).toEqual({ replayed: 0 });
  });

  test('shows the owner what waits, and does with one delivery what the owner says', async () => {
    await home.connect();
    const [given, bytes] = await arrival('a1', { service: 'site' });
    const stub = spools.get(spools.idFromName(home.homeId));
    await stub.put(given, bytes);
    const list = (await (await home.call('GET', 'spool/waiting?after=0&limit=5')).json()) as WaitingList;
    expect(list).toMatchObject({ deliveries: [{ id: given.id, service: 'site' }], next: null });
    const seq = list.deliveries[0]?.seq ?? 0;
    expect(await (await home.call('GET', `spool/waiting?after=${seq}`)).json()).toEqual({ deliveries: [], next: null });
    for (const name of [seq, given.id]) {
      const looked = await home.call('GET', `spool/deliveries/${name}`);
      expect(looked.headers.get('Cache-Control')).toBe('no-store');
      expect(await looked.json()).toMatchObject({ state: 'waiting', delivery: { id: given.id } });
    }
    expect((await home.call('POST', `spool/waiting/${seq}/now`)).status).toBe(200);
    const answers = [{ seq, id: given.id, outcome: 'delivered' }];
    await home.call('POST', 'lease', { answers, renew: [], max: 0, services: [] });
    expect(await (await home.call('POST', `spool/kept/${seq}/replay`)).json()).toEqual({ replayed: 1 });
    expect(await (await home.call('GET', 'spool')).json()).toMatchObject({
      services: [{ name: 'site', waiting: 1 }],
      kept: 0,
    });
    expect(await (await home.call('POST', `spool/waiting/${seq}/discard`)).json()).toEqual({ wasInHand: false });
    expect(await (await home.call('GET', 'spool')).json()).toMatchObject({ waiting: 0, services: [] });
  });

  test('says what was wrong with a call of home', async () => {
    await home.connect();
    for (const query of ['after=x', 'after=-1', 'limit=1.5', 'limit=', `after=${'9'.repeat(20)}`]) {
      expect(await codeOf(await home.call('GET', `spool/waiting?${query}`))).toEqual([400, 'list-malformed']);
    }
    expect(await codeOf(await home.call('GET', 'spool/deliveries/none'))).toEqual([404, 'no-delivery']);
    expect(await codeOf(await home.call('POST', 'spool/waiting/x/now'))).toEqual([404, 'not-waiting']);
    expect(await codeOf(await home.call('POST', 'spool/waiting/7/discard'))).toEqual([404, 'not-waiting']);
    expect(await codeOf(await home.call('POST', 'spool/kept/7/replay'))).toEqual([404, 'not-kept']);
    expect(await codeOf(await home.call('POST', 'lease', { answers: 1 }))).toEqual([400, 'turn-malformed']);
    expect(await codeOf(await home.call('POST', 'replay', { since: 'x' }))).toEqual([400, 'replay-malformed']);
    expect(await codeOf(await home.call('GET', 'bodies/none'))).toEqual([404, 'no-body']);
    expect(await codeOf(await home.call('POST', 'dead-letters/7/retry'))).toEqual([404, 'no-dead-letter']);
    expect(await codeOf(await home.call('POST', 'dead-letters/x/discard'))).toEqual([404, 'no-dead-letter']);
  });
});

describe('PUT snapshot', () => {
  test('is taken, and strangers are answered from it, there and away', async () => {
    await home.connect();
    const taken = await home.call('PUT', 'snapshot', snapshotOfHost());
    expect([taken.status, await taken.json()]).toEqual([200, { version: 1 }]);
    const finger = `${origin}/.well-known/webfinger?resource=acct:owner@${host}`;
    const actor = { headers: { Accept: 'application/activity+json' } };
    expect(await (await SELF.fetch(finger)).json()).toMatchObject({ subject: `acct:owner@${host}` });
    await home.sleep();
    expect(await (await SELF.fetch(finger)).json()).toMatchObject({ subject: `acct:owner@${host}` });
    expect(await (await SELF.fetch(`${origin}/users/owner`, actor)).json()).toEqual({ type: 'Person' });
    expect((await SELF.fetch(`${origin}/.well-known/nodeinfo`)).status).toBe(200);
    expect(home.seen).toEqual([]);
  });

  test('is refused when it widens what was claimed, is older, or is malformed, and says why', async () => {
    await home.connect();
    const [service] = snapshotOfHost().services;
    const wide = snapshotOfHost({ services: [{ ...service, hosts: ['else.example'] } as never] });
    expect(await codeOf(await home.call('PUT', 'snapshot', wide))).toEqual([400, 'snapshot-foreign-host']);
    await home.call('PUT', 'snapshot', snapshotOfHost({ version: 7 }));
    const older = await home.call('PUT', 'snapshot', snapshotOfHost({ version: 6 }));
    expect(older.status).toBe(409);
    expect(await older.json()).toMatchObject({ code: 'snapshot-older', detail: expect.stringContaining('version 7') });
    expect(await codeOf(await home.call('PUT', 'snapshot', { version: 8 }))).toEqual([400, 'snapshot-malformed']);
  });

  test('makes inboxes known: what is posted there is judged and never carried', async () => {
    await home.connect();
    await home.call('PUT', 'snapshot', snapshotOfHost());
    const post = async (): Promise<Response> =>
      await SELF.fetch(`${origin}/inbox`, { method: 'POST', body: '{"type":"Follow","actor":"https://b.example/u"}' });
    expect((await post()).status).toBe(401);
    await home.sleep();
    expect((await post()).status).toBe(401);
    expect(home.seen).toEqual([]);
  });
});

describe('POST warm', () => {
  test('keeps public pages before home sleeps, and tells which it did not keep and why', async () => {
    await home.connect();
    home.answer = ({ path }) => ({
      status: path === '/gone' ? 404 : 200,
      headers: { 'Content-Type': 'text/html', ...(path === '/me' ? { 'Cache-Control': 'private' } : {}) },
      body: `page ${path}`,
    });
    const asked = { paths: ['/', '/feed.xml', '/me', '/gone', '/a?b=1', '//evil.example/x', '/.porchlight/v1/spool'] };
    const reply = await home.call('POST', 'warm', asked);
    expect(await reply.json()).toEqual({
      stored: expect.arrayContaining(['/', '/feed.xml', '//evil.example/x']),
      refused: expect.arrayContaining([
        { path: '/me', reason: 'its Cache-Control says private' },
        { path: '/gone', reason: 'its status is 404' },
        { path: '/a?b=1', reason: expect.any(String) },
        { path: '/.porchlight/v1/spool', reason: expect.any(String) },
      ]),
    });
    expect(home.seen.every((request) => request.host === host)).toBe(true);
    expect(home.seen.some((request) => request.path.startsWith('/.porchlight/'))).toBe(false);
    await home.sleep();
    expect(await (await SELF.fetch(`${origin}/feed.xml`)).text()).toBe('page /feed.xml');
    expect((await SELF.fetch(`${origin}/me`)).status).toBe(503);
    expect((await bindings.STORE.list({ prefix: `copies/${home.homeId}/` })).objects).toHaveLength(3);
  });

  test('asks at another host of this home when it is named, and at no other', async () => {
    await home.connect();
    home.answer = ({ host: at }) => ({ status: 200, headers: { 'Content-Type': 'text/html' }, body: `page of ${at}` });
    const more = `www.${host}`;
    const reply = await home.call('POST', 'warm', { host: more, paths: ['/'] });
    expect(await reply.json()).toEqual({ stored: ['/'], refused: [] });
    expect(home.seen.map((request) => request.host)).toEqual([more]);
    for (const elsewhere of ['evil.example', '', 7, `${host}/x`, `${host}@evil.example`]) {
      const refused = await home.call('POST', 'warm', { host: elsewhere, paths: ['/'] });
      expect(await codeOf(refused)).toEqual([400, 'warm-malformed']);
    }
    expect(home.seen).toHaveLength(1);
  });

  test('refuses more paths than one call may ask for, and what are no paths', async () => {
    await home.connect();
    const many = Array.from({ length: limits.warmPaths + 1 }, (_, n) => `/${n}`);
    for (const paths of [many, ['x'], ['https://a.example/'], ['/a b'], 'x', null, [7]]) {
      expect(await codeOf(await home.call('POST', 'warm', { paths }))).toEqual([400, 'warm-malformed']);
    }
    expect(home.seen).toEqual([]);
  });

  test('says so when home has gone meanwhile', async () => {
    await home.connect();
    await home.sleep();
    expect(await (await home.call('POST', 'warm', { paths: ['/'] })).json()).toEqual({
      stored: [],
      refused: [{ path: '/', reason: 'home is asleep' }],
    });
  });
});
