// Another key for a home, by the one that counts: who may ask, and that the old one is out at once.

import { reset, SELF } from 'cloudflare:test';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { D1Directory } from '../../../edge/home/directory.ts';
import { judgeKeyChange, KeyDesk, type KeyFacts } from '../../../edge/home/key-desk.ts';
import { readSignedCall } from '../../../edge/home/signed-call.ts';
import { type KeyChangeRequest, keyChangePath, makeKeyChange } from '../../../shared/claim/key-change.ts';
import { limits } from '../../../shared/limits.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { signStatement } from '../../../shared/statement.ts';
import { codeOf, SmallOperator } from '../operator/small-operator.ts';
import { SmallHome } from '../router/small-home.ts';
import { addHome, bindings, HandClock, migrated } from './directory-database.ts';
import { exampleSnapshot } from './example-snapshot.ts';

interface Keys {
  readonly publicKey: JWK;
  readonly privateKey: CryptoKey;
}

let home: SmallHome;
let origin: string;
let host: string;
let tests = 0;

beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts for a moment: each test has its own.
  tests += 1;
  host = `k${tests}.example`;
  origin = `https://${host}`;
  home = await SmallHome.claimed(origin);
  await home.connect();
});

async function newKeys(): Promise<Keys> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  return { publicKey: await exportJWK(publicKey), privateKey };
}

async function changeTo(next: Keys, from: SmallHome = home, edge = from.origin): Promise<KeyChangeRequest> {
  const meant = { edge, homeId: from.homeId, from: from.publicKey };
  return await makeKeyChange(meant, next.publicKey, next.privateKey);
}

/** Home goes on with this key. */
function use(next: Keys): void {
  home.publicKey = next.publicKey;
  home.key = next.privateKey;
}

describe('a change of key', () => {
  test('counts at once: the old key’s link, session and handshake are refused, the new one’s are not', async () => {
    const next = await newKeys();
    const reply = await home.call('POST', 'key', await changeTo(next));
    expect(await reply.json()).toEqual({ key: expect.stringMatching(/^[\w-]{43}$/), already: false });
    await vi.waitUntil(() => home.refusals.length > 0);
    expect(home.refusals).toMatchObject([{ code: 'key-changed' }]);
    expect(await codeOf(await home.call('GET', 'spool'))).toEqual([401, 'call-refused']);
    await expect(home.connect()).rejects.toThrow('proof-refused');
    use(next);
    // The session was the old key's.
    expect(await codeOf(await home.call('GET', 'spool'))).toEqual([401, 'no-session']);
    await home.connect();
    expect((await home.call('GET', 'spool')).status).toBe(200);
    expect(await (await SELF.fetch(`${origin}/`)).text()).toBe('page /');
  });

  test('keeps home’s id, hosts and epoch, and is seen by the operator', async () => {
    const operator = new SmallOperator(origin);
    const before = await operator.home(home.homeId);
    const next = await newKeys();
    const { key } = (await (await home.call('POST', 'key', await changeTo(next))).json()) as { key: string };
    const after = await operator.home(home.homeId);
    expect(after).toEqual({ ...before, key, keySince: expect.any(Number) });
    expect(after.key).not.toBe(before.key);
    use(next);
    // The same process on a new link.
    expect((await home.connect()).epoch).toBe(1);
  });

  test('asked again, by a home that never got the answer, is done already, whatever signs the call', async () => {
    const next = await newKeys();
    const asked = await changeTo(next);
    await home.call('POST', 'key', asked);
    expect(await (await home.call('POST', 'key', asked)).json()).toMatchObject({ already: true });
    use(next);
    await home.connect();
    const bare = await SELF.fetch(`${origin}${keyChangePath}`, { method: 'POST', body: JSON.stringify(asked) });
    expect(await bare.json()).toMatchObject({ already: true });
    expect((await home.call('GET', 'spool')).status).toBe(200);
  });

  test('recorded and sent again after a further change changes nothing', async () => {
    const [second, third] = [await newKeys(), await newKeys()];
    const recorded = await changeTo(second);
    await home.call('POST', 'key', recorded);
    use(second);
    await home.connect();
    await home.call('POST', 'key', await changeTo(third));
    use(third);
    await home.connect();
    const again = await SELF.fetch(`${origin}${keyChangePath}`, { method: 'POST', body: JSON.stringify(recorded) });
    expect(again.status).toBe(401);
    expect((await home.call('GET', 'spool')).status).toBe(200);
  });

  test('is refused without the old key’s signature, and by another home’s', async () => {
    const thief = await newKeys();
    const body = JSON.stringify(await changeTo(thief));
    const post = async (headers: HeadersInit = {}): Promise<[number, string]> =>
      await codeOf(await SELF.fetch(`${origin}${keyChangePath}`, { method: 'POST', headers, body }));
    expect(await post()).toEqual([401, 'not-signed']);
    expect(await post({ Authorization: 'Porchlight x.y.z' })).toEqual([401, 'call-refused']);
    const other = await SmallHome.claimed(`https://other-${host}`);
    await other.connect();
    const bytes = new Uint8Array(new TextEncoder().encode(body));
    expect(await post({ Authorization: await other.signed('POST', keyChangePath, bytes, origin) })).toEqual([
      401,
      'call-refused',
    ]);
    expect((await home.call('GET', 'spool')).status).toBe(200);
  });

  test('is refused when its proof is not the new key’s, or about another edge, home, key or predecessor', async () => {
    const [next, thief] = [await newKeys(), await newKeys()];
    const good = await changeTo(next);
    const other = await SmallHome.claimed(`https://other-${host}`);
    const ask = async (asked: unknown): Promise<[number, string]> =>
      await codeOf(await home.call('POST', 'key', asked));
    const elsewhere = await changeTo(next, home, 'https://elsewhere.example');
    const foreign = await changeTo(next, other, origin);
    expect(await ask({ ...good, publicKey: thief.publicKey })).toEqual([403, 'key-change-proof']);
    expect(await ask({ ...good, proof: 'x.y.z' })).toEqual([403, 'key-change-proof']);
    expect(await ask(elsewhere)).toEqual([403, 'key-change-proof']);
    expect(await ask(foreign)).toEqual([403, 'key-change-proof']);
    const claims = { edge: origin, homeId: home.homeId, from: 'x', to: 'y' };
    for (const typ of ['porchlight-key', 'porchlight-claim', 'porchlight-call']) {
      const proof = await signStatement(typ, claims, next.privateKey);
      expect(await ask({ publicKey: next.publicKey, proof })).toEqual([403, 'key-change-proof']);
    }
    const meant = { edge: origin, homeId: home.homeId, from: other.publicKey };
    const predecessor = await makeKeyChange(meant, next.publicKey, next.privateKey);
    expect(await ask(predecessor)).toEqual([409, 'key-not-current']);
    expect((await home.call('GET', 'spool')).status).toBe(200);
  });

  test('is refused when it is malformed, brings a private key, or is longer than limits.keyChangeBytes', async () => {
    const next = await newKeys();
    const good = await changeTo(next);
    const ask = async (asked: unknown): Promise<[number, string]> =>
      await codeOf(await home.call('POST', 'key', asked));
    const withSecret = { ...good.publicKey, d: 'x' };
    for (const asked of [null, 7, [], {}, { ...good, proof: 7 }, { ...good, publicKey: withSecret }]) {
      expect(await ask(asked)).toEqual([400, 'key-change-malformed']);
    }
    expect(await ask({ ...good, more: 'x'.repeat(limits.keyChangeBytes) })).toEqual([413, 'too-large']);
  });

  test('cannot bring a key of another home, or one that was revoked, nor be asked by a revoked one', async () => {
    const operator = new SmallOperator(origin);
    const other = await SmallHome.claimed(`https://other-${host}`);
    const theirs = { publicKey: other.publicKey, privateKey: other.key };
    expect(await codeOf(await home.call('POST', 'key', await changeTo(theirs)))).toEqual([409, 'key-taken']);
    await operator.revoke(other.homeId);
    await SmallHome.claimedWith(other.origin, await operator.code(`other-${host}`));
    expect(await codeOf(await home.call('POST', 'key', await changeTo(theirs)))).toEqual([403, 'key-revoked']);
    await operator.revoke(home.homeId);
    const refused = await home.call('POST', 'key', await changeTo(await newKeys()));
    expect(refused.status).toBe(401);
    expect((await operator.home(home.homeId)).revokedAt).not.toBeNull();
  });

  test('asked for two keys at once is granted to one of them', async () => {
    const [one, two] = [await newKeys(), await newKeys()];
    const desk = new KeyDesk(bindings.DIRECTORY, new HandClock());
    const { key: from } = await new SmallOperator(origin).home(home.homeId);
    const changes = [one, two].map(({ publicKey }, n) => ({ publicKey, from, to: `to-${n}` }));
    const verdicts = await Promise.all(changes.map(async (change) => await desk.change(home.homeId, change)));
    expect(verdicts.toSorted((a, b) => a.localeCompare(b))).toEqual(['granted', 'key-not-current']);
  });
});

describe('a lost key', () => {
  test('is out as soon as a new code was used: link, session, calls; what waits is the new key’s', async () => {
    const operator = new SmallOperator(origin);
    const found = await SmallHome.claimedWith(origin, await operator.code(host));
    expect(found.homeId).toBe(home.homeId);
    await vi.waitUntil(() => home.refusals.length > 0);
    expect(home.refusals).toMatchObject([{ code: 'key-changed' }]);
    expect(await codeOf(await home.call('GET', 'spool'))).toEqual([401, 'call-refused']);
    await expect(home.connect()).rejects.toThrow('proof-refused');
    found.process = 'another machine';
    expect((await found.connect()).epoch).toBe(2);
    expect((await found.call('GET', 'spool')).status).toBe(200);
  });

  test('leaves nothing that its home cannot replace: whoever stole it left settings and a snapshot under the last version', async () => {
    const last = Number.MAX_SAFE_INTEGER;
    const part = { language: 'en', title: 'Stolen', hosts: [host], services: [], statusPage: true };
    const snapshot = JSON.parse(JSON.stringify(exampleSnapshot()).replaceAll('a.example', host)) as Snapshot;
    expect((await home.leaveConfig({ ...part, version: last })).status).toBe(200);
    expect((await home.call('PUT', 'snapshot', { ...snapshot, version: last, title: 'Stolen' })).status).toBe(200);
    const found = await SmallHome.claimedWith(origin, await new SmallOperator(origin).code(host));
    found.process = 'another machine';
    await found.connect();
    expect((await found.leaveConfig({ ...part, version: 1, title: 'Found again' })).status).toBe(200);
    expect((await found.call('PUT', 'snapshot', { ...snapshot, version: 1 })).status).toBe(200);
    expect((await found.leaveConfig({ ...part, version: 1, title: 'Another' })).status).toBe(409);
    await found.sleep();
    const page = await (await SELF.fetch(`${origin}/`, { headers: { Accept: 'text/html' } })).text();
    expect(page).toContain('Found again');
  });
});

describe('a Worker that remembers the key from before', () => {
  const rotated = async (clock: HandClock): Promise<{ queries: () => number; directory: D1Directory; next: Keys }> => {
    let queries = 0;
    const counted = new Proxy(bindings.DIRECTORY, {
      get(target, name) {
        if (name === 'prepare') queries += 1;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const directory = new D1Directory(counted, clock, () => undefined);
    const [first, next] = [await newKeys(), await newKeys()];
    await addHome('h1', ['a.example'], first.publicKey);
    await directory.homeOf('a.example');
    await bindings.DIRECTORY.prepare("UPDATE homes SET public_key = ? WHERE home_id = 'h1'")
      .bind(JSON.stringify(next.publicKey))
      .run();
    queries = 0;
    return { queries: () => queries, directory, next };
  };
  const callBy = async (key: CryptoKey): Promise<Request> =>
    new Request('https://a.example/.porchlight/v1/spool', {
      headers: { Authorization: `Porchlight ${await signStatement('porchlight-call', { n: 1 }, key)}` },
    });

  test('takes a call by the new one at once', async () => {
    const { directory, next, queries } = await rotated(new HandClock());
    const call = await readSignedCall(await callBy(next.privateKey), 0, directory);
    expect(call).toMatchObject({ home: { homeId: 'h1', publicKey: { x: next.publicKey.x } } });
    expect(queries()).toBe(1);
  });

  test('asks for forgers once in limits.directoryAgainMs, however many come', async () => {
    const clock = new HandClock();
    const { directory, queries } = await rotated(clock);
    const forger = await newKeys();
    const forge = async (): Promise<void> => {
      const refused = await readSignedCall(await callBy(forger.privateKey), 0, directory);
      expect(refused).toMatchObject({ status: 401 });
    };
    for (let n = 0; n < 20; n++) await forge();
    expect(queries()).toBe(1);
    clock.advance(limits.directoryAgainMs);
    await Promise.all(Array.from({ length: 20 }, forge));
    expect(queries()).toBe(2);
  });
});

describe('judgeKeyChange()', () => {
  const facts: KeyFacts = { current: 'old', owner: null, revoked: new Set() };
  const change = { from: 'old', to: 'new' };

  test('grants what the key that counts asks, and nothing to a home that is not there', () => {
    expect(judgeKeyChange(facts, 'h', change)).toBe('granted');
    expect(judgeKeyChange({ ...facts, current: 'new', owner: 'h' }, 'h', change)).toBe('already');
    expect(judgeKeyChange({ ...facts, current: null }, 'h', change)).toBe('key-not-current');
    expect(judgeKeyChange({ ...facts, revoked: new Set(['old']) }, 'h', change)).toBe('revoked');
    expect(judgeKeyChange({ ...facts, current: 'new', revoked: new Set(['new']) }, 'h', change)).toBe('revoked');
  });
});
