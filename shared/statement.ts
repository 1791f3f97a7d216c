// A signed statement: a compact JWS (RFC 7515, EdDSA, RFC 8037) whose `typ` says what it is for, so that what was signed
// for one purpose is never taken for another.

import { CompactSign, type CryptoKey, compactVerify } from 'jose';
import { isObject, type JsonObject } from './json-object.ts';

export async function signStatement(type: string, claims: object, privateKey: CryptoKey): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  return await new CompactSign(payload).setProtectedHeader({ alg: 'EdDSA', typ: type }).sign(privateKey);
}

/** What it says, when it is of this type and signed by this key. Throws an Error that says why it is not. */
export async function readStatement(type: string, jws: string, publicKey: CryptoKey): Promise<JsonObject> {
  const { payload, protectedHeader } = await compactVerify(jws, publicKey, { algorithms: ['EdDSA'] });
  if (protectedHeader.typ !== type) throw new Error('it is a signature of another kind');
  const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload));
  if (!isObject(claims)) throw new Error('it says nothing');
  return claims;
}
