// Digests of the body, which tie it to the signature over the header that carries them: Digest (RFC 3230, with the
// algorithms of RFC 5843) beside draft-cavage, Content-Digest (RFC 9530) beside RFC 9421.

import { decodeBase64 } from './base64.ts';
import { soleMember } from './dictionary.ts';
import { refused } from './refused.ts';
import { type SignedRequest, soleFieldValue } from './request.ts';

export interface Digest {
  readonly algorithm: 'SHA-256' | 'SHA-512';
  readonly value: Uint8Array<ArrayBuffer>;
}

/**
 * Checks every digest that the request carries against its body; throws `signature-refused` when one is not exactly
 * one SHA-256 or SHA-512 digest, or does not hold. Whether there must be one, and covered, is require.ts's to say.
 * Gives back the body's SHA-256 if one of them was that, so that nobody has to make it again.
 */
export async function requireDigests(
  request: SignedRequest,
  body: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const carried: Digest[] = [];
  const digest = soleFieldValue(request, 'digest');
  if (digest !== null) carried.push(await requireDigest('digest', readDigest(digest), body));
  const contentDigest = soleFieldValue(request, 'content-digest');
  if (contentDigest !== null)
    carried.push(await requireDigest('content-digest', readContentDigest(contentDigest), body));
  return carried.find(({ algorithm }) => algorithm === 'SHA-256')?.value ?? null;
}

/** `SHA-256=...` (RFC 3230 section 4.3.2). One alone: two lines joined into one look like a list of two. */
export function readDigest(value: string): Digest {
  const [, name = '', encoded = ''] = /^([A-Za-z0-9-]+)=(\S+)$/.exec(value) ?? [];
  // RFC 3230 section 4.1.1: names of algorithms are case-insensitive.
  return digestOf('digest', name.toUpperCase(), encoded === '' ? null : decodeBase64(encoded));
}

/** `sha-256=:...:` (RFC 9530 section 2). One alone, for the same reason. */
export function readContentDigest(value: string): Digest {
  const [name, [item]] = soleMember('content-digest', value);
  const bytes = item instanceof ArrayBuffer ? new Uint8Array(item) : null;
  return digestOf('content-digest', name.toUpperCase(), bytes);
}

function digestOf(field: string, algorithm: string, value: Uint8Array<ArrayBuffer> | null): Digest {
  if (value === null || (algorithm !== 'SHA-256' && algorithm !== 'SHA-512')) {
    throw refused(`${field} is not one SHA-256 or SHA-512 digest; send one of them`);
  }
  return { algorithm, value };
}

async function requireDigest(field: string, digest: Digest, body: Uint8Array<ArrayBuffer>): Promise<Digest> {
  const actual = new Uint8Array(await crypto.subtle.digest(digest.algorithm, body));
  const holds = actual.length === digest.value.length && actual.every((byte, i) => byte === digest.value[i]);
  if (!holds) throw refused(`${field} is not that of the body; send the body that was signed`);
  return digest;
}
