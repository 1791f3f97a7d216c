// What the edge answers its operator (docs/protocol.md, "Operator calls"). Times in ms since the epoch. Nothing here is a
// secret: codes are known to the edge by their hashes only, keys by their thumbprints.

/** PUT codes/<SHA-256 of the code, base64url>: these hosts. */
export interface CodeOrder {
  readonly hosts: readonly string[];
}

export interface CodeReply {
  /** As requests name them. */
  readonly hosts: readonly string[];
  readonly expiresAt: number;
  /** The home whose key a claim with this code replaces; null: none, or a new home. */
  readonly replaces: string | null;
}

/** A code that nobody used yet. */
export interface WaitingCode extends CodeReply {
  /** First characters of its hash: enough to name it when it is dropped. */
  readonly hashPrefix: string;
}

export interface OperatorHome {
  readonly homeId: string;
  readonly hosts: readonly string[];
  /** RFC 7638 thumbprint of its key. */
  readonly key: string;
  /** When its first key came in; null if that was never written down. */
  readonly claimedAt: number | null;
  /** When this key came in. */
  readonly keySince: number | null;
  /** When this key was revoked; null: it was not. */
  readonly revokedAt: number | null;
}

export interface HomesReply {
  readonly homes: readonly OperatorHome[];
  /** Ask again with `?after=` this; null: that was all. */
  readonly next: string | null;
}

/** POST homes/<homeId>/revoke. Names the key, so that the call, sent again, harms no later one. */
export interface RevokeOrder {
  readonly key: string;
}

/** POST hosts/<host>/release. Names the home, so that the call, sent again, takes it from no other. */
export interface ReleaseOrder {
  readonly homeId: string;
}
