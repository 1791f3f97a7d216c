import { describe, expect, test } from 'vitest';
import { acceptances } from '../../../shared/acceptance/profiles.ts';
import { requireAcceptable, requireAlgorithm } from '../../../shared/acceptance/require.ts';
import { requireDigests } from '../../../shared/signature/digest.ts';
import { publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import { readSignature } from '../../../shared/signature/read.ts';
import { requireProof } from '../../../shared/signature/require.ts';
import { readRfc9421 } from '../../../shared/signature/rfc9421.ts';
import { algorithmFor, verifySignature } from '../../../shared/signature/verify.ts';
import { lemmyBody, lemmyKey, lemmyRequest, lemmySignedAt } from './lemmy-vector.ts';
import { altered } from './signing.ts';
import { cavageRequest } from './vectors.ts';

const refusal = expect.objectContaining({ code: 'signature-refused' });

describe("a signature of Lemmy's library", () => {
  test('holds, with its digest and its time, for every software that reads draft-cavage', async () => {
    const signature = readSignature(lemmyRequest);
    requireProof(lemmyRequest, signature, lemmySignedAt);
    await requireDigests(lemmyRequest, lemmyBody);
    const key = publicKeyFromPem(lemmyKey);
    for (const accepts of Object.values(acceptances)) {
      requireAcceptable(lemmyRequest, signature, accepts);
      requireAlgorithm(algorithmFor(signature, key), 'cavage', accepts);
    }
    expect(await verifySignature(signature, key)).toBe(true);
  });

  test('does not hold when anything that it covers is another', async () => {
    const key = publicKeyFromPem(lemmyKey);
    for (const changed of [
      altered(lemmyRequest, { date: 'Tue, 28 Mar 2023 21:03:45 GMT' }),
      altered(lemmyRequest, { 'content-type': 'application/json' }),
      altered(lemmyRequest, { digest: 'SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=' }),
      altered(lemmyRequest, {}, { path: '/u/bob/inbox' }),
    ]) {
      expect(await verifySignature(readSignature(changed), key)).toBe(false);
    }
    await expect(requireDigests(lemmyRequest, new TextEncoder().encode('my activity.'))).rejects.toThrowError(refusal);
  });
});

describe('what of RFC 9421 appendix B does not apply here is refused', () => {
  // B.2.4 signs a response, which is no way that anything arrives.
  test.each([
    [
      'B.2.2, a component with a parameter',
      'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;' +
        'keyid="test-key-rsa-pss";tag="header-example"',
    ],
    [
      'B.2.5, a secret that both share',
      'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret";alg="hmac-sha256"',
    ],
  ])('%s', (_, input) => {
    const label = input.split('=')[0];
    expect(() => readRfc9421(cavageRequest, input, `${label}=:AAAA:`)).toThrowError(refusal);
  });
});
