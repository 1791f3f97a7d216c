// Claim codes and the proof that goes with them.

import fc from 'fast-check';
import { base64url, CompactSign, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { type ClaimRequest, makeClaim, verifyClaim } from '../../../shared/claim/claim.ts';
import { hashClaimCode, makeClaimCode, parseClaimCode } from '../../../shared/claim/code.ts';
import { systemRandom } from '../../../shared/clock.ts';

const edge = 'https://a.example';
const code = 'C6QY-E80D-V81T-ZV77-J9MF-DK2R-KWZY';
const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
const jwk = await exportJWK(publicKey);

async function signed(claims: unknown, header: { alg: string; typ?: string }, key = privateKey): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  return await new CompactSign(payload).setProtectedHeader(header).sign(key);
}

describe('a claim code', () => {
  test('has at least 128 bits and comes back from how people type it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 28, maxLength: 28 }), (bytes) => {
        const made = makeClaimCode({ bytes: () => new Uint8Array(bytes) });
        const parsed = parseClaimCode(made);
        expect(parsed).toHaveLength(28);
        expect(28 * Math.log2(32)).toBeGreaterThanOrEqual(128);
        for (const typed of [made.toLowerCase(), made.replaceAll('-', ' '), ` ${parsed}\n`]) {
          expect(parseClaimCode(typed)).toBe(parsed);
        }
        expect(parseClaimCode(made.replaceAll('0', 'o').replaceAll('1', 'l'))).toBe(parsed);
      }),
    );
  });

  test('differs each time', () => {
    const codes = new Set(Array.from({ length: 100 }, () => makeClaimCode(systemRandom)));
    expect(codes.size).toBe(100);
  });

  test('that is too short, too long or has foreign signs is refused, and not repeated in the error', () => {
    for (const typed of ['', code.slice(1), `${code}0`, code.replace('C', 'U'), code.replace('C', 'ß')]) {
      expect(() => parseClaimCode(typed)).toThrow(expect.objectContaining({ code: 'claim-code-malformed' }));
      if (typed !== '') expect(() => parseClaimCode(typed)).not.toThrow(typed);
    }
  });
});

describe('a claim', () => {
  test('made by home is verified by the edge it is meant for', async () => {
    const claim = await makeClaim(code, edge, jwk, privateKey);
    const verified = await verifyClaim(JSON.parse(JSON.stringify(claim)), edge);
    expect(verified.codeHash).toBe(await hashClaimCode(parseClaimCode(code)));
    expect(verified.publicKey).toEqual({ kty: 'OKP', crv: 'Ed25519', x: jwk.x });
  });

  test('never carries a private part, even when home hands one in', async () => {
    const claim = await makeClaim(code, edge, await exportJWK(privateKey), privateKey);
    expect(claim.publicKey).not.toHaveProperty('d');
  });

  test('is refused when it was made for another edge, code or key, or signed by another', async () => {
    const claim = await makeClaim(code, edge, jwk, privateKey);
    const other = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const forged: Record<string, ClaimRequest> = {
      'another edge': await makeClaim(code, 'https://b.example', jwk, privateKey),
      'another code': { ...claim, code: code.replace('C', 'D') },
      'another key': { ...claim, publicKey: await exportJWK(other.publicKey) },
      'signed by another': await makeClaim(code, edge, jwk, other.privateKey),
      'proof of nothing': { ...claim, proof: await signed(null, { alg: 'EdDSA', typ: 'porchlight-claim' }) },
      'proof of another type': {
        ...claim,
        proof: await signed({}, { alg: 'EdDSA', typ: 'porchlight-call' }),
      },
      'no signature': {
        ...claim,
        proof: `${base64url.encode(JSON.stringify({ alg: 'none', typ: 'porchlight-claim' }))}.${claim.proof.split('.')[1]}.`,
      },
      'cut off': { ...claim, proof: claim.proof.slice(0, -4) },
    };
    for (const [what, request] of Object.entries(forged)) {
      await expect(verifyClaim(request, edge), what).rejects.toMatchObject({ code: 'claim-proof' });
    }
  });

  test('is refused when its key is not an Ed25519 public key', async () => {
    const claim = await makeClaim(code, edge, jwk, privateKey);
    const rsa = { kty: 'RSA', n: 'AQAB', e: 'AQAB' };
    for (const publicKey of [{}, rsa, { ...jwk, crv: 'X25519' }, { ...jwk, x: 'AA' }, await exportJWK(privateKey)]) {
      await expect(verifyClaim({ ...claim, publicKey }, edge)).rejects.toMatchObject({ code: 'claim-key' });
    }
  });

  test('is refused when it is not a claim at all', async () => {
    for (const request of [null, 7, 'x', [], {}, { code }, { code, publicKey: null, proof: '' }]) {
      await expect(verifyClaim(request, edge)).rejects.toMatchObject({ code: 'claim-malformed' });
    }
  });
});
