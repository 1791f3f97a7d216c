import { describe, expect, test } from 'vitest';
import { answerActivityPub } from '../../../edge/activitypub/routes.ts';
import { limits } from '../../../shared/limits.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { altered, cavage, ed25519Signer, rfc9421 } from '../../shared/signature/signing.ts';
import { arriving, bytesOf, inbox } from './home.ts';
import { alice, body, follow, inboxRig, letter } from './inbox-rig.ts';
import { actorOf, night, serve } from './peer.ts';

const rig = inboxRig();

describe('an honest delivery', () => {
  test.each<[string, () => Promise<SignedRequest>]>([
    ['draft-cavage', () => cavage(rig.signers.alice, letter)],
    ['draft-cavage under hs2019', () => cavage(rig.signers.alice, letter, { algorithm: 'hs2019' })],
    ['RFC 9421', () => rfc9421(rig.signers.alice, letter)],
  ])('by %s is spooled as it came and answered 202', async (_, sign) => {
    const signed = await sign();
    const response = await rig.send(signed);
    expect(response.status).toBe(202);
    const [put, ...others] = rig.home.spool.arrivals;
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
    serve(rig.internet, 'peer.example', {
      [alice]: { id: alice, publicKey: { id: signer.keyId, owner: alice, publicKeyPem: signer.pem } },
    });
    expect((await rig.send(await rfc9421(signer, letter, { alg: 'ed25519' }))).status).toBe(202);
    expect(rig.home.spool.arrivals).toHaveLength(1);
  });

  test('to the shared inbox, with a query, keeps the path as it was signed', async () => {
    const path = '/inbox?a=%2F%C3%A4&b';
    expect((await rig.send(await cavage(rig.signers.alice, { ...letter, path }))).status).toBe(202);
    expect(rig.home.spool.arrivals[0]?.arrival.path).toBe(path);
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
    await rig.send(altered(await cavage(rig.signers.alice, letter), added));
    const arrival = rig.home.spool.arrivals[0]?.arrival;
    expect(arrival?.remoteAddress).toBe('192.0.2.7');
    const names = new Set(arrival?.headers.map(([name]) => name));
    const meant = ['content-length', 'content-type', 'date', 'digest', 'host', 'signature', 'user-agent', 'x-custom'];
    expect(names).toEqual(new Set(meant));
  });

  test('with an actor as an object, or as a list of one, is spooled', async () => {
    for (const actor of [{ id: alice, type: 'Person' }, [alice]]) {
      const content = bytesOf({ ...follow, actor });
      expect((await rig.send(await cavage(rig.signers.alice, { ...letter, body: content }), content)).status).toBe(202);
    }
    expect(rig.home.spool.arrivals.map(({ arrival }) => arrival.sender)).toEqual([alice, alice]);
  });

  test('by a key that was changed a while ago is spooled after asking again', async () => {
    await rig.send(await cavage(rig.signers.alice, letter));
    serve(rig.internet, 'peer.example', { [alice]: actorOf(rig.signers.stranger) });
    rig.clock.time += limits.keyFailureMs;
    expect((await rig.send(await cavage(rig.signers.stranger, { ...letter, at: rig.clock.time }))).status).toBe(202);
    expect(rig.home.spool.arrivals).toHaveLength(2);
    expect(rig.internet.asked).toHaveLength(2);
  });

  test('that the spool has already is answered 202 too', async () => {
    rig.home.spool.result = { put: 'duplicate' };
    expect((await rig.send(await cavage(rig.signers.alice, letter))).status).toBe(202);
  });

  test.each([
    ['sender-quota', 429, 'over-quota'],
    ['undecided-quota', 429, 'over-quota'],
    ['full', 503, 'full'],
  ] as const)('that meets %s is answered %i, with a time to come again', async (put, status, code) => {
    rig.home.spool.result = { put, retryAfterSeconds: 1800 };
    const response = await rig.send(await cavage(rig.signers.alice, letter));
    expect(await response.json()).toMatchObject({ status, code });
    const after = Number(response.headers.get('Retry-After'));
    expect([after >= 1800, after <= 2250]).toEqual([true, true]);
  });

  test('whose spool cannot be reached is an error, not an acceptance', async () => {
    const spool = { mayHoldFrom: async () => true, put: () => Promise.reject(new Error('lost')) };
    const request = arriving(await cavage(rig.signers.alice, letter), body);
    await expect(answerActivityPub(rig.reports.ports, { ...rig.home, spool }, request)).rejects.toThrow('lost');
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
    expect(await answerActivityPub(rig.reports.ports, rig.home, request)).toBeNull();
  });
});
