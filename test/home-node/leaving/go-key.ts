// An RSA key as Go writes it to JSON: numbers in decimal.

import { generateKeyPairSync } from 'node:crypto';

export interface GoKey {
  readonly pem: string;
  /** `secret` with the members that are given put in their place. */
  json(changes?: Readonly<Record<string, unknown>>): string;
}

export function goKeyPair(bits = 2048): GoKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const jwk = privateKey.export({ format: 'jwk' });
  const number = (member: string | undefined): bigint =>
    BigInt(`0x${Buffer.from(member ?? '', 'base64url').toString('hex')}`);
  const numbers = { N: number(jwk.n), E: number(jwk.e), D: number(jwk.d), Primes: [number(jwk.p), number(jwk.q)] };
  return {
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString().trim(),
    json: (changes = {}) => written({ ...numbers, ...changes }),
  };
}

/** Not by JSON.stringify, which knows no such numbers. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `"${name}":${written(member)}`).join(',')}}`;
}
