// What one kind of server software can verify, as data: which signatures, made and written how, over which parts, and
// how large and deep a body it takes. Everything but time: when home sleeps, its service looks at a delivery hours later,
// and how that is bridged is home's matter. Home leaves it at the edge for each service, and the edge accepts nothing
// else, awake or asleep: what is accepted in vain is lost, while a sender that is told 401 can sign in another way.

import type { Algorithm } from '../signature/signature.ts';

export type DigestAlgorithm = 'SHA-256' | 'SHA-512';

/** What the software makes of draft-cavage-http-signatures-12. */
export interface CavageAcceptance {
  /** What the signature is made with, once the key is known (`hs2019` means RSA PKCS#1 v1.5 with SHA-256, or Ed25519). */
  readonly algorithms: readonly Algorithm[];
  /** Values of the parameter `algorithm`; null: it may be left out. */
  readonly named: readonly (string | null)[];
  /** What must be covered besides `(request-target)`, `host` and `digest`, which must always be. */
  readonly covered: readonly string[];
  /** Times that are understood: one must be covered, and no other may be. `(expires)` goes with `(created)`. */
  readonly times: readonly CavageTime[];
  /** A Date must be there, also where it need not be covered. */
  readonly dateRequired: boolean;
  /** How `created` and `expires` may be written. */
  readonly numbers: readonly NumberSpelling[];
  /** Algorithms of the Digest header. */
  readonly digests: readonly DigestAlgorithm[];
  /**
   * `plain`: no blanks between parameters, no comma inside of one, names of covered headers in small letters, the Digest's
   * algorithm in capitals. It is how everybody writes, and some read nothing else.
   */
  readonly spelling: 'plain' | 'any';
  /** A query of the inbox's address is part of what is verified. */
  readonly query: boolean;
}

export type CavageTime = 'date' | '(created)';
export type NumberSpelling = 'quoted' | 'bare';

/** What the software makes of RFC 9421. That `created` is given is required of all. */
export interface Rfc9421Acceptance {
  readonly algorithms: readonly Algorithm[];
  /** What must be covered besides `@method`, the target and `content-digest`, which must always be. */
  readonly covered: readonly string[];
  /** Derived components (section 2.2) that are understood as the RFC has them; fields are, always. */
  readonly derived: readonly string[];
  /** Algorithms of the Content-Digest header. */
  readonly digests: readonly DigestAlgorithm[];
  /** A query of the inbox's address is part of what is verified. */
  readonly query: boolean;
}

export interface Acceptance {
  /** null: not verified at all, so that a sender must sign in the other way. */
  readonly cavage: CavageAcceptance | null;
  readonly rfc9421: Rfc9421Acceptance | null;
  /** Bytes of a body; `limits.inboxBodyBytes` holds besides. */
  readonly bodyBytes: number;
  /** Depth of JSON in a body; `limits.jsonDepth` holds besides. */
  readonly jsonDepth: number;
  /**
   * What another server hands on (a relay, or whom a reply was written to) is taken if the activity carries a proof of its
   * own: a Linked Data signature, or an object integrity proof (FEP-8b32), which the software checks itself. False if left
   * out: the signer must be the activity's actor.
   */
  readonly forwarded?: boolean;
}
