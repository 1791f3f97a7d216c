import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import { readSignature } from '../../../shared/signature/read.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { requireProof, requireStrength, signedTimes } from '../../../shared/signature/require.ts';
import { verifySignature } from '../../../shared/signature/verify.ts';
import {
  altered,
  type CavageOptions,
  cavage,
  type Rfc9421Options,
  rfc9421,
  rsaSigner,
  type Signer,
} from './signing.ts';
import { cavageKey, rfcKeys } from './vectors.ts';

const refusal = expect.objectContaining({ code: 'signature-refused' });
const now = Date.UTC(2026, 10, 21, 3, 0, 0);
const seconds = now / 1000;
const letter = {
  host: 'home.example',
  path: '/users/owner/inbox',
  body: new TextEncoder().encode('{"type":"Follow"}'),
  at: now,
};
let signer: Signer;
beforeAll(async () => {
  signer = await rsaSigner('https://peer.example/users/a#main-key');
});

function prove(request: SignedRequest, receivedAt = now): void {
  requireProof(request, readSignature(request), receivedAt);
}

describe('what honest servers send passes', () => {
  const target = '(request-target)';
  test.each<[string, CavageOptions]>([
    ['Mastodon', { headers: [target, 'host', 'date', 'digest', 'content-type'] }],
    [
      'Mastodon, with Collection-Synchronization',
      {
        headers: [target, 'host', 'date', 'digest', 'content-type', 'collection-synchronization'],
        fields: { 'collection-synchronization': 'collectionId="https://peer.example/f", digest="00"' },
      },
    ],
    ['GoToSocial', { headers: [target, 'host', 'date', 'digest'], algorithm: 'hs2019' }],
    ['Misskey', { headers: [target, 'date', 'host', 'digest'] }],
    ['PeerTube', { headers: [target, 'host', 'date', 'digest'] }],
    [
      'Pixelfed',
      {
        headers: [target, 'host', 'date', 'digest', 'content-type', 'user-agent'],
        fields: { 'user-agent': '(Pixelfed)' },
      },
    ],
    ['Lemmy', { headers: [target, 'content-type', 'date', 'digest', 'host'], algorithm: 'hs2019' }],
    ['Pleroma', { headers: [target, 'content-length', 'date', 'digest', 'host'] }],
    [
      'Fedify',
      {
        headers: [target, 'content-type', 'date', 'digest', 'host', 'user-agent'],
        fields: { 'user-agent': 'Fedify/2' },
      },
    ],
    ['WordPress', { headers: [target, 'host', 'date', 'digest'] }],
    [
      'a signer of (created)',
      { headers: [target, '(created)', 'host', 'digest'], algorithm: 'hs2019', created: seconds },
    ],
    [
      'a signer of (created) and (expires)',
      {
        headers: [target, '(created)', '(expires)', 'host', 'digest'],
        algorithm: null,
        created: seconds,
        expires: seconds + 60,
      },
    ],
  ])('draft-cavage: %s', async (_, options) => {
    const request = await cavage(signer, letter, options);
    prove(request);
    expect(await verifySignature(readSignature(request), publicKeyFromPem(signer.pem))).toBe(true);
  });

  test.each<[string, Rfc9421Options]>([
    ['Mastodon', { components: ['@method', '@target-uri', 'content-digest'] }],
    ['Fedify', { components: ['@method', '@target-uri', '@authority', 'host', 'date', 'content-digest'] }],
    ['WordPress', { components: ['@method', '@target-uri', '@authority', 'content-digest'], label: 'wp' }],
    ['a signer of authority and path', { components: ['@method', '@authority', '@path', 'content-digest'] }],
    [
      'a signer of authority and request target',
      { components: ['@method', '@authority', '@request-target', 'content-digest'] },
    ],
    ['a signer without alg', { alg: null }],
    ['a signer with expires', { expires: seconds + 300 }],
  ])('RFC 9421: %s', async (_, options) => {
    const request = await rfc9421(signer, letter, options);
    prove(request);
    expect(await verifySignature(readSignature(request), publicKeyFromPem(signer.pem))).toBe(true);
  });

  test('the query must be covered only when there is one', async () => {
    const path = '/inbox?id=1';
    const base = ['@method', '@authority', '@path', 'content-digest'];
    prove(await rfc9421(signer, { ...letter, path }, { components: [...base, '@query'] }));
    const uncovered = await rfc9421(signer, { ...letter, path }, { components: base });
    expect(() => prove(uncovered)).toThrowError(refusal);
  });

  test('a GET needs no digest', async () => {
    const get = { ...letter, method: 'GET' };
    prove(await cavage(signer, get, { headers: ['(request-target)', 'host', 'date'] }));
    prove(await rfc9421(signer, get, { components: ['@method', '@target-uri'] }));
  });
});

describe('coverage', () => {
  test.each(['(request-target)', 'host', 'digest', 'date'])('draft-cavage without %s is refused', async (missing) => {
    const headers = ['(request-target)', 'host', 'date', 'digest'].filter((name) => name !== missing);
    const request = await cavage(signer, letter, { headers });
    expect(() => prove(request)).toThrowError(refusal);
  });

  test.each(['@method', '@target-uri', 'content-digest'])('RFC 9421 without %s is refused', async (missing) => {
    const components = ['@method', '@target-uri', 'content-digest'].filter((name) => name !== missing);
    const request = await rfc9421(signer, letter, { components });
    expect(() => prove(request)).toThrowError(refusal);
  });

  test.each([['@authority'], ['@path'], ['@request-target'], ['@path', '@request-target']])(
    'RFC 9421 with %s as its only target is refused',
    async (...target) => {
      const request = await rfc9421(signer, letter, { components: ['@method', ...target, 'content-digest'] });
      expect(() => prove(request)).toThrowError(refusal);
    },
  );
});

describe('time', () => {
  const limit = limits.signedTimeSkewMs;
  test.each([
    ['an hour ago', -limit, true],
    ['in an hour', limit, true],
    ['more than an hour ago', -limit - 1000, false],
    ['more than an hour ahead', limit + 1000, false],
  ])('signed %s (%i ms): passes is %s', async (_, offset, passes) => {
    const at = now + offset;
    const created = at / 1000;
    const headers = ['(request-target)', '(created)', 'host', 'digest'];
    for (const request of [
      await cavage(signer, { ...letter, at }),
      await cavage(signer, { ...letter, at: now }, { headers, created, algorithm: 'hs2019' }),
      await rfc9421(signer, { ...letter, at }),
    ]) {
      if (passes) prove(request);
      else expect(() => prove(request)).toThrowError(refusal);
    }
  });

  test('an uncovered created or expires is refused, however it reads', async () => {
    const stale = { ...letter, at: now - 16 * 3_600_000 };
    const request = await cavage(signer, stale);
    const [, signature = ''] = request.headers.find(([name]) => name === 'signature') ?? [];
    for (const added of [`created=${seconds}`, `created="${seconds}"`, `expires=${seconds + 60}`]) {
      const edited = altered(request, { signature: signature.replace('rsa-sha256"', `hs2019",${added}`) });
      expect(() => prove(edited)).toThrowError(refusal);
      expect(() => prove(edited, stale.at)).toThrowError(refusal);
    }
  });

  test('of two covered times both must be near', async () => {
    const headers = ['(request-target)', '(created)', 'date', 'host', 'digest'];
    const options = { headers, algorithm: 'hs2019', created: seconds };
    prove(await cavage(signer, letter, options));
    const request = await cavage(signer, { ...letter, at: now - 2 * limit }, options);
    expect(() => prove(request)).toThrowError(refusal);
  });

  test('a time that is not covered does not count', async () => {
    const request = await cavage(signer, letter);
    expect(signedTimes(request, readSignature(request))).toEqual([now]);
    const none = await rfc9421(signer, letter, { components: ['@method', 'date'], created: null });
    expect(signedTimes(none, readSignature(none))).toEqual([now]);
    const undated = await cavage(signer, letter, { headers: ['(request-target)', 'host', 'digest'] });
    expect(signedTimes(undated, readSignature(undated))).toEqual([]);
  });

  test('RFC 9421 without created is refused, even with a covered date', async () => {
    const components = ['@method', '@target-uri', 'date', 'content-digest'];
    const request = await rfc9421(signer, letter, { components, created: null });
    expect(() => prove(request)).toThrowError(refusal);
  });

  test('what has expired is refused', async () => {
    const headers = ['(request-target)', '(created)', '(expires)', 'host', 'digest'];
    const options = { headers, algorithm: 'hs2019', created: seconds - 60, expires: seconds - 1 };
    const old = await cavage(signer, letter, options);
    expect(() => prove(old)).toThrowError(refusal);
    const older = await rfc9421(signer, letter, { expires: seconds - 1 });
    expect(() => prove(older)).toThrowError(refusal);
  });

  test.each([
    'Saturday, 21-Nov-26 03:00:00 GMT',
    'Sat Nov 21 03:00:00 2026',
    'Sat, 21 Nov 2026 03:00:00 +0000',
    'Fri, 21 Nov 2026 03:00:00 GMT',
    '2026-11-21T03:00:00Z',
    'Sat, 21 Nov 2026 03:00:00 GMT, Sat, 21 Nov 2026 03:00:00 GMT',
    '',
  ])('a Date of %j is refused', async (date) => {
    const request = await cavage(signer, letter, { fields: { date } });
    expect(() => prove(request)).toThrowError(refusal);
  });
});

describe('one meaning', () => {
  test.each<[string, (request: SignedRequest) => SignedRequest]>([
    ['no signature', (request) => altered(request, { signature: undefined })],
    ['Authorization', (request) => altered(request, { authorization: 'Signature keyId="k"' })],
    ['any other Authorization', (request) => altered(request, { authorization: 'Bearer x' })],
    ['X-Date', (request) => altered(request, { 'x-date': new Date(now).toUTCString() })],
    ['Host of another', (request) => altered(request, { host: 'other.example' })],
    ['Host twice, joined', (request) => altered(request, { host: 'home.example, home.example' })],
    ...['host', 'date', 'signature'].map((name): [string, (request: SignedRequest) => SignedRequest] => [
      `${name} on two lines`,
      (request) => ({
        ...request,
        headers: [...request.headers, ...request.headers.filter(([each]) => each === name)],
      }),
    ]),
  ])('refuses %s', async (_, alter) => {
    const request = await cavage(signer, letter);
    prove(request);
    expect(() => prove(alter(request))).toThrowError(refusal);
  });

  test.each(['signature', 'signature-input'])('refuses RFC 9421 with %s on two lines', async (name) => {
    const request = await rfc9421(signer, letter);
    const again = request.headers.filter(([each]) => each === name);
    expect(() => prove({ ...request, headers: [...request.headers, ...again] })).toThrowError(refusal);
  });

  test('refuses both kinds of signature in one request', async () => {
    const [one, other] = [await cavage(signer, letter), await rfc9421(signer, letter)];
    const input = other.headers.filter(([name]) => name === 'signature-input');
    expect(() => prove({ ...one, headers: [...one.headers, ...input] })).toThrowError(refusal);
  });
});

describe('requireStrength()', () => {
  test('takes RSA of 2048 bits and Ed25519, refuses RSA of 1024', () => {
    requireStrength(publicKeyFromPem(rfcKeys.rsa));
    requireStrength(publicKeyFromPem(rfcKeys.ed25519));
    expect(() => requireStrength(publicKeyFromPem(cavageKey))).toThrowError(refusal);
    expect(() => requireStrength({ ...publicKeyFromPem(cavageKey), bits: 16_384 })).toThrowError(refusal);
  });
});
