// Public Ed25519 keys as they come from elsewhere: JWK (RFC 8037 section 2), of which only the members that make the key
// are kept, so that nothing else is stored or shown.

import type { JWK } from 'jose';

/** A public key by its 32 bytes in base64url, as JWK member `x`; null when it is not one. */
export function ed25519Key(x: unknown): JWK | null {
  return typeof x === 'string' && /^[\w-]{43}$/.test(x) ? { kty: 'OKP', crv: 'Ed25519', x } : null;
}

/** The public part of a JWK; null when it is no Ed25519 key. */
export function ed25519PublicPart(jwk: JWK): JWK | null {
  return jwk.kty === 'OKP' && jwk.crv === 'Ed25519' ? ed25519Key(jwk.x) : null;
}
