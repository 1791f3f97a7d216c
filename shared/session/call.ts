// A signed call: how home proves, on plain HTTP requests, that it is the home node which opened the link. The session
// (id and epoch) comes from the handshake; each call is a compact JWS (RFC 7515, EdDSA, by jose) over what is asked.
// No clock is involved: a small computer without a clock chip wakes with the wrong time.

import { CompactSign, type CryptoKey, compactVerify } from 'jose';
import { PorchlightError } from '../errors.ts';

/** What the handshake opened. */
export interface Session {
  readonly homeId: string;
  /** Random; names this opening of the link. */
  readonly session: string;
  /** Rises with every home-node process; only the newest may lease. */
  readonly epoch: number;
}

/** What one call says of itself, all of it signed. */
export interface CallClaims extends Session {
  /** Origin of the edge that it is meant for. */
  readonly edge: string;
  /** Rises with every call of this session. */
  readonly n: number;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** SHA-256 of the body, base64url. */
  readonly body: string;
}

const type = 'porchlight-call';
export const callScheme = 'Porchlight';

export async function signCall(claims: CallClaims, privateKey: CryptoKey): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  return await new CompactSign(payload).setProtectedHeader({ alg: 'EdDSA', typ: type }).sign(privateKey);
}

/**
 * Checks the signature and that the call is about exactly this request. Throws `call-refused` otherwise. Whether the
 * epoch is the newest and `n` is new is the spool's to say: only it knows.
 */
export async function verifyCall(
  jws: string,
  publicKey: CryptoKey,
  expected: Pick<CallClaims, 'edge' | 'homeId' | 'method' | 'path' | 'body'>,
): Promise<CallClaims> {
  const claims = await readVerified(jws, publicKey);
  for (const name of ['edge', 'homeId', 'method', 'path', 'body'] as const) {
    if (claims[name] !== expected[name]) throw refused(`its ${name} is not that of this request`);
  }
  if (!Number.isSafeInteger(claims.n) || !Number.isSafeInteger(claims.epoch) || typeof claims.session !== 'string') {
    throw refused('it names no session');
  }
  return claims;
}

/** What a call says, once its signature holds; whether that fits a request is verifyCall's. Throws `call-refused`. */
export async function readVerified(jws: string, publicKey: CryptoKey): Promise<CallClaims> {
  try {
    const { payload, protectedHeader } = await compactVerify(jws, publicKey, { algorithms: ['EdDSA'] });
    if (protectedHeader.typ !== type) throw refused('it is a signature of another kind');
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload)) as CallClaims;
  } catch (thrown) {
    if (thrown instanceof PorchlightError) throw thrown;
    throw refused('its signature does not hold', thrown);
  }
}

function refused(found: string, cause?: unknown): PorchlightError {
  return new PorchlightError('call-refused', `Cannot accept the call: ${found}; open the link anew and call again.`, {
    cause,
  });
}
