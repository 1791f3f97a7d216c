// Applies a public key to a signature, with WebCrypto: the last step for both kinds of signature.

import { base64url, type CryptoKey } from 'jose';
import type { PublicKey } from './public-key.ts';
import { refused } from './refused.ts';
import type { Algorithm, RequestSignature } from './signature.ts';

/** WebCrypto's parameters, spelled out: the types of the runtimes name them differently. */
interface Method {
  readonly kind: PublicKey['kind'];
  readonly key: { readonly name: string; readonly hash?: string; readonly namedCurve?: string };
  readonly verify: { readonly name: string; readonly hash?: string; readonly saltLength?: number };
}

const pkcs1 = { name: 'RSASSA-PKCS1-v1_5' };
const methods: Readonly<Record<Algorithm, Method>> = {
  'rsa-v1_5-sha256': { kind: 'rsa', key: { ...pkcs1, hash: 'SHA-256' }, verify: pkcs1 }, // RFC 9421 section 3.3.2
  'rsa-v1_5-sha512': { kind: 'rsa', key: { ...pkcs1, hash: 'SHA-512' }, verify: pkcs1 }, // draft-cavage-12 appendix E.2
  'rsa-pss-sha512': {
    // RFC 9421 section 3.3.1: mask generation with SHA-512, salt of 64 bytes.
    kind: 'rsa',
    key: { name: 'RSA-PSS', hash: 'SHA-512' },
    verify: { name: 'RSA-PSS', saltLength: 64 },
  },
  'ecdsa-p256-sha256': {
    // RFC 9421 section 3.3.4: r and s, 32 bytes each, which is WebCrypto's own form.
    kind: 'p256',
    key: { name: 'ECDSA', namedCurve: 'P-256' },
    verify: { name: 'ECDSA', hash: 'SHA-256' },
  },
  ed25519: { kind: 'ed25519', key: { name: 'Ed25519' }, verify: { name: 'Ed25519' } }, // RFC 9421 section 3.3.6
};

/** Keys that were imported, as long as somebody remembers the key itself. */
const imported = new WeakMap<PublicKey, Map<Algorithm, CryptoKey>>();

/**
 * Does `key` hold for this signature? Throws `signature-refused` when the two do not belong together: the algorithm
 * named is not one for the kind of the key (RFC 9421 section 3.2 step 6; draft-cavage-12 section 2.1.3), or the key
 * is no key.
 */
export async function verifySignature(signature: RequestSignature, key: PublicKey): Promise<boolean> {
  const algorithm = algorithmFor(signature, key);
  const method = methods[algorithm];
  if (method.kind !== key.kind)
    throw refused(`${algorithm} is named, but the key is ${key.kind}; name its own algorithm`);
  const cryptoKey = await importedKey(key, algorithm);
  const base = new TextEncoder().encode(signature.base);
  // A curve's signature has one length; workerd throws at any other instead of answering no.
  if (method.kind !== 'rsa' && signature.signature.length !== 64) return false;
  return await crypto.subtle.verify(method.verify, cryptoKey, signature.signature, base);
}

/** The algorithm that the signature is made with, if it fits the key at all. Throws `signature-refused`. */
export function algorithmFor(signature: RequestSignature, key: PublicKey): Algorithm {
  return signature.algorithm ?? byKind(signature, key);
}

/**
 * The algorithm when none is named, or `hs2019`. For RSA both mean PKCS#1 v1.5 with SHA-256: it is what ActivityPub
 * servers sign with under either name, although draft-cavage-12 registers RSASSA-PSS for hs2019.
 */
function byKind({ by }: RequestSignature, key: PublicKey): Algorithm {
  switch (key.kind) {
    case 'rsa':
      return 'rsa-v1_5-sha256';
    case 'p256':
      if (by === 'cavage') throw refused('the key is P-256, which nobody uses with this kind of signature; use RSA');
      return 'ecdsa-p256-sha256';
    case 'ed25519':
      return 'ed25519';
  }
}

async function importedKey(key: PublicKey, algorithm: Algorithm): Promise<CryptoKey> {
  const known = imported.get(key) ?? new Map<Algorithm, CryptoKey>();
  imported.set(key, known);
  const cryptoKey = known.get(algorithm) ?? (await importKey(key, algorithm));
  known.set(algorithm, cryptoKey);
  return cryptoKey;
}

async function importKey(key: PublicKey, algorithm: Algorithm): Promise<CryptoKey> {
  try {
    const spki = new Uint8Array(base64url.decode(key.spki));
    return await crypto.subtle.importKey('spki', spki, methods[algorithm].key, false, ['verify']);
  } catch (thrown) {
    throw refused('the public key cannot be used; publish a sound one', thrown);
  }
}
