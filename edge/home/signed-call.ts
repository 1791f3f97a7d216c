// What home asks of its spool, copies and snapshot arrives as a signed call (shared/session/call.ts). This reads one from
// a request; the spool object proves it, because only it knows the newest session.

import { base64url, type CryptoKey, importJWK, type JWK } from 'jose';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type CallClaims, callScheme, readVerified } from '../../shared/session/call.ts';
import { problem } from '../http/problem.ts';
import { readBody } from '../http/read-body.ts';
import type { Told } from '../spool/told.ts';

export interface SignedCall {
  readonly jws: string;
  /** What the signature must be about, taken from the request itself. */
  readonly expected: Pick<CallClaims, 'edge' | 'method' | 'path' | 'body'>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/**
 * The call, or the refusal to send. A signature that is not by `publicKey` is refused before a byte of the body is read,
 * so that no stranger fills memory here or in the spool; all else is the spool's to prove.
 */
export async function readSignedCall(
  request: Request,
  maxBytes: number,
  publicKey: JWK,
): Promise<SignedCall | Response> {
  const [scheme, jws, ...rest] = (request.headers.get('Authorization') ?? '').split(' ');
  if (scheme?.toLowerCase() !== callScheme.toLowerCase() || jws === undefined || rest.length > 0) {
    return problem(401, 'not-signed', { challenge: callScheme });
  }
  try {
    await readVerified(jws, (await importJWK(publicKey, 'EdDSA')) as CryptoKey);
  } catch (thrown) {
    if (!(thrown instanceof PorchlightError)) throw thrown;
    await request.body?.cancel();
    return problem(401, 'call-refused', { challenge: callScheme });
  }
  const body = await readBody(request, maxBytes);
  if (body === 'too-large') return problem(413, 'too-large');
  const digest = base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', body)));
  const { origin, pathname, search } = new URL(request.url);
  return { jws, expected: { edge: origin, method: request.method, path: pathname + search, body: digest }, body };
}

/** The answer to a call that the spool has judged. */
export function answerTold<Value>(told: Told<Value>, answer: (value: Value) => Response): Response {
  return told.ok ? answer(told.value) : refusal(told);
}

/** Details are for callers whose signature held. */
export function refusal({ code, message: detail }: Extract<Told<unknown>, { ok: false }>): Response {
  switch (code) {
    case 'call-refused':
    case 'no-session':
      return problem(401, code, { challenge: callScheme });
    case 'older-epoch':
      return problem(409, code, { detail });
    case 'no-body':
    case 'no-dead-letter':
    case 'no-delivery':
    case 'not-waiting':
    case 'not-kept':
      return problem(404, code, { detail });
    default:
      return problem(400, code, { detail });
  }
}

/** JSON of a proven call's body; undefined when it is none. */
export function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body));
  } catch {
    return undefined;
  }
}

/** A turn answers for many deliveries, each by a line with a reason. */
export const turnBytes = limits.leaseBytes;
/** Everything else that home asks is short. */
export const askBytes = 64 * 1024;
