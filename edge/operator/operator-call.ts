// Reads one operator's call from a request and proves it, or gives the refusal to send. Who has not proved to be the
// operator learns nothing but that.

import { base64url, type CryptoKey, importJWK, type JWK } from 'jose';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import {
  checkOperatorCall,
  type OperatorCallClaims,
  operatorScheme,
  readOperatorCall,
} from '../../shared/operator/call.ts';
import { problem } from '../http/problem.ts';
import { readBody } from '../http/read-body.ts';
import { say } from '../log.ts';

/** The operator's key as the Worker was told. */
export type OperatorKey =
  | { readonly set: 'no' }
  /** There is something, but no public key. */
  | { readonly set: 'wrongly'; readonly found: string }
  | { readonly set: 'yes'; readonly publicKey: JWK };

export async function readCallOfOperator(
  request: Request,
  key: OperatorKey,
  now: number,
): Promise<Uint8Array<ArrayBuffer> | Response> {
  if (key.set === 'no') return await refuse(request, problem(404, 'no-operator'));
  if (key.set === 'wrongly') {
    say('error', 'operator-key', {
      detail: `Cannot take calls of the operator: OPERATOR_KEY ${key.found}; set its public key.`,
    });
    return await refuse(request, problem(503, 'operator-key'));
  }
  const [scheme, jws, ...rest] = (request.headers.get('Authorization') ?? '').split(' ');
  if (scheme?.toLowerCase() !== operatorScheme.toLowerCase() || jws === undefined || rest.length > 0) {
    return await refuse(request, problem(401, 'not-signed', { challenge: operatorScheme }));
  }
  let claims: OperatorCallClaims;
  try {
    claims = await readOperatorCall(jws, (await importJWK(key.publicKey, 'EdDSA')) as CryptoKey);
  } catch (thrown) {
    if (!(thrown instanceof PorchlightError)) throw thrown;
    return await refuse(request, problem(401, thrown.code, { challenge: operatorScheme }));
  }
  const body = await readBody(request, limits.operatorBodyBytes);
  if (body === 'too-large') return problem(413, 'too-large');
  const digest = base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', body)));
  const { origin, pathname, search } = new URL(request.url);
  const expected = { edge: origin, method: request.method, path: pathname + search, body: digest };
  try {
    checkOperatorCall(claims, expected, now);
    return body;
  } catch (thrown) {
    if (!(thrown instanceof PorchlightError)) throw thrown;
    // The signature held: the operator is told what is wrong.
    return problem(401, thrown.code, { challenge: operatorScheme, detail: thrown.message });
  }
}

/** Before a byte of the body is read. */
async function refuse(request: Request, refusal: Response): Promise<Response> {
  await request.body?.cancel();
  return refusal;
}
