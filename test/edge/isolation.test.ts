// Two homes on one edge: A tries every way to reach what is B's, and each is refused. The attacker has A's key and an open
// link of A's own; what he tries is told by the module that must hold.

import { SELF } from 'cloudflare:test';
import { type CryptoKey, exportJWK, generateKeyPair } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { homeRoutes } from '../../edge/home/routes.ts';
import { makeClaim } from '../../shared/claim/claim.ts';
import { makeKeyChange } from '../../shared/claim/key-change.ts';
import { encodeTextFrame, recordOf } from '../../shared/link/codec.ts';
import { helloOf, signProof } from '../../shared/link/handshake.ts';
import { operatorPath, operatorScheme, signOperatorCall } from '../../shared/operator/call.ts';
import { signStatement } from '../../shared/statement.ts';
import { bindings } from './home/directory-database.ts';
import { HomeSocket } from './link/link-rig.ts';
import { codeOf, operatorKey, SmallOperator } from './operator/small-operator.ts';
import { SmallHome } from './router/small-home.ts';
import { hostOf, Peers, snapshotOf, twoHomes } from './two-homes.ts';

let a: SmallHome;
let b: SmallHome;
let operator: SmallOperator;
let tests = 0;
const empty = new Uint8Array(0);
/** SHA-256 of nothing. */
const emptyDigest = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU';

beforeEach(async () => {
  ({ a, b, pair: tests } = await twoHomes());
  operator = new SmallOperator(`https://edge${tests}.example`);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** A call that A signs for B's host, as it would have to be to be B's. */
async function callAtB(method: string, name: string, asked?: unknown): Promise<Response> {
  const path = `/.porchlight/v1/${name}`;
  const body = asked === undefined ? empty : new Uint8Array(new TextEncoder().encode(JSON.stringify(asked)));
  const Authorization = await a.signed(method, path, body, b.origin);
  return await SELF.fetch(`${b.origin}${path}`, { method, headers: { Authorization }, ...(asked ? { body } : {}) });
}

const summaryOf = async (home: SmallHome): Promise<unknown> => await (await home.call('GET', 'spool')).json();

describe('the link', () => {
  const dialled = async (claims: { homeId: string; key: CryptoKey; at?: string }): Promise<string> => {
    const { homeId, key, at = b.origin } = claims;
    const { webSocket } = await SELF.fetch(`${at}/.porchlight/v1/link?home=${b.homeId}`, {
      headers: { Upgrade: 'websocket' },
    });
    if (webSocket === null) throw new Error('The edge did not open a socket.');
    const socket = new HomeSocket(webSocket);
    const { nonce, edge } = helloOf(await socket.next('HELLO'));
    const proof = { nonce, edge, homeId, version: 1, process: 'attacker', epoch: 0 };
    socket.send(encodeTextFrame('PROOF', await signProof(proof, key)));
    return String(recordOf(await socket.next('REFUSED')).code);
  };

  test('of B does not open by A’s key, whatever home it names', async () => {
    expect(await dialled({ homeId: b.homeId, key: a.key })).toBe('proof-refused');
    expect(await dialled({ homeId: a.homeId, key: a.key })).toBe('proof-refused');
    expect(await (await SELF.fetch(`${b.origin}/`)).text()).toBe('page /');
    expect(a.seen).toEqual([]);
  });

  test('of B is not dialled at A’s host, nor A’s at B’s', async () => {
    const dial = async (at: string, homeId: string): Promise<[number, string]> =>
      await codeOf(await SELF.fetch(`${at}/.porchlight/v1/link?home=${homeId}`, { headers: { Upgrade: 'websocket' } }));
    expect(await dial(a.origin, b.homeId)).toEqual([403, 'not-this-home']);
    expect(await dial(b.origin, a.homeId)).toEqual([403, 'not-this-home']);
  });

  test('carries to each home what is for its hosts, whatever headers say', async () => {
    const headers = { Host: hostOf(a), 'X-Forwarded-Host': hostOf(a), Forwarded: `host=${hostOf(a)}` };
    expect(await (await SELF.fetch(`${b.origin}/secret`, { headers })).text()).toBe('page /secret');
    expect([a.seen.length, b.seen.map(({ host }) => host)]).toEqual([0, [hostOf(b)]]);
  });
});

describe('a signed call', () => {
  const calls: [string, string, unknown?][] = [
    ['POST', 'lease', { answers: [], renew: [], max: 10, services: ['site'] }],
    ['GET', 'bodies/x'],
    ['POST', 'replay', { since: 0 }],
    ['GET', 'spool'],
    ['GET', 'spool/waiting'],
    ['GET', 'spool/deliveries/x'],
    ['POST', 'spool/waiting/1/now', {}],
    ['POST', 'spool/waiting/1/discard', {}],
    ['POST', 'spool/kept/1/replay', {}],
    ['GET', 'dead-letters'],
    ['POST', 'dead-letters/1/retry', {}],
    ['POST', 'dead-letters/1/discard', {}],
    ['PUT', 'snapshot', {}],
    ['PUT', 'config', {}],
    ['POST', 'warm', { paths: ['/'] }],
  ];

  test.each(calls)('of A’s session is refused at B’s host: %s %s', async (method, name, asked) => {
    expect(await codeOf(await callAtB(method, name, asked))).toEqual([401, 'call-refused']);
    expect(b.seen).toEqual([]);
  });

  test('is one of these, or tried below: there is no other', () => {
    const open = ['/v1/claim', '/v1/link', '/v1/edge', '/v1/echo/*', '/*', '*'];
    const { routes } = homeRoutes({} as never);
    const there = routes
      .filter(({ path }) => !open.includes(path) && !path.startsWith('/v1/operator/'))
      .map(({ method, path }) => `${method} ${path.replace(/:seq/, '1').replace(/:\w+/, 'x')}`);
    const tried = ['POST /v1/key', ...calls.map(([method, name]) => `${method} /v1/${name}`)];
    expect(new Set(there)).toEqual(new Set(tried));
  });

  test('of A’s session that names B is refused at either host', async () => {
    const path = '/.porchlight/v1/spool';
    const { session, epoch } = await a.connect();
    for (const { origin } of [a, b]) {
      const claims = { homeId: b.homeId, session, epoch, edge: origin, n: 9, method: 'GET', path, body: emptyDigest };
      const Authorization = `Porchlight ${await signStatement('porchlight-call', claims, a.key)}`;
      expect(await codeOf(await SELF.fetch(`${origin}${path}`, { headers: { Authorization } }))).toEqual([
        401,
        'call-refused',
      ]);
    }
  });
});

describe('the spool', () => {
  let peers: Peers;
  beforeEach(async () => {
    peers = await Peers.there();
  });

  test('of each home holds what came to its own hosts, and nothing else', async () => {
    for (const home of [a, b]) await home.call('PUT', 'snapshot', snapshotOf(home));
    expect(await peers.deliver(b, 'peer.example')).toBe(202);
    expect([await summaryOf(a), await summaryOf(b)]).toMatchObject([{ waiting: 0 }, { waiting: 1 }]);
    expect(await peers.deliver(a, 'peer.example')).toBe(202);
    expect([await summaryOf(a), await summaryOf(b)]).toMatchObject([{ waiting: 1 }, { waiting: 1 }]);
  });

  test('of a home keeps what waits there when its host goes to another', async () => {
    const both = await SmallHome.claimed(`https://x${tests}.example`, `y${tests}.example`);
    await both.connect();
    await both.call('PUT', 'snapshot', snapshotOf(both));
    expect(await peers.deliver(both, 'peer.example')).toBe(202);
    await operator.call('POST', `hosts/x${tests}.example/release`, { homeId: both.homeId });
    const heir = await SmallHome.claimedWith(both.origin, await operator.code(`x${tests}.example`));
    await heir.connect();
    expect(await summaryOf(heir)).toMatchObject({ waiting: 0 });
    const moved = new SmallHome(`https://y${tests}.example`, both.homeId, both.publicKey, both.key);
    await moved.connect();
    expect(await summaryOf(moved)).toMatchObject({ waiting: 1 });
  });
});

describe('a snapshot', () => {
  test('of A that speaks of B’s host is refused, in each of its parts', async () => {
    const [service] = snapshotOf(a).services;
    const wide = snapshotOf(a, { services: [{ ...service, hosts: [hostOf(a), hostOf(b)] } as never] });
    expect(await codeOf(await a.call('PUT', 'snapshot', wide))).toEqual([400, 'snapshot-foreign-host']);
    const documents = [{ host: hostOf(b), path: '/users/owner', contentType: 'text/plain', body: 'of A' }];
    expect(await codeOf(await a.call('PUT', 'snapshot', snapshotOf(a, { documents })))).toEqual([
      400,
      'snapshot-foreign-host',
    ]);
  });

  test('of A answers nobody at B’s host: WebFinger, nodeinfo, actors', async () => {
    const accounts = [{ subject: `acct:owner@${hostOf(b)}`, aliases: [`${b.origin}/users/owner`], links: [] }];
    expect((await a.call('PUT', 'snapshot', snapshotOf(a, { accounts }))).status).toBe(200);
    await a.sleep();
    await b.sleep();
    const finger = `/.well-known/webfinger?resource=acct:owner@${hostOf(b)}`;
    const actor = { headers: { Accept: 'application/activity+json' } };
    for (const path of [finger, '/.well-known/nodeinfo', '/nodeinfo/2.1', '/users/owner']) {
      expect([path, (await SELF.fetch(`${b.origin}${path}`, actor)).status]).toEqual([path, 503]);
    }
    expect((await SELF.fetch(`${a.origin}/users/owner`, actor)).status).toBe(200);
  });

  test('is one for each home: B’s is there when A left one, and the other way round', async () => {
    await a.call('PUT', 'snapshot', snapshotOf(a, { title: 'A', version: 9 }));
    expect((await b.call('PUT', 'snapshot', snapshotOf(b, { title: 'B', version: 1 }))).status).toBe(200);
    const { objects } = await bindings.STORE.list({ prefix: 'snapshots/' });
    expect(objects.map(({ key }) => key).toSorted((x, y) => x.localeCompare(y))).toEqual(
      [a, b].map(({ homeId }) => `snapshots/${homeId}.json`).toSorted((x, y) => x.localeCompare(y)),
    );
  });
});

describe('copies and pages', () => {
  const warmed = async (home: SmallHome, body: string, ...paths: string[]): Promise<unknown> => {
    home.answer = () => ({ body });
    return await (await home.call('POST', 'warm', { paths })).json();
  };

  test('of A are never answered at B’s host, though the path is the same', async () => {
    await warmed(a, 'page of A', '/', '/both');
    await warmed(b, 'page of B', '/both');
    await a.sleep();
    await b.sleep();
    expect(await (await SELF.fetch(`${a.origin}/both`)).text()).toBe('page of A');
    expect(await (await SELF.fetch(`${b.origin}/both`)).text()).toBe('page of B');
    expect((await SELF.fetch(`${b.origin}/`)).status).toBe(503);
  });

  test('of B’s host are not made by A, however it names them', async () => {
    const other = hostOf(b);
    const named = { host: other, paths: ['/'] };
    expect(await codeOf(await a.call('POST', 'warm', named))).toEqual([400, 'warm-malformed']);
    await warmed(a, 'page of A', `//${other}/`, `/${b.origin}/`, `/\\${other}/`, `/@${other}/`);
    expect(a.seen.every(({ host }) => host === hostOf(a))).toBe(true);
    expect(b.seen).toEqual([]);
    await b.sleep();
    expect((await SELF.fetch(`${b.origin}/`)).status).toBe(503);
  });

  test('lie in R2 under one home’s name each', async () => {
    await warmed(a, 'page of A', '/');
    await warmed(b, 'page of B', '/');
    const { objects } = await bindings.STORE.list();
    const owners = objects.map(({ key }) => [a, b].filter(({ homeId }) => key.split('/').includes(homeId)).length);
    expect(owners).toEqual([1, 1]);
  });

  test('show at B’s host only when B sleeps, and until when B said', async () => {
    const until = Date.UTC(2090, 0, 2, 3, 4);
    await a.sleep(until);
    expect(await (await SELF.fetch(`${b.origin}/`)).text()).toBe('page /');
    await b.sleep();
    const headers = { Accept: 'text/html' };
    const [atA, atB] = await Promise.all([a, b].map(async (home) => await SELF.fetch(`${home.origin}/`, { headers })));
    expect(atA?.headers.get('Retry-After')).not.toBe(atB?.headers.get('Retry-After'));
    expect(await atB?.text()).not.toContain('2090');
  });
});

describe('a claim', () => {
  test('of B’s host by A’s code is refused, and so is B’s code once it was used', async () => {
    const code = await operator.code(`new${tests}.example`);
    expect(await (await a.claim(code)).json()).toMatchObject({ homeId: a.homeId });
    expect((await operator.home(a.homeId)).hosts).not.toContain(hostOf(b));
    const replacing = await operator.code(hostOf(b));
    expect(await codeOf(await a.claim(replacing))).toEqual([409, 'key-taken']);
    const found = await SmallHome.claimedWith(b.origin, replacing);
    expect(found.homeId).toBe(b.homeId);
    expect(await codeOf(await a.claim(replacing))).toEqual([403, 'claim-refused']);
  });

  test('at B’s host by A’s key for A’s own hosts gives A nothing of B', async () => {
    const code = await operator.code(`more${tests}.example`);
    const body = JSON.stringify(await makeClaim(code, b.origin, a.publicKey, a.key));
    const reply = await SELF.fetch(`${b.origin}/.porchlight/v1/claim`, { method: 'POST', body });
    expect(await reply.json()).toMatchObject({ homeId: a.homeId, hosts: [hostOf(a), `more${tests}.example`] });
    expect((await b.call('GET', 'spool')).status).toBe(200);
  });
});

describe('a change of key', () => {
  test('of B by A is refused at either host', async () => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const next = await exportJWK(publicKey);
    const at = async (edge: string): Promise<unknown> =>
      await makeKeyChange({ edge, homeId: b.homeId, from: b.publicKey }, next, privateKey);
    expect(await codeOf(await callAtB('POST', 'key', await at(b.origin)))).toEqual([401, 'call-refused']);
    expect(await codeOf(await a.call('POST', 'key', await at(a.origin)))).toEqual([403, 'key-change-proof']);
    const own = await makeKeyChange({ edge: a.origin, homeId: a.homeId, from: b.publicKey }, next, privateKey);
    expect(await codeOf(await a.call('POST', 'key', own))).toEqual([409, 'key-not-current']);
    expect((await b.call('GET', 'spool')).status).toBe(200);
  });
});

describe('the operator', () => {
  test('is not A: its key signs no operator’s call', async () => {
    const { key } = await operator.home(b.homeId);
    const revoke = await operator.request('POST', `homes/${b.homeId}/revoke`, { key }, {}, a.key);
    const release = await operator.request('POST', `hosts/${hostOf(b)}/release`, { homeId: b.homeId }, {}, a.key);
    const issue = await operator.request('PUT', `codes/${'a'.repeat(43)}`, { hosts: [hostOf(b)] }, {}, a.key);
    for (const request of [revoke, release, issue, await operator.request('GET', 'homes', undefined, {}, a.key)]) {
      expect(await codeOf(await SELF.fetch(request))).toEqual([401, 'operator-call-refused']);
    }
    const path = `${operatorPath}/homes`;
    const Authorization = await a.signed('GET', path, empty);
    expect(await codeOf(await SELF.fetch(`${a.origin}${path}`, { headers: { Authorization } }))).toEqual([
      401,
      'not-signed',
    ]);
    expect((await b.call('GET', 'spool')).status).toBe(200);
  });

  test('whose key were a home’s would still sign each kind of statement for itself', async () => {
    // A home that uses the operator's key: what it signs as a home is no operator's call, and the other way round.
    const both = new SmallHome(`https://op${tests}.example`, '', a.publicKey, await operatorKey());
    const path = '/.porchlight/v1/spool';
    const claims = { edge: both.origin, method: 'GET', path: `${operatorPath}/homes`, body: '', at: Date.now() };
    const asHome = `${operatorScheme} ${await signStatement('porchlight-call', claims, both.key)}`;
    expect(
      await codeOf(await SELF.fetch(`${both.origin}${operatorPath}/homes`, { headers: { Authorization: asHome } })),
    ).toEqual([401, 'operator-call-refused']);
    const asOperator = `Porchlight ${await signOperatorCall({ ...claims, edge: a.origin, path }, a.key)}`;
    expect(await codeOf(await SELF.fetch(`${a.origin}${path}`, { headers: { Authorization: asOperator } }))).toEqual([
      401,
      'call-refused',
    ]);
  });

  test('who revokes A leaves B as it was', async () => {
    expect((await operator.revoke(a.homeId)).status).toBe(200);
    expect((await b.call('GET', 'spool')).status).toBe(200);
    expect(await (await SELF.fetch(`${b.origin}/`)).text()).toBe('page /');
    expect(b.refusals).toEqual([]);
  });
});
