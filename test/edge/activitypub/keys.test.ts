import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cacheMemory, isolateMemory } from '../../../edge/activitypub/key-memory.ts';
import type { KeyResolver } from '../../../edge/activitypub/keys.ts';
import { limits } from '../../../shared/limits.ts';
import { publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import { rsaSigner, type Signer } from '../../shared/signature/signing.ts';
import { document, Internet } from '../http/internet.ts';
import { actorOf, emptyMemory, FakeClock, keysOn, serve, somebody } from './peer.ts';

const actor = 'https://peer.example/users/a';
const keyId = `${actor}#main-key`;
let signer: Signer;
let newer: Signer;
let internet: Internet;
let clock: FakeClock;
beforeAll(async () => {
  signer = await rsaSigner(keyId);
  newer = await rsaSigner(keyId);
});
beforeEach(() => {
  internet = new Internet();
  clock = new FakeClock();
});

describe('resolve()', () => {
  test('finds a key and its owner with one question', async () => {
    serve(internet, 'peer.example', { [actor]: actorOf(signer) });
    expect(await keysOn(internet, clock).resolve(keyId, somebody)).toMatchObject({ key: 'found', owner: actor });
    expect(internet.asked).toEqual([actor]);
  });

  test('asks the owner when the key has a document of its own', async () => {
    const id = 'https://peer.example/keys/1';
    const key = { id, owner: actor, publicKeyPem: signer.pem };
    serve(internet, 'peer.example', { [id]: key, [actor]: actorOf(signer, { publicKey: id }) });
    expect(await keysOn(internet, clock).resolve(id, somebody)).toMatchObject({ key: 'found', owner: actor });
    expect(internet.asked).toEqual([id, actor]);
  });

  test.each<[string, Response, string]>([
    ['gone', new Response(null, { status: 410 }), 'gone'],
    ['not there', new Response(null, { status: 404 }), 'not-found'],
    ['failing', new Response(null, { status: 500 }), 'failed'],
    ['only for signed questions', new Response(null, { status: 401 }), 'failed'],
    ['a page', new Response('<html>', { headers: { 'Content-Type': 'text/html' } }), 'unusable'],
    ['plain JSON', document({ id: actor }, 'application/json'), 'unusable'],
    ['no JSON', new Response('{', { headers: { 'Content-Type': 'application/activity+json' } }), 'unusable'],
    ['a list', document([]), 'unusable'],
    [
      'nested 10,000 deep',
      new Response('['.repeat(10_000), { headers: { 'Content-Type': 'application/activity+json' } }),
      'unusable',
    ],
    [
      'too long',
      new Response(new Uint8Array(limits.keyBytes + 1), { headers: { 'Content-Type': 'application/activity+json' } }),
      'unusable',
    ],
    ['someone else', document({ id: 'https://peer.example/users/b' }), 'unusable'],
  ])('a key that is %s', async (_, response, key) => {
    serve(internet, 'peer.example', { [actor]: response });
    expect(await keysOn(internet, clock).resolve(keyId, somebody)).toMatchObject({ key });
  });

  test.each(['acct:a@peer.example', 'a', '', 'https://127.0.0.1/users/a#k', 'https://home.example/users/a#k'])(
    'a key at %j is not asked for',
    async (id) => {
      expect(await keysOn(internet, clock).resolve(id, somebody)).toMatchObject({ key: 'unusable' });
      expect(internet.asked).toEqual([]);
    },
  );

  test('a server that cannot be reached is a failure that may pass', async () => {
    internet.add('peer.example', () => Promise.reject(new TypeError('connection refused')));
    expect(await keysOn(internet, clock).resolve(keyId, somebody)).toMatchObject({ key: 'failed' });
  });

  test('a server that does not answer within limits.keyFetchMs is slow, its owner included', async () => {
    const id = 'https://peer.example/keys/1';
    const asked: number[] = [];
    const controller = new AbortController();
    const deadline = (ms: number) => {
      asked.push(ms);
      return ms === limits.keyFetchMs ? controller.signal : new AbortController().signal;
    };
    internet.add('peer.example', (request) => {
      if (request.url === id) return document({ id, owner: actor, publicKeyPem: signer.pem });
      controller.abort(new Error('time is up'));
      return new Promise(() => undefined);
    });
    expect(await keysOn(internet, clock, { deadline }).resolve(id, somebody)).toMatchObject({ key: 'slow' });
    expect(asked.filter((ms) => ms === limits.keyFetchMs)).toHaveLength(1);
  });
});

describe('what is remembered', () => {
  test('a key, for limits.keyFreshMs', async () => {
    serve(internet, 'peer.example', { [actor]: actorOf(signer) });
    const keys = keysOn(internet, clock);
    await keys.resolve(keyId, somebody);
    clock.time += limits.keyFreshMs - 1;
    await keys.resolve(keyId, somebody);
    expect(internet.asked).toHaveLength(1);
    clock.time += 1;
    await keys.resolve(keyId, somebody);
    expect(internet.asked).toHaveLength(2);
  });

  test.each([404, 500, 200])('a failure (%i), for limits.keyFailureMs', async (status) => {
    internet.add('peer.example', () => new Response(null, { status }));
    const keys = keysOn(internet, clock);
    const first = await keys.resolve(keyId, somebody);
    clock.time += limits.keyFailureMs - 1;
    expect(await keys.resolve(keyId, somebody)).toEqual(first);
    expect(internet.asked).toHaveLength(1);
    clock.time += 1;
    serve(internet, 'peer.example', { [actor]: actorOf(signer) });
    expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'found' });
  });

  test('is shared through the cache of the platform', async () => {
    const cache = await caches.open('keys-test');
    serve(internet, 'peer.example', { [actor]: actorOf(signer) });
    const memory = () => isolateMemory(cacheMemory(cache));
    const found = await keysOn(internet, clock, { memory: memory() }).resolve(keyId, somebody);
    expect(await keysOn(internet, clock, { memory: memory() }).resolve(keyId, somebody)).toEqual(found);
    expect(internet.asked).toHaveLength(1);
  });

  test('is bounded in the isolate, and the least used goes first', async () => {
    const memory = isolateMemory({ get: async () => null, put: async () => undefined });
    const record = { answer: { key: 'gone' as const }, askedAt: 0, answeredAt: 0 };
    for (let i = 0; i < limits.memoryEntries; i++) await memory.put(`k${i}`, record);
    await memory.get('k0');
    await memory.put('one more', record);
    expect(await memory.get('k0')).toEqual(record);
    expect(await memory.get('k1')).toBeNull();
  });

  test('keys are not displaced by failures, however many', async () => {
    const memory = isolateMemory({ get: async () => null, put: async () => undefined });
    serve(internet, 'peer.example', { [actor]: actorOf(signer) });
    const keys = keysOn(internet, clock, { memory });
    const found = await keys.resolve(keyId, somebody);
    for (let i = 0; i <= limits.memoryEntries; i++) await keys.resolve(`acct:${i}`, somebody);
    expect(await keys.resolve(keyId, somebody)).toEqual(found);
    expect(internet.asked).toHaveLength(1);
  });

  test('a key that is gone is no longer remembered as found', async () => {
    const memory = isolateMemory({ get: async () => null, put: async () => undefined });
    const times = { askedAt: 0, answeredAt: 0 };
    await memory.put('k', { answer: { key: 'failed', reason: 'down' }, ...times });
    await memory.put('k', {
      answer: { key: 'found', publicKey: publicKeyFromPem(signer.pem), owner: actor },
      ...times,
    });
    expect((await memory.get('k'))?.answer.key).toBe('found');
    await memory.put('k', { answer: { key: 'gone' }, ...times });
    expect((await memory.get('k'))?.answer.key).toBe('gone');
  });

  test('many at once ask once', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    internet.add('peer.example', () => promise);
    const keys = keysOn(internet, clock);
    const answers = [keys.resolve(keyId, somebody), keys.resolve(keyId, somebody), keys.resolve(keyId, somebody)];
    resolve(document(actorOf(signer)));
    expect((await Promise.all(answers)).map(({ key }) => key)).toEqual(['found', 'found', 'found']);
    expect(internet.asked).toHaveLength(1);
  });

  test('nobody waits for ever for a question that another request left behind', async () => {
    internet.add('peer.example', () => new Promise(() => undefined));
    const patience: AbortController[] = [];
    const deadline = (ms: number) => {
      const controller = new AbortController();
      // The runtime stopped the request that asked: its own deadline never fires.
      if (ms !== limits.keyFetchMs) patience.push(controller);
      return controller.signal;
    };
    const keys = keysOn(internet, clock, { deadline });
    const waiting = keys.resolve(keyId, somebody);
    while (patience.length < 1) await Promise.resolve();
    patience[0]?.abort(new Error('time is up'));
    expect(await waiting).toMatchObject({ key: 'slow' });
    serve(internet, 'peer.example', { [actor]: actorOf(signer) });
    expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'found' });
  });
});

describe('refresh()', () => {
  test('brings a new key once the old one is limits.keyFailureMs old', async () => {
    serve(internet, 'peer.example', { [actor]: actorOf(signer) });
    const keys = keysOn(internet, clock);
    const old = await keys.resolve(keyId, somebody);
    serve(internet, 'peer.example', { [actor]: actorOf(newer) });
    expect(await keys.refresh(keyId, somebody)).toBeNull();
    clock.time += limits.keyFailureMs;
    const fresh = await keys.refresh(keyId, somebody);
    expect(fresh).toMatchObject({ key: 'found' });
    expect(fresh).not.toEqual(old);
    expect(await keys.resolve(keyId, somebody)).toEqual(fresh);
    expect(await keys.refresh(keyId, somebody)).toBeNull();
    expect(internet.asked).toHaveLength(2);
  });

  test('keeps the old key when the server cannot be asked, and does not ask again at once', async () => {
    serve(internet, 'peer.example', { [actor]: actorOf(signer) });
    const keys = keysOn(internet, clock);
    const old = await keys.resolve(keyId, somebody);
    internet.add('peer.example', () => new Response(null, { status: 503 }));
    clock.time += limits.keyFailureMs;
    expect(await keys.refresh(keyId, somebody)).toBeNull();
    expect(await keys.refresh(keyId, somebody)).toBeNull();
    expect(await keys.resolve(keyId, somebody)).toEqual(old);
    expect(internet.asked).toHaveLength(2);
  });

  test.each([403, 500])(
    'a key whose server answers %i is kept for limits.keyKeptMs, and asked for now and then',
    async (status) => {
      serve(internet, 'peer.example', { [actor]: actorOf(signer) });
      const keys = keysOn(internet, clock);
      const old = await keys.resolve(keyId, somebody);
      internet.asked.length = 0;
      internet.add('peer.example', () => new Response(null, { status }));
      clock.time += limits.keyFreshMs;
      expect(await keys.resolve(keyId, somebody)).toEqual(old);
      const once = internet.asked.length;
      // Where a signature may be wanted, one more question is signed.
      expect(once).toBe(status === 403 ? 2 : 1);
      clock.time += limits.keyFailureMs - 1;
      expect(await keys.resolve(keyId, somebody)).toEqual(old);
      expect(await keys.refresh(keyId, somebody)).toBeNull();
      expect(internet.asked).toHaveLength(once);
      clock.time += 1;
      expect(await keys.resolve(keyId, somebody)).toEqual(old);
      expect(internet.asked).toHaveLength(2 * once);
      clock.time += limits.keyKeptMs;
      expect(await keys.resolve(keyId, somebody)).toMatchObject({ key: 'failed' });
    },
  );

  test.each<[number, string]>([
    [404, 'not-found'],
    [410, 'gone'],
  ])('a key that its server says is none (%i) is told with the one that was last known', async (status, key) => {
    serve(internet, 'peer.example', { [actor]: actorOf(signer) });
    const keys = keysOn(internet, clock);
    await keys.resolve(keyId, somebody);
    internet.add('peer.example', () => new Response(null, { status }));
    clock.time += limits.keyFreshMs;
    const last = { publicKey: publicKeyFromPem(signer.pem), owner: actor };
    expect(await keys.resolve(keyId, somebody)).toEqual({ key, last });
    clock.time += limits.keyFailureMs;
    expect(await keys.resolve(keyId, somebody)).toEqual({ key, last });
    expect(internet.asked).toHaveLength(3);
  });

  test('learns that a key is gone', async () => {
    serve(internet, 'peer.example', { [actor]: actorOf(signer) });
    const keys = keysOn(internet, clock);
    await keys.resolve(keyId, somebody);
    serve(internet, 'peer.example', {});
    clock.time += limits.keyFailureMs;
    expect(await keys.refresh(keyId, somebody)).toMatchObject({ key: 'not-found' });
  });
});

describe('new hosts at one domain', () => {
  const idAt = (host: string) => `https://${host}/users/a#main-key`;
  const useUp = async (keys: KeyResolver) => {
    for (let i = 0; i < limits.keySubdomainsPerHour; i++) {
      internet.add(`s${i}.peer.example`, () => new Response(null, { status: 500 }));
      await keys.resolve(idAt(`s${i}.peer.example`), somebody);
    }
    expect(await keys.resolve(idAt('one-more.peer.example'), somebody)).toMatchObject({ key: 'limited' });
  };

  test('count until a key is found there, and are never held back afterwards', async () => {
    const keys = keysOn(internet, clock);
    for (let i = 0; i <= limits.keySubdomainsPerHour; i++) {
      const at = `https://good${i}.peer.example/users/a`;
      serve(internet, `good${i}.peer.example`, { [at]: actorOf({ ...signer, keyId: `${at}#main-key` }) });
      expect(await keys.resolve(`${at}#main-key`, somebody)).toMatchObject({ key: 'found' });
    }
    await useUp(keys);
    const asked = internet.asked.length;
    expect(await keys.resolve('https://good0.peer.example/users/b#main-key', somebody)).toMatchObject({
      key: 'not-found',
    });
    expect(internet.asked).toHaveLength(asked + 1);
  });

  test('are known as good too when another isolate found a key there', async () => {
    const memory = emptyMemory();
    serve(internet, 'peer.example', { [actor]: actorOf(signer) });
    await keysOn(internet, clock, { memory }).resolve(keyId, somebody);
    const keys = keysOn(internet, clock, { memory });
    await keys.resolve(keyId, somebody);
    await useUp(keys);
    expect(await keys.resolve(`${actor}/other#main-key`, somebody)).toMatchObject({ key: 'not-found' });
  });

  test('are asked limits.keySubdomainsPerHour times an hour, those known as often as needed', async () => {
    const keys = keysOn(internet, clock, { memory: emptyMemory() });
    for (let i = 0; i < limits.keySubdomainsPerHour; i++) {
      internet.add(`s${i}.peer.example`, () => new Response(null, { status: 500 }));
      expect(await keys.resolve(idAt(`s${i}.peer.example`), somebody)).toMatchObject({ key: 'failed' });
    }
    const asked = internet.asked.length;
    expect(await keys.resolve(idAt('one-more.peer.example'), somebody)).toMatchObject({ key: 'limited' });
    expect(internet.asked).toHaveLength(asked);
    clock.time += limits.keyFailureMs;
    expect(await keys.resolve(idAt('s0.peer.example'), somebody)).toMatchObject({ key: 'failed' });
    expect(await keys.resolve(idAt('other.example'), somebody)).toMatchObject({ key: 'unusable' });
    clock.time += 3_600_000;
    expect(await keys.resolve(idAt('one-more.peer.example'), somebody)).not.toMatchObject({ key: 'limited' });
  });

  test('count although they redirect to a host that does not exist', async () => {
    const keys = keysOn(internet, clock);
    for (let i = 0; i < limits.keySubdomainsPerHour; i++) {
      const elsewhere = { status: 302, headers: { Location: `https://invented${i}.peer.example/` } };
      internet.add(`s${i}.peer.example`, () => new Response(null, elsewhere));
      expect(await keys.resolve(idAt(`s${i}.peer.example`), somebody)).toMatchObject({ key: 'unusable' });
    }
    expect(await keys.resolve(idAt('one-more.peer.example'), somebody)).toMatchObject({ key: 'limited' });
  });

  test('that do not exist count for nothing, so that nobody can use up the domain of another', async () => {
    const keys = keysOn(internet, clock);
    for (let i = 0; i <= limits.keySubdomainsPerHour; i++) {
      expect(await keys.resolve(idAt(`invented${i}.peer.example`), somebody)).toMatchObject({ key: 'unusable' });
    }
    internet.add('real.peer.example', () => new Response(null, { status: 500 }));
    expect(await keys.resolve(idAt('real.peer.example'), somebody)).toMatchObject({ key: 'failed' });
  });

  test('the tenants of a hoster are domains of their own', async () => {
    const keys = keysOn(internet, clock);
    for (let i = 0; i <= limits.keySubdomainsPerHour; i++) {
      internet.add(`tenant${i}.github.io`, () => new Response(null, { status: 500 }));
      expect(await keys.resolve(idAt(`tenant${i}.github.io`), somebody)).toMatchObject({ key: 'failed' });
    }
  });
});
