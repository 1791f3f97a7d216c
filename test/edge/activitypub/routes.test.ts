import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { answerActivityPub } from '../../../edge/activitypub/routes.ts';
import { limits } from '../../../shared/limits.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import {
  altered,
  cavage,
  ed25519Signer,
  type Letter,
  rfc9421,
  rsaSigner,
  type Signer,
} from '../../shared/signature/signing.ts';
import { cavageKey } from '../../shared/signature/vectors.ts';
import { document, Internet } from '../http/internet.ts';
import { arriving, bytesOf, type Home, homeWith, inbox, portsOf, type Reports, snapshotOf, utf8 } from './home.ts';
import { actorOf, FakeClock, keysOn, night, serve } from './peer.ts';

const alice = 'https://peer.example/users/alice';
const bob = 'https://peer.example/users/bob';
const mallory = 'https://evil.example/users/mallory';
const follow = { id: `${alice}#follow/1`, type: 'Follow', actor: alice, object: 'https://home.example/users/owner' };
const body = bytesOf(follow);
const letter: Letter = { host: 'home.example', path: inbox, body, at: night };
const hour = 3_600_000;

let signers: Readonly<Record<'alice' | 'bob' | 'mallory' | 'stranger', Signer>>;
beforeAll(async () => {
  signers = {
    alice: await rsaSigner(`${alice}#main-key`),
    bob: await rsaSigner(`${bob}#main-key`),
    mallory: await rsaSigner(`${mallory}#main-key`),
    // Another key under Alice's address.
    stranger: await rsaSigner(`${alice}#main-key`),
  };
});

let internet: Internet;
let clock: FakeClock;
let home: Home;
let reports: Reports;
beforeEach(() => {
  internet = new Internet();
  clock = new FakeClock();
  home = homeWith();
  reports = portsOf(keysOn(internet, clock), clock);
  serve(internet, 'peer.example', { [alice]: actorOf(signers.alice), [bob]: actorOf(signers.bob) });
  serve(internet, 'evil.example', { [mallory]: actorOf(signers.mallory) });
});

async function send(signed: SignedRequest, content = body): Promise<Response> {
  const response = await answerActivityPub(reports.ports, home, arriving(signed, content));
  if (response === null) throw new Error('the lane did not answer');
  return response;
}

async function expectRefused(status: number, signed: SignedRequest, content = body): Promise<Response> {
  const response = await send(signed, content);
  expect(response.status).toBe(status);
  expect(home.spool.arrivals).toEqual([]);
  return response;
}

describe('an honest delivery', () => {
  test.each<[string, () => Promise<SignedRequest>]>([
    ['draft-cavage', () => cavage(signers.alice, letter)],
    ['draft-cavage under hs2019', () => cavage(signers.alice, letter, { algorithm: 'hs2019' })],
    ['RFC 9421', () => rfc9421(signers.alice, letter)],
  ])('by %s is spooled as it came and answered 202', async (_, sign) => {
    const signed = await sign();
    const response = await send(signed);
    expect(response.status).toBe(202);
    const [put, ...others] = home.spool.arrivals;
    expect(others).toEqual([]);
    expect(put?.body).toEqual(body);
    expect(put?.arrival).toMatchObject({
      lane: 'activitypub',
      service: 'social',
      sender: alice,
      receivedAt: night,
      method: 'POST',
      host: 'home.example',
      path: inbox,
      undecided: null,
      bodyBytes: body.length,
      proof: { keyId: `${alice}#main-key` },
    });
    for (const [name, value] of signed.headers) expect(put?.arrival.headers).toContainEqual([name, value]);
  });

  test('by Ed25519, with the key as Multikey, is spooled', async () => {
    const signer = await ed25519Signer(`${alice}#ed25519`);
    serve(internet, 'peer.example', {
      [alice]: { id: alice, publicKey: { id: signer.keyId, owner: alice, publicKeyPem: signer.pem } },
    });
    expect((await send(await rfc9421(signer, letter, { alg: 'ed25519' }))).status).toBe(202);
    expect(home.spool.arrivals).toHaveLength(1);
  });

  test('to the shared inbox, with a query, keeps the path as it was signed', async () => {
    const path = '/inbox?a=%2F%C3%A4&b';
    expect((await send(await cavage(signers.alice, { ...letter, path }))).status).toBe(202);
    expect(home.spool.arrivals[0]?.arrival.path).toBe(path);
  });

  test('keeps what the sender meant for the service, and nothing else', async () => {
    const added = {
      cookie: 'a=b',
      'cf-connecting-ip': '192.0.2.7',
      'x-forwarded-for': '192.0.2.8',
      'x-real-ip': '192.0.2.9',
      forwarded: 'for=192.0.2.10',
      'porchlight-receipt': 'x',
      'keep-alive': '5',
      'x-custom': 'kept',
      'user-agent': 'Peer/1.0',
    };
    await send(altered(await cavage(signers.alice, letter), added));
    const arrival = home.spool.arrivals[0]?.arrival;
    expect(arrival?.remoteAddress).toBe('192.0.2.7');
    const names = new Set(arrival?.headers.map(([name]) => name));
    const meant = ['content-length', 'content-type', 'date', 'digest', 'host', 'signature', 'user-agent', 'x-custom'];
    expect(names).toEqual(new Set(meant));
  });

  test('with an actor as an object, or as a list of one, is spooled', async () => {
    for (const actor of [{ id: alice, type: 'Person' }, [alice]]) {
      const content = bytesOf({ ...follow, actor });
      expect((await send(await cavage(signers.alice, { ...letter, body: content }), content)).status).toBe(202);
    }
    expect(home.spool.arrivals.map(({ arrival }) => arrival.sender)).toEqual([alice, alice]);
  });

  test('by a key that was changed a while ago is spooled after asking again', async () => {
    await send(await cavage(signers.alice, letter));
    serve(internet, 'peer.example', { [alice]: actorOf(signers.stranger) });
    clock.time += limits.keyFailureMs;
    expect((await send(await cavage(signers.stranger, { ...letter, at: clock.time }))).status).toBe(202);
    expect(home.spool.arrivals).toHaveLength(2);
    expect(internet.asked).toHaveLength(2);
  });

  test('that the spool has already is answered 202 too', async () => {
    home.spool.result = { put: 'duplicate' };
    expect((await send(await cavage(signers.alice, letter))).status).toBe(202);
  });

  test.each([
    ['sender-quota', 429],
    ['undecided-quota', 429],
    ['full', 503],
  ] as const)('that meets %s is answered %i, with a time to come again', async (put, status) => {
    home.spool.result = { put, retryAfterSeconds: 1800 };
    const response = await send(await cavage(signers.alice, letter));
    expect(response.status).toBe(status);
    expect(response.headers.get('Retry-After')).toBe('1800');
  });

  test('whose spool cannot be reached is an error, not an acceptance', async () => {
    const spool = { mayHoldFrom: async () => true, put: () => Promise.reject(new Error('lost')) };
    const request = arriving(await cavage(signers.alice, letter), body);
    await expect(answerActivityPub(reports.ports, { ...home, spool }, request)).rejects.toThrow('lost');
  });
});

describe('a forgery is answered 401 and leaves no row', () => {
  const target = '(request-target)';
  const cases: [string, () => Promise<SignedRequest>][] = [
    ['signed by another key', () => cavage(signers.stranger, letter)],
    ['signed by another key, by RFC 9421', () => rfc9421(signers.stranger, letter)],
    ['signed by the key of another host', () => cavage(signers.mallory, letter)],
    ["signed by a neighbour's key", () => cavage(signers.bob, letter)],
    ['not signed', async () => altered(await cavage(signers.alice, letter), { signature: undefined })],
    ['with junk for a signature', async () => altered(await cavage(signers.alice, letter), { signature: 'junk' })],
    ['without a Digest', async () => altered(await cavage(signers.alice, letter), { digest: undefined })],
    ['whose Digest is not covered', () => cavage(signers.alice, letter, { headers: [target, 'host', 'date'] })],
    ['whose Date is not covered', () => cavage(signers.alice, letter, { headers: [target, 'host', 'digest'] })],
    ['whose host is not covered', () => cavage(signers.alice, letter, { headers: [target, 'date', 'digest'] })],
    ['whose path is not covered', () => cavage(signers.alice, letter, { headers: ['host', 'date', 'digest'] })],
    [
      'without Content-Digest',
      async () => altered(await rfc9421(signers.alice, letter), { 'content-digest': undefined }),
    ],
    [
      'whose Content-Digest is not covered',
      () => rfc9421(signers.alice, letter, { components: ['@method', '@target-uri'] }),
    ],
    ['without created', () => rfc9421(signers.alice, letter, { created: null })],
    ['with an algorithm that is not one for the key', () => rfc9421(signers.alice, letter, { alg: 'ed25519' })],
    ['with an unknown algorithm', () => cavage(signers.alice, letter, { algorithm: 'hmac-sha256' })],
    ['that is stale', () => cavage(signers.alice, { ...letter, at: night - hour - 1000 })],
    ['that is stale, by RFC 9421', () => rfc9421(signers.alice, { ...letter, at: night - hour - 1000 })],
    ['that is from the future', () => cavage(signers.alice, { ...letter, at: night + hour + 1000 })],
    ['that has expired', () => rfc9421(signers.alice, letter, { expires: night / 1000 - 1 })],
    [
      'with an X-Date',
      async () => altered(await cavage(signers.alice, letter), { 'x-date': new Date(night).toUTCString() }),
    ],
    ['replayed to another path', async () => altered(await cavage(signers.alice, letter), {}, { path: '/inbox' })],
    [
      'replayed to another path, by RFC 9421',
      async () => altered(await rfc9421(signers.alice, letter), {}, { path: '/inbox' }),
    ],
    ['replayed with a query', async () => altered(await cavage(signers.alice, letter), {}, { path: `${inbox}?a` })],
    ['signed for another host', () => cavage(signers.alice, { ...letter, host: 'other.example' })],
    [
      'whose keyId has no end',
      () => cavage({ ...signers.alice, keyId: `${alice}#${'a'.repeat(limits.addressLength)}` }, letter),
    ],
    ['whose keyId is no address', () => cavage({ ...signers.alice, keyId: 'alice' }, letter)],
    [
      'that covers what is not passed on',
      () =>
        cavage(signers.alice, letter, {
          headers: [target, 'host', 'date', 'digest', 'cookie'],
          fields: { cookie: 'a' },
        }),
    ],
    [
      'that calls a covered header hop-by-hop',
      async () => altered(await cavage(signers.alice, letter), { connection: 'close, Digest' }),
    ],
  ];
  test.each(cases)('%s', async (_, forge) => {
    const forged = await forge();
    await expectRefused(401, { ...forged, host: 'home.example' });
  });

  test('with a second signature in Authorization', async () => {
    const signed = await cavage(signers.alice, letter);
    const [, signature = ''] = signed.headers.find(([name]) => name === 'signature') ?? [];
    await expectRefused(401, altered(signed, { authorization: `Signature ${signature}` }));
    await expectRefused(401, altered(signed, { authorization: `Signature ${signature}`, signature: undefined }));
  });

  // The platform joins repeated headers by ", ".
  test.each(['signature', 'date', 'digest', 'host'])('with a repeated %s', async (name) => {
    const signed = await cavage(signers.alice, letter);
    const again = signed.headers.filter(([each]) => each === name);
    await expectRefused(401, { ...signed, headers: [...signed.headers, ...again] });
  });

  test.each(['signature', 'signature-input', 'content-digest'])('with a repeated %s, by RFC 9421', async (name) => {
    const signed = await rfc9421(signers.alice, letter);
    const again = signed.headers.filter(([each]) => each === name);
    await expectRefused(401, { ...signed, headers: [...signed.headers, ...again] });
  });

  test('whose repeated header is covered as the platform joins it', async () => {
    const date = new Date(night).toUTCString();
    await expectRefused(401, await cavage(signers.alice, letter, { fields: { date: `${date}, ${date}` } }));
  });

  test('with an altered body', async () => {
    const other = bytesOf({ ...follow, object: 'https://home.example/users/other' });
    await expectRefused(401, await cavage(signers.alice, letter), other);
    await expectRefused(401, await rfc9421(signers.alice, letter), other);
  });

  test('with an altered body and a Digest to match', async () => {
    const other = bytesOf({ ...follow, object: 'https://home.example/users/other' });
    const { headers } = await cavage(signers.alice, { ...letter, body: other });
    const digest = headers.find(([name]) => name === 'digest')?.[1];
    await expectRefused(401, altered(await cavage(signers.alice, letter), { digest }), other);
  });

  test('an old request with a new, uncovered created', async () => {
    const old = await cavage(signers.alice, { ...letter, at: night - 16 * hour });
    const [, signature = ''] = old.headers.find(([name]) => name === 'signature') ?? [];
    for (const added of [`created=${night / 1000}`, `expires=${night / 1000 + 60}`]) {
      const edited = signature.replace('algorithm="rsa-sha256"', `algorithm="hs2019",${added}`);
      await expectRefused(401, altered(old, { signature: edited }));
    }
  });

  test('that names which signatures are taken, so that the sender can try another', async () => {
    home = homeWith(
      snapshotOf({ services: [{ name: 's', hosts: ['home.example'], inboxes: [inbox], signatures: ['cavage'] }] }),
    );
    const response = await expectRefused(401, await rfc9421(signers.alice, letter));
    expect(await response.json()).toMatchObject({ title: expect.stringContaining('draft-cavage-http-signatures-12') });
    expect(response.headers.get('WWW-Authenticate')).toContain('Signature');
    expect(internet.asked).toEqual([]);
    expect((await send(await cavage(signers.alice, letter))).status).toBe(202);
  });
});

describe('junk leaves no row, and nobody is asked about it', () => {
  test.each<[string, number, () => Uint8Array<ArrayBuffer>]>([
    ['10 MB', 413, () => new Uint8Array(10 * 1024 * 1024).fill(0x20)],
    ['one byte too many', 413, () => new Uint8Array(limits.inboxBodyBytes + 1).fill(0x20)],
    ['nothing', 400, () => new Uint8Array(0)],
    ['invalid UTF-8', 400, () => Uint8Array.from([...body.slice(0, -2), 0xc3, 0x28, 0x22, 0x7d])],
    ['UTF-16', 400, () => Uint8Array.of(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00)],
    ['a byte order mark', 400, () => Uint8Array.from([0xef, 0xbb, 0xbf, ...body])],
    ['JSON nested 10,000 deep', 400, () => utf8(`{"actor":"${alice}","a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)],
    ['brackets without end', 400, () => utf8('['.repeat(1_000_000))],
    ['not JSON', 400, () => utf8('actor=alice')],
    ['half of JSON', 400, () => body.slice(0, 20)],
    ['a list', 400, () => bytesOf([follow])],
    ['a string', 400, () => bytesOf('hello')],
    ['null', 400, () => bytesOf(null)],
    ['no actor', 400, () => bytesOf({ type: 'Follow' })],
    ['an actor without id', 400, () => bytesOf({ ...follow, actor: { type: 'Person' } })],
    ['two actors', 400, () => bytesOf({ ...follow, actor: [alice, mallory] })],
    ['an actor without end', 400, () => bytesOf({ ...follow, actor: `${alice}/${'a'.repeat(limits.addressLength)}` })],
    ['an actor on two lines', 400, () => bytesOf({ ...follow, actor: `${alice}\nadmin: all is well` })],
    ['an actor with a space', 400, () => bytesOf({ ...follow, actor: `${alice} ` })],
    ['a number for an actor', 400, () => bytesOf({ ...follow, actor: 7 })],
  ])('%s is answered %i, signed or not', async (_, status, make) => {
    const content = make();
    const signed = await cavage(signers.alice, { ...letter, body: content });
    await expectRefused(status, signed, content);
    await expectRefused(status, altered(signed, { signature: undefined }), content);
    expect(internet.asked).toEqual([]);
  });

  test('a body within the limit, as deep as limits.jsonDepth, is taken', async () => {
    const deep = (levels: number) =>
      utf8(`{"actor":"${alice}","s":"[[[\\"{{","a":${'['.repeat(levels)}${']'.repeat(levels)}}`);
    const content = deep(limits.jsonDepth - 1);
    expect((await send(await cavage(signers.alice, { ...letter, body: content }), content)).status).toBe(202);
    const deeper = deep(limits.jsonDepth);
    expect((await send(await cavage(signers.alice, { ...letter, body: deeper }), deeper)).status).toBe(400);
  });

  test('a body without a length that never ends is cut off', async () => {
    let sent = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const request = new Request(`https://home.example${inbox}`, { method: 'POST', body: stream });
    const response = await answerActivityPub(reports.ports, home, request);
    expect(response?.status).toBe(413);
    expect(sent).toBeLessThan(limits.inboxBodyBytes + 4 * 65_536);
  });

  test('headers longer than limits.deliveryHeaderBytes are answered 413', async () => {
    const long = { 'x-long': 'x'.repeat(limits.deliveryHeaderBytes) };
    await expectRefused(413, altered(await cavage(signers.alice, letter), long));
  });
});

describe('the key', () => {
  const answers: [string, number, () => Response | Promise<Response>][] = [
    ['is gone', 401, () => new Response(null, { status: 410 })],
    ['is not there', 401, () => new Response(null, { status: 404 })],
    ['is a page', 401, () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
    ['is garbage', 401, () => document('garbage')],
    [
      'is too long',
      401,
      () =>
        new Response(new Uint8Array(limits.keyBytes + 1), { headers: { 'Content-Type': 'application/activity+json' } }),
    ],
    ['redirects in a loop', 401, () => new Response(null, { status: 302, headers: { Location: alice } })],
    [
      'redirects to loopback',
      401,
      () => new Response(null, { status: 302, headers: { Location: 'https://127.0.0.1/' } }),
    ],
    [
      'is too weak',
      401,
      () => document({ id: alice, publicKey: { id: `${alice}#main-key`, owner: alice, publicKeyPem: cavageKey } }),
    ],
  ];
  test.each(answers)('%s: %i', async (_, status, site) => {
    internet.add('peer.example', site);
    await expectRefused(status, await cavage(signers.alice, letter));
  });

  test.each([
    'https://127.0.0.1',
    'https://localhost',
    'https://10.0.0.1',
    'https://[::1]',
    'http://peer.example',
    'https://peer.example:8443',
    'https://home.example',
  ])('at %s is not asked for: 401', async (origin) => {
    const actor = `${origin}/users/alice`;
    const content = bytesOf({ ...follow, actor });
    const signer = { ...signers.alice, keyId: `${actor}#main-key` };
    internet.add(new URL(origin).host, () => document(actorOf(signer)));
    await expectRefused(401, await cavage(signer, { ...letter, body: content }), content);
    expect(internet.asked).toEqual([]);
  });

  test('at a name that resolves to a private address is not asked for: 401', async () => {
    internet.add('peer.example', () => document(actorOf(signers.alice)), ['93.184.215.14', '10.0.0.1']);
    await expectRefused(401, await cavage(signers.alice, letter));
    expect(internet.asked).toEqual([]);
  });

  test('at a name that does not exist: 401', async () => {
    internet.remove('peer.example');
    await expectRefused(401, await cavage(signers.alice, letter));
  });

  test('that is slow: 503 with Retry-After, and no row', async () => {
    internet.add('peer.example', () => new Promise(() => undefined));
    const deadline = () => AbortSignal.abort(new Error('time is up'));
    reports = portsOf(keysOn(internet, clock, { deadline }), clock);
    const response = await expectRefused(503, await cavage(signers.alice, letter));
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
  });

  test('at one new host too many of a domain: 503, and no row', async () => {
    for (let i = 0; i <= limits.keySubdomainsPerHour; i++) {
      const actor = `https://s${i}.evil.example/users/m`;
      const content = bytesOf({ ...follow, actor });
      const signer = { ...signers.mallory, keyId: `${actor}#main-key` };
      internet.add(`s${i}.evil.example`, () => document({}));
      const last = i === limits.keySubdomainsPerHour;
      await expectRefused(last ? 503 : 401, await cavage(signer, { ...letter, body: content }), content);
    }
  });

  test.each<[string, () => Response | Promise<Response>]>([
    ['fails', () => new Response(null, { status: 500 })],
    ['is busy', () => new Response(null, { status: 429 })],
    ['wants a signed question', () => new Response(null, { status: 401 })],
    ['is shown to nobody', () => new Response(null, { status: 403 })],
    ['cannot be reached', () => Promise.reject(new TypeError('connection refused'))],
  ])('whose server %s leaves the delivery undecided: 202, home decides', async (_, site) => {
    internet.add('peer.example', site);
    expect((await send(await cavage(signers.alice, letter))).status).toBe(202);
    const arrival = home.spool.arrivals[0]?.arrival;
    expect(arrival).toMatchObject({ sender: `unproven ${alice}`, proof: { by: 'cavage', keyId: `${alice}#main-key` } });
    expect(arrival?.undecided).toMatch(/peer\.example/);
  });

  test('an undecided delivery must still hold in everything else', async () => {
    internet.add('peer.example', () => new Response(null, { status: 500 }));
    await expectRefused(401, await cavage(signers.alice, { ...letter, at: night - 2 * hour }));
    await expectRefused(401, await cavage(signers.alice, letter), bytesOf({ ...follow, id: 'x' }));
    await expectRefused(401, await cavage(signers.mallory, letter));
    expect(internet.asked).toEqual([]);
  });

  test('a forged request costs one question in limits.keyFailureMs', async () => {
    for (let i = 0; i < 5; i++) await expectRefused(401, await cavage(signers.stranger, letter));
    expect(internet.asked).toEqual([alice]);
  });
});

describe("an actor's news about itself", () => {
  const deleted = { id: `${alice}#delete`, type: 'Delete', actor: alice, object: alice };
  const newsOf = async (content: Uint8Array<ArrayBuffer>, signer = signers.alice) =>
    await cavage(signer, { ...letter, body: content });

  test.each([
    ['Delete', deleted],
    ['Delete of an object with its id', { ...deleted, object: { id: alice, type: 'Tombstone' } }],
    ['Update', { ...deleted, type: 'Update' }],
  ])('%s, when home never met it: 202, without a key and without a row', async (_, activity) => {
    const content = bytesOf(activity);
    expect((await send(await newsOf(content), content)).status).toBe(202);
    expect(internet.asked).toEqual([]);
    expect(home.spool.arrivals).toEqual([]);
    expect(home.spool.askedFor).toEqual([alice, `unproven ${alice}`]);
    expect(reports.received).toMatchObject([{ verdict: 'moot' }]);
  });

  test('is spooled when home met it before its last snapshot, and the spool is not asked', async () => {
    home = homeWith(snapshotOf({}, [alice]));
    const content = bytesOf(deleted);
    expect((await send(await newsOf(content), content)).status).toBe(202);
    expect(home.spool.arrivals).toHaveLength(1);
    expect(home.spool.askedFor).toEqual([]);
  });

  test('is spooled when something of it is on its way to home', async () => {
    home.spool.holding.add(alice);
    const content = bytesOf(deleted);
    expect((await send(await newsOf(content), content)).status).toBe(202);
    expect(home.spool.arrivals).toHaveLength(1);
  });

  test.each([404, 410])('a known actor whose key is gone with it (%i) is left to home: 202', async (status) => {
    home = homeWith(snapshotOf({}, [alice]));
    internet.add('peer.example', () => new Response(null, { status }));
    const content = bytesOf(deleted);
    expect((await send(await newsOf(content), content)).status).toBe(202);
    expect(home.spool.arrivals[0]?.arrival).toMatchObject({
      sender: `unproven ${alice}`,
      undecided: expect.stringContaining('gone'),
    });
  });

  test('only a Delete may come with a key that is gone', async () => {
    home = homeWith(snapshotOf({}, [alice]));
    internet.add('peer.example', () => new Response(null, { status: 410 }));
    const content = bytesOf({ ...deleted, type: 'Update' });
    await expectRefused(401, await newsOf(content), content);
  });

  test('a Delete of somebody else is judged in full', async () => {
    const content = bytesOf({ ...deleted, object: bob });
    await expectRefused(401, await newsOf(content, signers.stranger), content);
    expect(internet.asked).toEqual([alice]);
  });

  test('a Delete that is not signed, or stale, is refused although it would be moot', async () => {
    const content = bytesOf(deleted);
    const signed = await newsOf(content);
    await expectRefused(401, altered(signed, { signature: undefined }), content);
    clock.time += 2 * hour;
    await expectRefused(401, signed, content);
  });
});

describe('what belongs to others', () => {
  test.each([
    ['another path', 'POST', 'https://home.example/users/other/inbox'],
    ['another host', 'POST', `https://other.example${inbox}`],
    ['a longer path', 'POST', `https://home.example${inbox}/`],
    ['another port', 'POST', `https://home.example:8443${inbox}`],
    ['a question', 'GET', `https://home.example${inbox}`],
    ['another method', 'PUT', `https://home.example${inbox}`],
  ])('%s is left to others', async (_, method, url) => {
    const request = new Request(url, { method, ...(method === 'GET' ? {} : { body }) });
    expect(await answerActivityPub(reports.ports, home, request)).toBeNull();
  });
});
