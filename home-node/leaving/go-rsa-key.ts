// RSA keys as Go writes them to JSON, and GoToSocial to its database: decimal numbers that no JSON reader here would keep. What
// is said of one that cannot be read has nothing of it. Pure.

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { limits } from '../../shared/limits.ts';

/** 1024 bits have 308 decimal digits. OpenSSL makes a key of any number, also of 0. */
const leastDigits = 308;

/** SPKI in PEM; null: it is none. */
export function pemOfModulus(text: string): string | null {
  const modulus = numberOf(text, 'N');
  const exponent = numberOf(text, 'E');
  if (modulus === null || exponent === null || modulus.length < leastDigits || exponent.length > 20) return null;
  const jwk = { kty: 'RSA', n: base64url(BigInt(modulus)), e: base64url(BigInt(exponent)) };
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString().trim();
}

/** null: it is none, of two primes and at least 1024 bits. */
export function privateKeyOf(text: string): KeyObject | null {
  const [modulus, exponent, secret] = ['N', 'E', 'D'].map((name) => numberOf(text, name));
  const [, listed = ''] = /"Primes":\s*\[([^\]]*)\]/.exec(text) ?? [];
  const primes = listed.split(',').map((one) => one.replaceAll(/[\s"]/g, ''));
  const [p, q] = primes.map((one) => (/^\d+$/.test(one) && one.length <= limits.actorKeyLength ? BigInt(one) : 0n));
  if (!modulus || !exponent || !secret || modulus.length < leastDigits || primes.length !== 2) return null;
  if (p === undefined || q === undefined || p < 3n || q < 3n || p * q !== BigInt(modulus)) return null;
  const d = BigInt(secret);
  const parts = { n: BigInt(modulus), e: BigInt(exponent), d, p, q, dp: d % (p - 1n), dq: d % (q - 1n) };
  const jwk = Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, base64url(value)]));
  try {
    return createPrivateKey({ key: { kty: 'RSA', ...jwk, qi: base64url(inverse(q, p)) }, format: 'jwk' });
  } catch {
    // Its numbers do not belong together; OpenSSL's words might have some of them.
    return null;
  }
}

function numberOf(text: string, name: string): string | null {
  const [, digits] = new RegExp(`"${name}":\\s*"?(\\d+)`).exec(text) ?? [];
  return digits === undefined || digits.length > limits.actorKeyLength ? null : digits;
}

/** RFC 8017 section 3.2: qInv, by Euclid. */
function inverse(of: bigint, modulus: bigint): bigint {
  let [rest, next, sign, nextSign] = [of % modulus, modulus, 1n, 0n];
  while (rest > 1n && next !== 0n) {
    const times = rest / next;
    [rest, next, sign, nextSign] = [next, rest % next, nextSign, sign - times * nextSign];
  }
  return sign < 0n ? sign + modulus : sign;
}

function base64url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
}
