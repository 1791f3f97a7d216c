// What is known of a signature once its fields are read: the same shape for both kinds, so that what we require and
// how a key is applied are written once.

import type { Proof } from '../verdict.ts';

/** Names of RFC 9421 section 6.2.2, and `rsa-v1_5-sha512` for draft-cavage's rsa-sha512. */
export type Algorithm = 'rsa-v1_5-sha256' | 'rsa-v1_5-sha512' | 'rsa-pss-sha512' | 'ecdsa-p256-sha256' | 'ed25519';

export interface RequestSignature extends Proof {
  /** null: the signer left it to the kind of the key. */
  readonly algorithm: Algorithm | null;
  /** The algorithm as it was written; null if none was. */
  readonly named: string | null;
  /** How `created` and `expires` were written, in draft-cavage, where both ways are in use. */
  readonly numbers: readonly ('quoted' | 'bare')[];
  /** Names of covered components, as each kind writes them (`(request-target)`, `@method`, `date`). */
  readonly covered: readonly string[];
  /** Seconds since the epoch. */
  readonly created: number | null;
  readonly expires: number | null;
  readonly signature: Uint8Array<ArrayBuffer>;
  /** The text that was signed, made anew from the request. */
  readonly base: string;
}
