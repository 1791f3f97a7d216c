// What a delivery without its sender's proof is told, and that nothing of it stays.

import { describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { altered, cavage, rfc9421 } from '../../shared/signature/signing.ts';
import { bytesOf, homeWith, inbox, snapshotOf } from './home.ts';
import { alice, follow, hour, inboxRig, letter } from './inbox-rig.ts';
import { night } from './peer.ts';

const rig = inboxRig();

describe('a forgery is answered 401 and leaves no row', () => {
  const target = '(request-target)';
  const cases: [string, () => Promise<SignedRequest>][] = [
    ['signed by another key', () => cavage(rig.signers.stranger, letter)],
    ['signed by another key, by RFC 9421', () => rfc9421(rig.signers.stranger, letter)],
    ['signed by the key of another host', () => cavage(rig.signers.mallory, letter)],
    ["signed by a neighbour's key", () => cavage(rig.signers.bob, letter)],
    ['not signed', async () => altered(await cavage(rig.signers.alice, letter), { signature: undefined })],
    ['with junk for a signature', async () => altered(await cavage(rig.signers.alice, letter), { signature: 'junk' })],
    ['without a Digest', async () => altered(await cavage(rig.signers.alice, letter), { digest: undefined })],
    ['whose Digest is not covered', () => cavage(rig.signers.alice, letter, { headers: [target, 'host', 'date'] })],
    ['whose Date is not covered', () => cavage(rig.signers.alice, letter, { headers: [target, 'host', 'digest'] })],
    ['whose host is not covered', () => cavage(rig.signers.alice, letter, { headers: [target, 'date', 'digest'] })],
    ['whose path is not covered', () => cavage(rig.signers.alice, letter, { headers: ['host', 'date', 'digest'] })],
    [
      'without Content-Digest',
      async () => altered(await rfc9421(rig.signers.alice, letter), { 'content-digest': undefined }),
    ],
    [
      'whose Content-Digest is not covered',
      () => rfc9421(rig.signers.alice, letter, { components: ['@method', '@target-uri'] }),
    ],
    ['without created', () => rfc9421(rig.signers.alice, letter, { created: null })],
    ['with an algorithm that is not one for the key', () => rfc9421(rig.signers.alice, letter, { alg: 'ed25519' })],
    ['with an unknown algorithm', () => cavage(rig.signers.alice, letter, { algorithm: 'hmac-sha256' })],
    ['that is stale', () => cavage(rig.signers.alice, { ...letter, at: night - hour - 1000 })],
    ['that is stale, by RFC 9421', () => rfc9421(rig.signers.alice, { ...letter, at: night - hour - 1000 })],
    ['that is from the future', () => cavage(rig.signers.alice, { ...letter, at: night + hour + 1000 })],
    ['that has expired', () => rfc9421(rig.signers.alice, letter, { expires: night / 1000 - 1 })],
    [
      'with an X-Date',
      async () => altered(await cavage(rig.signers.alice, letter), { 'x-date': new Date(night).toUTCString() }),
    ],
    ['replayed to another path', async () => altered(await cavage(rig.signers.alice, letter), {}, { path: '/inbox' })],
    [
      'replayed to another path, by RFC 9421',
      async () => altered(await rfc9421(rig.signers.alice, letter), {}, { path: '/inbox' }),
    ],
    ['replayed with a query', async () => altered(await cavage(rig.signers.alice, letter), {}, { path: `${inbox}?a` })],
    ['signed for another host', () => cavage(rig.signers.alice, { ...letter, host: 'other.example' })],
    [
      'whose keyId has no end',
      () => cavage({ ...rig.signers.alice, keyId: `${alice}#${'a'.repeat(limits.addressLength)}` }, letter),
    ],
    ['whose keyId is no address', () => cavage({ ...rig.signers.alice, keyId: 'alice' }, letter)],
    [
      'that covers what is not passed on',
      () =>
        cavage(rig.signers.alice, letter, {
          headers: [target, 'host', 'date', 'digest', 'cookie'],
          fields: { cookie: 'a' },
        }),
    ],
    [
      'that calls a covered header hop-by-hop',
      async () => altered(await cavage(rig.signers.alice, letter), { connection: 'close, Digest' }),
    ],
  ];
  test.each(cases)('%s', async (_, forge) => {
    const forged = await forge();
    await rig.expectRefused(401, { ...forged, host: 'home.example' });
  });

  test('with a second signature in Authorization', async () => {
    const signed = await cavage(rig.signers.alice, letter);
    const [, signature = ''] = signed.headers.find(([name]) => name === 'signature') ?? [];
    await rig.expectRefused(401, altered(signed, { authorization: `Signature ${signature}` }));
    await rig.expectRefused(401, altered(signed, { authorization: `Signature ${signature}`, signature: undefined }));
  });

  // The platform joins repeated headers by ", ".
  test.each(['signature', 'date', 'digest', 'host'])('with a repeated %s', async (name) => {
    const signed = await cavage(rig.signers.alice, letter);
    const again = signed.headers.filter(([each]) => each === name);
    await rig.expectRefused(401, { ...signed, headers: [...signed.headers, ...again] });
  });

  test.each(['signature', 'signature-input', 'content-digest'])('with a repeated %s, by RFC 9421', async (name) => {
    const signed = await rfc9421(rig.signers.alice, letter);
    const again = signed.headers.filter(([each]) => each === name);
    await rig.expectRefused(401, { ...signed, headers: [...signed.headers, ...again] });
  });

  test('whose repeated header is covered as the platform joins it', async () => {
    const date = new Date(night).toUTCString();
    await rig.expectRefused(401, await cavage(rig.signers.alice, letter, { fields: { date: `${date}, ${date}` } }));
  });

  test('with an altered body', async () => {
    const other = bytesOf({ ...follow, object: 'https://home.example/users/other' });
    await rig.expectRefused(401, await cavage(rig.signers.alice, letter), other);
    await rig.expectRefused(401, await rfc9421(rig.signers.alice, letter), other);
  });

  test('with an altered body and a Digest to match', async () => {
    const other = bytesOf({ ...follow, object: 'https://home.example/users/other' });
    const { headers } = await cavage(rig.signers.alice, { ...letter, body: other });
    const digest = headers.find(([name]) => name === 'digest')?.[1];
    await rig.expectRefused(401, altered(await cavage(rig.signers.alice, letter), { digest }), other);
  });

  test('an old request with a new, uncovered created', async () => {
    const old = await cavage(rig.signers.alice, { ...letter, at: night - 16 * hour });
    const [, signature = ''] = old.headers.find(([name]) => name === 'signature') ?? [];
    for (const added of [`created=${night / 1000}`, `expires=${night / 1000 + 60}`]) {
      const edited = signature.replace('algorithm="rsa-sha256"', `algorithm="hs2019",${added}`);
      await rig.expectRefused(401, altered(old, { signature: edited }));
    }
  });

  test('that names which signatures are taken, so that the sender can try another', async () => {
    rig.home = homeWith(
      snapshotOf({ services: [{ name: 's', hosts: ['home.example'], inboxes: [inbox], signatures: ['cavage'] }] }),
    );
    const response = await rig.expectRefused(401, await rfc9421(rig.signers.alice, letter));
    expect(await response.json()).toMatchObject({ title: expect.stringContaining('draft-cavage-http-signatures-12') });
    expect(response.headers.get('WWW-Authenticate')).toContain('Signature');
    expect(rig.internet.asked).toEqual([]);
    expect((await rig.send(await cavage(rig.signers.alice, letter))).status).toBe(202);
  });
});

describe('home blocks a domain', () => {
  const only = (blocked: readonly string[], services = snapshotOf().services, sparedDomains: readonly string[] = []) =>
    homeWith(snapshotOf({ services, blockedDomains: blocked, sparedDomains }));

  test.each([['peer.example'], ['example']])(
    '%s: its deliveries are refused for good, with no question',
    async (one) => {
      rig.home = only(['elsewhere.example', one]);
      await rig.expectRefused(403, await cavage(rig.signers.alice, letter));
      await rig.expectRefused(403, await rfc9421(rig.signers.alice, letter));
      expect(rig.internet.asked).toEqual([]);
    },
  );

  test.each([['eer.example'], ['sub.peer.example'], ['peer.example.org']])('%s is another than hers', async (one) => {
    rig.home = only([one]);
    expect((await rig.send(await cavage(rig.signers.alice, letter))).status).toBe(202);
  });

  test.each<[readonly string[], number]>([
    [['peer.example'], 202],
    [['*.example'], 202],
    [['*.peer.example'], 403],
    [['a.peer.example'], 403],
  ])('but for those that it spares: %j', async (spared, status) => {
    rig.home = only(['example'], undefined, spared);
    if (status === 403) await rig.expectRefused(403, await cavage(rig.signers.alice, letter));
    else expect((await rig.send(await cavage(rig.signers.alice, letter))).status).toBe(202);
  });

  test('of several services each judges for itself', async () => {
    const videos = { name: 'videos', hosts: ['videos.example'], inboxes: ['/inbox'], signatures: [] };
    rig.home = only(['peer.example'], [...snapshotOf().services, videos]);
    expect((await rig.send(await cavage(rig.signers.alice, letter))).status).toBe(202);
  });
});
