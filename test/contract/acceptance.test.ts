// Acceptance profiles beside the libraries that verify at home: whatever the edge accepts for a software, its library
// verifies, the signed time left aside; and what honest servers send is not refused.

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { conclude, read } from '../../edge/activitypub/judge.ts';
import type { Acceptance } from '../../shared/acceptance/acceptance.ts';
import { acceptances } from '../../shared/acceptance/profiles.ts';
import { publicKeyFromPem } from '../../shared/signature/public-key.ts';
import type { SignedRequest } from '../../shared/signature/request.ts';
import { ed25519Signer, rsaSigner, type Signer } from '../shared/signature/signing.ts';
import { honestSenders, type Sent } from './honest-senders.ts';
import { cavageShapes, rfc9421Shapes, type Shape, type Signers, signAs } from './request-shapes.ts';
import { type Verifier, verifiers } from './verifiers.ts';

const actor = 'https://peer.example/users/a';
const keyId = `${actor}#main-key`;
const body = Uint8Array.from(new TextEncoder().encode(JSON.stringify({ type: 'Follow', actor, object: 'https://h/' })));
const receivedAt = Date.now();
const letter = { host: 'home.example', path: '/inbox', body, at: receivedAt };
let signers: Signers;
beforeAll(async () => {
  signers = { rsa: await rsaSigner(keyId), ed25519: await ed25519Signer(keyId) };
});

/** null: accepted; else why not. */
async function refusal(accepts: Acceptance, request: SignedRequest, signer: Signer): Promise<string | null> {
  const claim = await read({ request, body, receivedAt, accepts });
  if ('verdict' in claim) return claim.reason;
  const answer = { key: 'found', publicKey: publicKeyFromPem(signer.pem), owner: actor } as const;
  const { verdict } = await conclude(claim, answer);
  if (verdict.verdict === 'accepted') return null;
  return verdict.verdict === 'refused' ? verdict.reason : verdict.verdict;
}

describe.each(verifiers)('%s, by %s', (profile, _library, verify: Verifier) => {
  const accepts: Acceptance = acceptances[profile as keyof typeof acceptances];

  test('verifies whatever the edge accepts for it', async () => {
    let accepted = 0;
    const judged = async (shape: Shape): Promise<void> => {
      const signed = await signAs(shape, signers, letter);
      if (signed === null || (await refusal(accepts, signed.request, signed.signer)) !== null) return;
      accepted += 1;
      expect(await verify({ ...signed, body, receivedAt }), JSON.stringify(signed.request.headers)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(cavageShapes, judged), { numRuns: 600 });
    expect(accepted).toBeGreaterThan(30);
    const before = accepted;
    await fc.assert(fc.asyncProperty(rfc9421Shapes, judged), { numRuns: accepts.rfc9421 === null ? 100 : 400 });
    expect(accepted > before + 30).toBe(accepts.rfc9421 !== null);
  });

  test('verifies none of them when another key signed, or another body came', async () => {
    const stranger = await rsaSigner(keyId);
    const signed = await signAs(usual, signers, letter);
    if (signed === null) throw new Error('not signed');
    expect(await verify({ ...signed, body, receivedAt })).toBe(true);
    expect(await verify({ ...signed, body, receivedAt, signer: stranger })).toBe(false);
    expect(await verify({ ...signed, body: new Uint8Array(2), receivedAt })).toBe(false);
  });
});

const usual: Shape = {
  by: 'cavage',
  key: 'rsa',
  named: 'rsa-sha256',
  hash: 'SHA-256',
  covered: ['(request-target)', 'host', 'date', 'digest'],
  created: 'none',
  expires: 'none',
  date: true,
  digest: 'SHA-256',
  separator: ',',
  capitals: false,
  first: 'keyId',
  query: false,
};
const usualRfc9421: Shape = {
  by: 'rfc9421',
  key: 'rsa',
  made: 'rsa-v1_5-sha256',
  isNamed: true,
  covered: ['@method', '@target-uri', 'content-digest'],
  expires: false,
  nonce: false,
  digest: 'sha-256',
  label: 'sig1',
  query: false,
};
const byCreated: Partial<Shape> = { named: 'hs2019', covered: ['(request-target)', '(created)', 'host', 'digest'] };

describe('what a library does not verify is refused for its software, and taken where nothing is known', () => {
  const cases: readonly (readonly [what: string, change: Partial<Shape>, profiles: readonly string[]])[] = [
    ['(created) without Date', { ...byCreated, created: 'quoted', date: false }, ['hollo', 'embedded', 'misskey']],
    ['bare numbers', { ...byCreated, created: 'bare' }, ['peertube', 'misskey']],
    ['no algorithm', { named: null }, ['peertube', 'misskey']],
    ['RSA with SHA-512', { named: 'rsa-sha512' }, ['hollo', 'embedded', 'mastodon', 'pixelfed', 'lemmy']],
    ['Ed25519', { key: 'ed25519', named: 'hs2019' }, ['hollo', 'embedded', 'mastodon', 'gotosocial']],
    ['a digest by SHA-512', { digest: 'SHA-512' }, ['peertube', 'misskey', 'mastodon', 'pixelfed', 'lemmy']],
    ['a digest named in small letters', { digest: 'sha-256' }, ['peertube', 'pixelfed']],
    ['blanks between parameters', { separator: ', ' }, ['peertube', 'misskey', 'gotosocial', 'pixelfed']],
    ['headers in capitals', { capitals: true }, ['peertube', 'hollo', 'embedded', 'pixelfed']],
    ['a query', { query: true }, ['hollo', 'embedded', 'pixelfed']],
  ];
  test.each(cases)('%s', async (_, change, profiles) => {
    const signed = await signAs({ ...usual, ...change } as Shape, signers, letter);
    if (signed === null) throw new Error('not signed');
    for (const name of profiles) {
      const reason = await refusal(acceptances[name as keyof typeof acceptances], signed.request, signed.signer);
      expect([name, reason]).toEqual([name, expect.stringContaining("home's service cannot verify")]);
      // Several libraries may stand for one software: one that says no is enough.
      const told = await Promise.all(
        verifiers
          .filter(([profile]) => profile === name)
          .map(([, , verify]) => verify({ ...signed, body, receivedAt })),
      );
      if (told.length > 0) expect([name, told]).toEqual([name, expect.arrayContaining([false])]);
    }
    expect(await refusal(acceptances.cavage, signed.request, signed.signer)).toBe(null);
  });

  test.each([
    'gotosocial',
    'peertube',
    'misskey',
    'pixelfed',
    'lemmy',
    'mastodon-4.3',
    'mastodon-4.4',
    'cavage',
  ] as const)('RFC 9421 at all: %s', async (name) => {
    const signed = await signAs(usualRfc9421, signers, letter);
    if (signed === null) throw new Error('not signed');
    expect(await refusal(acceptances[name], signed.request, signed.signer)).toContain('cannot verify RFC 9421');
    expect(await refusal(acceptances.both, signed.request, signed.signer)).toBe(null);
  });
});

describe('what honest servers send', () => {
  test.each(honestSenders)('%s is taken for every software that can take it', async (_, by, send) => {
    const sent: Sent = await send(signers.rsa, letter);
    for (const [name, accepts] of Object.entries(acceptances) as [string, Acceptance][]) {
      const expected = accepts[by] === null ? expect.stringContaining('cannot verify') : null;
      expect([name, await refusal(accepts, sent, signers.rsa)]).toEqual([name, expected]);
    }
  });
});
