// What home asks of its spool, copies and snapshot arrives as a signed call (shared/session/call.ts). This reads one from
// a request; the spool object proves it, because only it knows the newest session.

import { base64url, type CryptoKey, importJWK, type JWK } from 'jose';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type CallClaims, callScheme, readVerified } from '../../shared/session/call.ts';
import { problem } from '../http/problem.ts';
import { readBody } from '../http/read-body.ts';
import type { Told } from '../spool/told.ts';
import type { D1Directory, HomeRecord } from './directory.ts';

export interface SignedCall {
  readonly jws: string;
  /** What the signature must be about, taken from the request itself. */
  readonly expected: Pick<CallClaims, 'edge' | 'method' | 'path' | 'body'>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/**
 * The call and whose it is, or the refusal to send. A signature that is not by the key of the host's home is refused
 * before a byte of the body is read, so that no stranger fills memory here or in the spool; all else is the spool's to
 * prove.
 */
export async function readSignedCall(
  request: Request,
  maxBytes: number,
  directory: Pick<D1Directory, 'homeOf' | 'homeOfAnew'>,
): Promise<(SignedCall & { readonly home: HomeRecord }) | Response> {
  const { host } = new URL(request.url);
  let home = await directory.homeOf(host);
  if (home === null) return problem(421, 'unknown-host');
  let jws = await signatureOf(request, home.publicKey);
  if (jws instanceof Response && jws.status === 401) {
    // The key may have changed since this isolate last asked.
    const remembered = home.publicKey.x;
    home = (await directory.homeOfAnew(host)) ?? home;
    if (home.publicKey.x !== remembered) jws = await signatureOf(request, home.publicKey);
  }
  if (jws instanceof Response) {
    await request.body?.cancel();
    return jws;
  }
  if (home.revokedAt !== undefined) {
    await request.body?.cancel();
    return problem(403, 'revoked', { detail: revokedDetail });
  }
  const body = await readBody(request, maxBytes);
  if (body === 'too-large') return problem(413, 'too-large');
  return { home, jws, expected: await expectedOf(request, body), body };
}

const revokedDetail =
  "Cannot serve this home: the edge's operator has revoked its key; ask the operator for a new claim code.";

/** The signed part of a call when its signature is by this key; otherwise the refusal. */
export async function signatureOf(request: Request, publicKey: JWK): Promise<string | Response> {
  const [scheme, jws, ...rest] = (request.headers.get('Authorization') ?? '').split(' ');
  if (scheme?.toLowerCase() !== callScheme.toLowerCase() || jws === undefined || rest.length > 0) {
    return problem(401, 'not-signed', { challenge: callScheme });
  }
  try {
    await readVerified(jws, (await importJWK(publicKey, 'EdDSA')) as CryptoKey);
    return jws;
  } catch (thrown) {
    if (!(thrown instanceof PorchlightError)) throw thrown;
    return problem(401, 'call-refused', { challenge: callScheme });
  }
}

/** What a call must be about to be about this request. */
export async function expectedOf(request: Request, body: Uint8Array<ArrayBuffer>): Promise<SignedCall['expected']> {
  const digest = base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', body)));
  const { origin, pathname, search } = new URL(request.url);
  return { edge: origin, method: request.method, path: pathname + search, body: digest };
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
