// A service that shows nothing to who does not sign, through the whole Worker: the edge asks it as an actor of its own
// before home sleeps, and at night gives what it was shown to who signs, and to nobody whom home blocks.

import { env, reset, SELF } from 'cloudflare:test';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { askingHost } from '../../../edge/activitypub/authorized-fetch/ask-home.ts';
import { cacheMemory } from '../../../edge/activitypub/key-memory.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import { readSignature } from '../../../shared/signature/read.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { requireProof } from '../../../shared/signature/require.ts';
import { verifySignature } from '../../../shared/signature/verify.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import type { WarmReply } from '../../../shared/warming.ts';
import { cavage, rsaSigner, type Signer } from '../../shared/signature/signing.ts';
import { migrated } from '../home/directory-database.ts';
import { exampleSnapshot } from '../home/example-snapshot.ts';
import { SmallHome } from './small-home.ts';

const store = (env as unknown as { readonly STORE: R2Bucket }).STORE;
const peer = 'application/activity+json';
const alice = 'https://peer.example/users/alice';
let signer: Signer;
let stranger: Signer;
let home: SmallHome;
let host: string;
let asking: string;
let tests = 0;
/** What came to the service, signed. */
let signed: SignedRequest[];

beforeAll(async () => {
  signer = await rsaSigner(`${alice}#main-key`);
  stranger = await rsaSigner(`${alice}#main-key`);
});

beforeEach(async () => {
  await reset();
  await migrated();
  // The Worker remembers hosts for a moment: each test has its own.
  tests += 1;
  host = `social.f${tests}.example`;
  asking = `f${tests}.example`;
  home = await SmallHome.claimed(`https://${host}`, asking);
  await home.connect();
  signed = [];
  home.answer = ({ method, path, headers }) => {
    const list = Array.from(
      { length: headers.length / 2 },
      (_, n) => [headers[2 * n] ?? '', headers[2 * n + 1] ?? ''] as const,
    );
    if (!list.some(([name]) => name.toLowerCase() === 'signature')) return { status: 401, body: 'sign' };
    signed.push({ method, scheme: 'https', host, path, headers: [['host', host], ...list] });
    const type = { 'Content-Type': 'application/activity+json', 'Cache-Control': 'no-store', 'Set-Cookie': 'a=b' };
    if (path === '/notes/secret') return { headers: type, body: JSON.stringify({ type: 'Note', to: [`${alice}`] }) };
    return { headers: type, body: JSON.stringify({ type: 'Person', outbox: `https://${host}/outbox` }) };
  };
});

async function leave(changes: Partial<Snapshot> = {}): Promise<void> {
  const services = [
    { name: 'social', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage'] as const, authorizedFetch: true },
  ];
  const actorKeys = [{ keyId: signer.keyId, owner: alice, publicKeyPem: signer.pem, domain: 'peer.example' }];
  const snapshot = exampleSnapshot({
    services,
    accounts: [],
    documents: [],
    actorKeys,
    blockedDomains: [],
    ...changes,
  });
  expect((await home.call('PUT', 'snapshot', snapshot)).status).toBe(200);
}

async function warm(...paths: string[]): Promise<WarmReply> {
  return (await (await home.call('POST', 'warm', { host, as: 'activitypub', paths })).json()) as WarmReply;
}

async function ask(path: string, by: Signer | null, method = 'GET'): Promise<Response> {
  const headers = new Headers({ Accept: peer });
  if (by !== null) {
    const letter = { method, host, path, body: new Uint8Array(), at: systemClock.now() };
    const { headers: own } = await cavage(by, letter, { headers: ['(request-target)', 'host', 'date'] });
    for (const [name, value] of own) if (name !== 'content-length') headers.set(name, value);
  }
  return await SELF.fetch(`https://${host}${path}`, { method, headers });
}

/** As if its key had been asked for a moment ago: nobody answers at peer.example here. */
async function remember({ keyId, pem }: Signer): Promise<void> {
  const now = systemClock.now();
  const answer = { key: 'found', publicKey: publicKeyFromPem(pem), owner: alice } as const;
  await cacheMemory(caches.default).put(keyId, { answer, askedAt: now, answeredAt: now });
}

describe('the edge’s question to such a service', () => {
  test('is signed by its own actor at another name of the home, whose key the service can read', async () => {
    await leave();
    const reply = await warm('/users/me');
    expect(reply.stored).toEqual(['/users/me']);
    expect(reply.links).toEqual({ '/users/me': [{ kind: 'outbox', path: '/outbox' }] });
    const [question] = signed;
    const signature = readSignature(question ?? expect.fail());
    expect(signature.keyId).toBe(`https://${asking}/.porchlight/actor#main-key`);
    requireProof(question ?? expect.fail(), signature, systemClock.now());
    const actor = (await (await SELF.fetch(`https://${asking}/.porchlight/actor`)).json()) as {
      publicKey: { id: string; publicKeyPem: string };
    };
    expect(actor.publicKey.id).toBe(signature.keyId);
    expect(await verifySignature(signature, publicKeyFromPem(actor.publicKey.publicKeyPem))).toBe(true);
  });

  test('is not put at all when the home has no other name', async () => {
    const alone = await SmallHome.claimed(`https://alone${tests}.example`);
    await alone.connect();
    const own = `alone${tests}.example`;
    const services = [{ name: 's', hosts: [own], inboxes: [], signatures: ['cavage'] as const, authorizedFetch: true }];
    await alone.call('PUT', 'snapshot', exampleSnapshot({ services, accounts: [], documents: [] }));
    const reply = await alone.call('POST', 'warm', { host: own, as: 'activitypub', paths: ['/users/me'] });
    expect(await reply.json()).toMatchObject({
      stored: [],
      refused: [{ path: '/users/me', reason: expect.stringContaining('claim one more') }],
    });
    expect(alone.seen).toEqual([]);
  });

  test.each([
    ['by its owner', { accountDomain: true }],
    ['by its accounts', { subject: true }],
  ])('is not put under the name that its people have, which it takes for its own, as said %s', async (_who, said) => {
    const self = { rel: 'self', href: `https://${host}/users/me` };
    const account = { subject: `acct:me@${asking}`, aliases: [], links: [self] };
    const profile = { name: 'social', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage'] as const };
    const services = [{ ...profile, authorizedFetch: true, ...('subject' in said ? {} : { accountDomain: asking }) }];
    await leave({ services, accounts: 'subject' in said ? [account] : [] });
    expect(await warm('/users/me')).toMatchObject({
      stored: [],
      refused: [{ reason: expect.stringContaining('claim one more') }],
    });
    expect(signed).toEqual([]);
  });

  test('is put under a name that no service has, if there is one', () => {
    const service = (...hosts: string[]) => ({ hosts });
    const services = [service('social.example', 'old.example'), service('video.example')];
    expect(askingHost({ hosts: ['social.example', 'video.example', 'free.example'], services }, 'social.example')).toBe(
      'free.example',
    );
    expect(askingHost({ hosts: ['social.example', 'old.example', 'video.example'], services }, 'social.example')).toBe(
      'video.example',
    );
    expect(askingHost({ hosts: ['social.example', 'old.example'], services }, 'social.example')).toBeNull();
  });
});

describe('at night', () => {
  test('who signs is given what the service showed, for itself alone; who does not is told to sign', async () => {
    await leave();
    await warm('/users/me');
    await home.sleep();
    const answer = await ask('/users/me', signer);
    expect(await answer.json()).toMatchObject({ type: 'Person' });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'private, no-store',
      vary: 'Accept, Signature',
      'cache-status': 'porchlight; hit; detail=asleep',
      age: expect.stringMatching(/^\d+$/),
    });
    expect(answer.headers.has('Set-Cookie')).toBe(false);
    const head = await ask('/users/me', signer, 'HEAD');
    expect([head.status, await head.text()]).toEqual([200, '']);
    const refused = await ask('/users/me', null);
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([401, 'unsigned-question']);
    // Whether there is a newer key cannot be known, for nobody answers at peer.example here.
    expect([401, 503]).toContain((await ask('/users/me', stranger)).status);
  });

  test('a signature for another address opens nothing', async () => {
    await leave();
    await warm('/users/me', '/users/you');
    await home.sleep();
    const letter = { method: 'GET', host, path: '/users/you', body: new Uint8Array(), at: systemClock.now() };
    const { headers } = await cavage(signer, letter, { headers: ['(request-target)', 'host', 'date'] });
    const moved = new Headers({ Accept: peer });
    for (const [name, value] of headers) if (name !== 'content-length') moved.set(name, value);
    expect((await SELF.fetch(`https://${host}/users/you`, { headers: moved })).status).toBe(200);
    expect([401, 503]).toContain((await SELF.fetch(`https://${host}/users/me`, { headers: moved })).status);
  });

  test.each(['POST', 'PUT', 'DELETE'])('a change (%s) is not answered as if it had been made', async (method) => {
    await leave();
    await warm('/users/me');
    await home.sleep();
    const letter = { method, host, path: '/users/me', body: new Uint8Array(), at: systemClock.now() };
    const { headers } = await cavage(signer, letter, { headers: ['(request-target)', 'host', 'date', 'digest'] });
    const asked = new Headers({ Accept: peer });
    for (const [name, value] of headers) if (name !== 'content-length') asked.set(name, value);
    const answer = await SELF.fetch(`https://${host}/users/me`, { method, headers: asked });
    expect([answer.status, answer.headers.has('Retry-After')]).toEqual([503, true]);
  });

  test.each([
    [['peer.example'], 403],
    [['example'], 403],
    [['other.example', 'er.example'], 200],
  ])('whom home blocks is given nothing: %j', async (blockedDomains, status) => {
    await leave({ blockedDomains });
    await warm('/users/me');
    await home.sleep();
    expect((await ask('/users/me', signer)).status).toBe(status);
  });

  test('nobody is given anything while home cannot say whom it blocks, and all may come again', async () => {
    const { blockedDomains: _, ...rest } = exampleSnapshot({ blockedDomains: [] });
    const services = [
      { name: 'social', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage'] as const, authorizedFetch: true },
    ];
    expect((await home.call('PUT', 'snapshot', { ...rest, services, accounts: [], documents: [] })).status).toBe(200);
    await warm('/users/me');
    await home.sleep();
    const answer = await ask('/users/me', signer);
    expect([answer.status, answer.headers.has('Retry-After')]).toEqual([503, true]);
  });

  const limited = (allowedDomains: readonly string[], authorizedFetch = true): Partial<Snapshot> => ({
    services: [
      { name: 'social', hosts: [host], inboxes: ['/inbox'], signatures: ['cavage'], authorizedFetch, allowedDomains },
    ],
    blockedBesideAllowed: [],
  });
  const leaveLimited = async (changes: Partial<Snapshot>): Promise<void> => {
    const { blockedDomains: _, ...rest } = exampleSnapshot({ accounts: [], documents: [], ...changes });
    const actorKeys = [{ keyId: signer.keyId, owner: alice, publicKeyPem: signer.pem, domain: 'peer.example' }];
    expect((await home.call('PUT', 'snapshot', { ...rest, actorKeys })).status).toBe(200);
  };

  test.each<[string, () => Partial<Snapshot>, number]>([
    ['its list has', () => limited(['peer.example']), 200],
    ['its list has below a domain', () => limited(['*.example']), 200],
    ['its list has not', () => limited(['other.example', '*.peer.example']), 403],
    ['its list has not, because nobody is in it', () => limited([]), 403],
    ['home blocks all the same', () => ({ ...limited(['peer.example']), blockedBesideAllowed: ['peer.example'] }), 403],
    [
      'its list has not, also of one that does not say that it wants signatures',
      () => limited(['x.example'], false),
      403,
    ],
  ])('of a service that federates with some only is told to whom %s', async (_, changes, status) => {
    const left = { host, path: '/users/left', contentType: peer, body: '{"type":"Person"}' };
    await leaveLimited({ ...changes(), documents: [left] });
    await warm('/users/me');
    await home.sleep();
    for (const path of ['/users/me', '/users/left']) expect((await ask(path, signer)).status).toBe(status);
    expect((await ask('/users/left', null)).status).toBe(401);
  });

  test('an edge that knows no such lists gives nobody anything of what a home with one leaves', async () => {
    // As it reads it: without the members that it does not know.
    const { blockedBesideAllowed: __, ...changes } = limited(['peer.example']);
    const services = (changes.services ?? []).map(({ allowedDomains: _, ...service }) => service);
    const left = { host, path: '/users/left', contentType: peer, body: '{"type":"Person"}' };
    await leaveLimited({ ...changes, services, documents: [left] });
    await warm('/users/me');
    await home.sleep();
    for (const path of ['/users/me', '/users/left']) {
      expect([(await ask(path, signer)).status, (await ask(path, null)).status]).toEqual([503, 401]);
    }
  });

  test('what was not for all, though it was shown to a stranger, is in no copy; nor is what nobody asked for', async () => {
    await leave();
    const reply = await warm('/notes/secret');
    expect(reply.refused).toEqual([{ path: '/notes/secret', reason: 'it is not addressed to the public' }]);
    await home.sleep();
    for (const path of ['/notes/secret', '/notes/unknown']) {
      const answer = await ask(path, signer);
      expect([answer.status, answer.headers.has('Retry-After')], path).toEqual([503, true]);
    }
  });

  describe('whether there is something at an address is told to nobody who may not read it:', () => {
    const askers: readonly (readonly [string, number, Partial<Snapshot>, () => Signer | null])[] = [
      ['to who does not sign', 401, {}, () => null],
      ['to who signs with another key', 401, { actorKeys: [] }, () => stranger],
      ['to whom home blocks', 403, { blockedDomains: ['peer.example'] }, () => signer],
    ];

    test.each(askers)('not %s', async (_, status, changes, by) => {
      const left = { host, path: '/users/left', contentType: peer, body: '{"type":"Person"}' };
      await leave({ ...changes, documents: [left], gone: [{ host, path: '/notes/deleted' }] });
      await warm('/users/me');
      await home.sleep();
      const asked = by();
      await remember(signer);
      const answers: unknown[] = [];
      for (const path of ['/users/me', '/users/left', '/notes/unknown', '/notes/deleted', '/notes/unknown?page=1']) {
        for (const method of ['GET', 'HEAD']) {
          const answer = await ask(path, asked, method);
          const headers = [...answer.headers].filter(([name]) => !['date', 'cf-ray'].includes(name));
          answers.push([method, answer.status, headers, await answer.text()]);
        }
      }
      expect(answers[0]).toEqual(['GET', status, expect.anything(), expect.anything()]);
      for (const [n, answer] of answers.entries()) expect(answer).toEqual(answers[n % 2]);
    });

    test('who may read is told that something is gone, or to come again', async () => {
      await leave({ gone: [{ host, path: '/notes/deleted' }] });
      await home.sleep();
      const gone = await ask('/notes/deleted', signer);
      expect([gone.status, await gone.json()]).toEqual([410, expect.objectContaining({ type: 'Tombstone' })]);
      const unknown = await ask('/notes/unknown', signer);
      expect([unknown.status, unknown.headers.has('Retry-After')]).toEqual([503, true]);
    });

    test('the page of what is gone is not shown any more, and nobody is told that it is', async () => {
      await leave();
      const body = 'what was deleted later';
      home.answer = () => ({ headers: { 'Content-Type': 'text/html', 'Cache-Control': 'public, max-age=60' }, body });
      const visited = async () => await SELF.fetch(`https://${host}/notes/1`, { headers: { Accept: 'text/html' } });
      expect(await (await visited()).text()).toBe(body);
      await home.sleep();
      await vi.waitUntil(async () => (await (await visited()).text()) === body);
      await leave({ gone: [{ host, path: '/notes/1' }], version: 9 });
      const there = await visited();
      const never = await SELF.fetch(`https://${host}/notes/never`, { headers: { Accept: 'text/html' } });
      expect([there.status, await there.text()]).toEqual([never.status, await never.text()]);
    });

    test('a change is told the same at every address, signed or not', async () => {
      await leave({ gone: [{ host, path: '/notes/deleted' }] });
      await warm('/users/me');
      await home.sleep();
      for (const path of ['/users/me', '/notes/deleted', '/notes/unknown']) {
        expect((await ask(path, null, 'PUT')).status, path).toBe(503);
      }
    });
  });

  test('what the service ceased to show is given no more', async () => {
    await leave();
    await warm('/users/me');
    home.answer = () => ({ status: 404, body: 'nobody' });
    await warm('/users/me');
    await home.sleep();
    expect((await ask('/users/me', signer)).status).toBe(503);
  });

  test('what home did not have asked for again before its last word is given no more', async () => {
    await leave();
    await warm('/users/me');
    const agedBy = async (ms: number): Promise<void> => {
      const { objects } = await store.list({ prefix: 'copies/', include: ['customMetadata'] });
      for (const { key, customMetadata } of objects) {
        const head = JSON.parse(customMetadata?.head ?? '') as { readonly storedAt: number };
        const bytes = (await (await store.get(key))?.arrayBuffer()) ?? new ArrayBuffer();
        await store.put(key, bytes, {
          customMetadata: { head: JSON.stringify({ ...head, storedAt: head.storedAt - ms }) },
        });
      }
      expect(objects).toHaveLength(1);
    };
    await home.sleep();
    await agedBy(limits.authorizedCopyMs - 60_000);
    expect((await ask('/users/me', signer)).status).toBe(200);
    await agedBy(120_000);
    expect((await ask('/users/me', signer)).status).toBe(503);
  });

  test('what passed by while it was awake is given to nobody, signed or not', async () => {
    await leave();
    expect((await ask('/users/me', signer)).status).toBe(200);
    await home.sleep();
    expect((await ask('/users/me', signer)).status).toBe(503);
  });
});
