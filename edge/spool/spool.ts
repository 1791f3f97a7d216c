// The spool's contract: all that lanes know of it. Behind it stand a Durable Object with SQLite per home (object.ts,
// store.ts) and R2 for large bodies (bodies.ts); client.ts is how a Worker reaches them.

import type { Arrival } from '../../shared/delivery.ts';

export type PutResult =
  /** Durable: the sender may be told so. */
  | ({ readonly put: 'stored'; readonly seq: number } & Settling)
  /** Equal to the latest one still waiting from this sender: told so too, stored once. */
  | ({ readonly put: 'duplicate' } & Settling)
  /** Refused, nothing stored; the reason is for the owner's log, the sender gets a temporary error. */
  | { readonly put: 'full' | 'sender-quota' | 'undecided-quota'; readonly retryAfterSeconds: number };

/** Of a sender of whom nothing was held before: after so many ms no Worker takes it for a stranger. Absent: none does. */
interface Settling {
  readonly settleMs?: number;
}

export interface Spool {
  /**
   * Resolves only after the commit, and when mayHoldFrom says so of the sender in every Worker: what a sender sends after
   * its first delivery was answered never meets one that takes it for a stranger. `body` is the arrival's bytes, whole.
   */
  put(arrival: Arrival, body: Uint8Array<ArrayBuffer>): Promise<PutResult>;
  /**
   * May something of this sender be waiting or have been delivered since home's last snapshot? Answers from memory
   * most of the time, and errs towards true.
   */
  mayHoldFrom(sender: string): Promise<boolean>;
}
