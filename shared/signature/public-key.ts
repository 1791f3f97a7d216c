// Public keys as ActivityPub actors publish them: PEM (`publicKeyPem` of the security vocabulary) and Multikey
// (`publicKeyMultibase`). They become plain data, which a cache can hold; verify.ts imports them.

import { base64url } from 'jose';
import { decodeBase58 } from './base58.ts';
import { decodeBase64 } from './base64.ts';
import { bitString, element, integer, readElement, sequence } from './der.ts';
import { refused } from './refused.ts';

export interface PublicKey {
  readonly kind: 'rsa' | 'ed25519' | 'p256';
  /** Size of the RSA modulus, or of the curve. */
  readonly bits: number;
  /** SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), DER, base64url. */
  readonly spki: string;
}

// AlgorithmIdentifier, whole, as DER.
const rsaEncryption = Uint8Array.of(48, 13, 6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 1, 5, 0); // RFC 8017 appendix A.1
const ed25519 = Uint8Array.of(48, 5, 6, 3, 43, 101, 112); // RFC 8410 section 3
const p256 = Uint8Array.of(48, 19, 6, 7, 42, 134, 72, 206, 61, 2, 1, 6, 8, 42, 134, 72, 206, 61, 3, 1, 7); // RFC 5480

/** Bytes of an RSAPublicKey that are looked at: 32,768 bits. */
const longestRsaKey = 4200;

/**
 * Reads `PUBLIC KEY` (RFC 7468 section 13) and `RSA PUBLIC KEY` (PKCS#1, RFC 8017 appendix A.1.1): RSA, Ed25519 or
 * P-256. Throws `signature-refused` for anything else.
 */
export function publicKeyFromPem(pem: string): PublicKey {
  const found = /^-----BEGIN (PUBLIC KEY|RSA PUBLIC KEY)-----([^-]+)-----END \1-----$/.exec(pem.trim());
  const der = decodeBase64((found?.[2] ?? '-').replace(/\s+/g, ''));
  if (found === null || der === null) throw refused('the public key is not PEM; publish it as SPKI in PEM');
  if (found[1] === 'RSA PUBLIC KEY') return rsaKey(der);
  const outer = readElement(der, 0, sequence);
  const algorithm = readElement(outer.content, 0, sequence);
  const key = readElement(outer.content, algorithm.end, bitString).content;
  const identifier = outer.content.subarray(0, algorithm.end);
  // X.690 section 8.6.2: the first byte of a bit string counts the bits that its last byte leaves unused.
  const bits = key.subarray(1);
  if (same(identifier, rsaEncryption)) return rsaKey(bits);
  if (same(identifier, ed25519) && bits.length === 32) return curveKey('ed25519', ed25519, bits);
  if (same(identifier, p256) && bits.length === 65) return curveKey('p256', p256, bits);
  throw refused('the public key is of a kind that is not known here; use RSA, Ed25519 or P-256');
}

/** Reads a Multikey (W3C Controlled Identifiers, section 2.2.2) of an Ed25519 key. Throws `signature-refused`. */
export function publicKeyFromMultikey(multibase: string): PublicKey {
  // 'z' is base58btc, 0xed 0x01 the varint of ed25519-pub (multibase and multicodec tables).
  const bytes = multibase.startsWith('z') ? decodeBase58(multibase.slice(1)) : null;
  if (bytes?.length === 34 && bytes[0] === 0xed && bytes[1] === 0x01) {
    return curveKey('ed25519', ed25519, bytes.subarray(2));
  }
  throw refused('the Multikey is not an Ed25519 key in base58btc; publish one, or an RSA key in PEM');
}

/** `pkcs1` is RSAPublicKey: modulus and exponent (RFC 8017 appendix A.1.1). */
function rsaKey(pkcs1: Uint8Array<ArrayBuffer>): PublicKey {
  const outer = readElement(pkcs1, 0, sequence);
  const modulus = readElement(outer.content, 0, integer);
  const exponent = readElement(outer.content, modulus.end, integer);
  if (pkcs1.length > longestRsaKey) throw refused('the RSA key is too long; use 2048 bits');
  // A long exponent makes each verification slow, and whose key it is would choose how slow.
  if (exponent.content.length > 4) throw refused('the RSA exponent is too long; use 65537');
  return {
    kind: 'rsa',
    bits: bitLength(modulus.content),
    spki: spkiOf(rsaEncryption, element(sequence, outer.content)),
  };
}

function curveKey(kind: 'ed25519' | 'p256', identifier: Uint8Array, point: Uint8Array): PublicKey {
  return { kind, bits: 256, spki: spkiOf(identifier, point) };
}

function spkiOf(identifier: Uint8Array, key: Uint8Array): string {
  return base64url.encode(element(sequence, identifier, element(bitString, Uint8Array.of(0), key)));
}

function bitLength(unsigned: Uint8Array): number {
  const first = unsigned.findIndex((byte) => byte !== 0);
  return first === -1 ? 0 : (unsigned.length - first) * 8 - (Math.clz32(unsigned[first] ?? 0) - 24);
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}
