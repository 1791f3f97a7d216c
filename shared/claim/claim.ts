// A claim: how a home's key gets into an edge's directory (docs/protocol.md, "Claim"). Home sends the code, its public
// key and a proof, a compact JWS (RFC 7515, EdDSA) by that key over the edge's origin and the code's hash: whoever
// reads the code on its way cannot put another key in, and a claim made for one edge says nothing at another.

import { CompactSign, type CryptoKey, calculateJwkThumbprint, compactVerify, importJWK, type JWK } from 'jose';
import { ed25519PublicPart } from '../ed25519.ts';
import { PorchlightError } from '../errors.ts';
import { hashClaimCode, parseClaimCode } from './code.ts';

/** POST /.porchlight/v1/claim, JSON. */
export interface ClaimRequest {
  /** As typed. */
  readonly code: string;
  /** Ed25519, public part only (RFC 8037 section 2). */
  readonly publicKey: JWK;
  readonly proof: string;
}

export interface ClaimReply {
  readonly homeId: string;
  /** Every host that this home now answers for. */
  readonly hosts: readonly string[];
  /** The code had been used before, by this very key: nothing was changed. */
  readonly already: boolean;
}

/** What the proof signs. */
interface ClaimProof {
  readonly edge: string;
  readonly code: string;
  /** RFC 7638 thumbprint of the key that signs. */
  readonly key: string;
}

export interface VerifiedClaim {
  readonly codeHash: string;
  readonly publicKey: JWK;
  readonly thumbprint: string;
}

export const claimPath = '/.porchlight/v1/claim';
const type = 'porchlight-claim';

/** Home's side. `publicKey` may hold a private part: it is left out. Throws `claim-code-malformed`, `claim-key`. */
export async function makeClaim(
  code: string,
  edge: string,
  publicKey: JWK,
  privateKey: CryptoKey,
): Promise<ClaimRequest> {
  const key = publicPart(publicKey);
  const claims: ClaimProof = {
    edge,
    code: await hashClaimCode(parseClaimCode(code)),
    key: await calculateJwkThumbprint(key),
  };
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  const proof = await new CompactSign(payload).setProtectedHeader({ alg: 'EdDSA', typ: type }).sign(privateKey);
  return { code, publicKey: key, proof };
}

/**
 * The edge's side: the claim is well-formed, and its key signed it for this edge and this code. Whether the code is
 * good is the directory's to say. Throws `claim-malformed`, `claim-code-malformed`, `claim-key`, `claim-proof`.
 */
export async function verifyClaim(request: unknown, edge: string): Promise<VerifiedClaim> {
  const { code, publicKey, proof } = fields(request);
  if ('d' in publicKey) throw keyRefused('it holds the private part, which must never be sent');
  const key = publicPart(publicKey);
  const thumbprint = await calculateJwkThumbprint(key);
  const codeHash = await hashClaimCode(parseClaimCode(code));
  const claims = await readProof(proof, key);
  if (claims.edge !== edge || claims.code !== codeHash || claims.key !== thumbprint) {
    throw new PorchlightError(
      'claim-proof',
      'Cannot accept the claim: its proof is about another edge, code or key; claim again at this edge.',
    );
  }
  return { codeHash, publicKey: key, thumbprint };
}

function fields(request: unknown): ClaimRequest {
  const { code, publicKey, proof } = (typeof request === 'object' && request !== null ? request : {}) as ClaimRequest;
  const whole =
    typeof code === 'string' && typeof proof === 'string' && typeof publicKey === 'object' && publicKey !== null;
  if (whole) return { code, publicKey, proof };
  throw new PorchlightError('claim-malformed', 'Cannot read the claim: it needs code, publicKey and proof.');
}

function publicPart(key: JWK): JWK {
  const part = ed25519PublicPart(key);
  if (part === null) throw keyRefused('it is not an Ed25519 key as JWK');
  return part;
}

async function readProof(proof: string, key: JWK): Promise<ClaimProof> {
  try {
    const publicKey = await importJWK(key, 'EdDSA');
    const { payload, protectedHeader } = await compactVerify(proof, publicKey, { algorithms: ['EdDSA'] });
    if (protectedHeader.typ !== type) throw new Error(`the proof's type is ${String(protectedHeader.typ)}`);
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(payload));
    if (typeof claims !== 'object' || claims === null) throw new Error('the proof says nothing');
    return claims as ClaimProof;
  } catch (cause) {
    throw new PorchlightError(
      'claim-proof',
      'Cannot accept the claim: its proof is not signed by the key that it brings; claim again.',
      { cause },
    );
  }
}

function keyRefused(found: string): PorchlightError {
  return new PorchlightError('claim-key', `Cannot accept the claim: ${found}; send home's public key.`);
}
