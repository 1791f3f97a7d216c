// A change of home's key by the old one (docs/protocol.md, "A new key for a home"). The call itself is signed by the old
// key; in it the new key proves that it is home's to use, and for which home, edge and predecessor it is meant.

import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { ed25519PublicPart } from '../ed25519.ts';
import { PorchlightError } from '../errors.ts';
import { isObject } from '../json-object.ts';
import { readStatement, signStatement } from '../statement.ts';

/** POST /.porchlight/v1/key, JSON. */
export interface KeyChangeRequest {
  /** The new key, Ed25519, public part only. */
  readonly publicKey: JWK;
  /** Statement of type `porchlight-key` by the new key. */
  readonly proof: string;
}

export interface KeyChangeReply {
  /** RFC 7638 thumbprint of the key that counts now. */
  readonly key: string;
  /** It did before: nothing was changed. */
  readonly already: boolean;
}

/** What the proof signs. Keys by their RFC 7638 thumbprints. */
interface KeyChangeProof {
  readonly edge: string;
  readonly homeId: string;
  readonly from: string;
  readonly to: string;
}

export interface VerifiedKeyChange {
  readonly publicKey: JWK;
  readonly from: string;
  readonly to: string;
}

export const keyChangePath = '/.porchlight/v1/key';
const type = 'porchlight-key';

/** Home's side. */
export async function makeKeyChange(
  meant: { readonly edge: string; readonly homeId: string; readonly from: JWK },
  publicKey: JWK,
  privateKey: CryptoKey,
): Promise<KeyChangeRequest> {
  const [from, to] = [await calculateJwkThumbprint(meant.from), await calculateJwkThumbprint(publicKey)];
  const claims: KeyChangeProof = { edge: meant.edge, homeId: meant.homeId, from, to };
  return { publicKey, proof: await signStatement(type, claims, privateKey) };
}

/** The edge's side. Throws `key-change-malformed`, `key-change-proof`. */
export async function verifyKeyChange(
  request: unknown,
  meant: { readonly edge: string; readonly homeId: string },
): Promise<VerifiedKeyChange> {
  const { publicKey: sent, proof } = isObject(request) ? request : {};
  const publicKey = isObject(sent) && !('d' in sent) ? ed25519PublicPart(sent as JWK) : null;
  if (publicKey === null || typeof proof !== 'string') {
    throw new PorchlightError(
      'key-change-malformed',
      'Cannot change the key: it needs publicKey (an Ed25519 key as JWK, the public part alone) and proof.',
    );
  }
  const to = await calculateJwkThumbprint(publicKey);
  const said = await proofOf(proof, publicKey);
  if (said.edge !== meant.edge || said.homeId !== meant.homeId || said.to !== to || typeof said.from !== 'string') {
    throw refused('its proof is about another edge, home or key');
  }
  return { publicKey, from: said.from, to };
}

async function proofOf(proof: string, publicKey: JWK): Promise<Partial<KeyChangeProof>> {
  try {
    return await readStatement(type, proof, (await importJWK(publicKey, 'EdDSA')) as CryptoKey);
  } catch (cause) {
    throw refused('its proof is not signed by the key that it brings', cause);
  }
}

function refused(found: string, cause?: unknown): PorchlightError {
  return new PorchlightError('key-change-proof', `Cannot change the key: ${found}; ask for it anew.`, { cause });
}
