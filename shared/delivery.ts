// A delivery: one thing that a peer handed over, as bytes plus this envelope. It is made at the edge, lies in the
// spool, is leased by home and put before home's service with the bytes and headers it came with. It carries no secret.

import type { Proof } from './verdict.ts';

export type Lane = 'activitypub';

/** A header as it came: name in the sender's order, value as sent. Repeated names repeat. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** What a lane hands to the spool. */
export interface Arrival {
  readonly id: string;
  readonly lane: Lane;
  /** The service at home that it is for, by the name that home gave it. */
  readonly service: string;
  /** What order is kept for, within one service: the signing actor's URI. */
  readonly sender: string;
  /** Edge time of arrival, ms since the epoch. */
  readonly receivedAt: number;
  readonly method: 'POST';
  /** Host as the sender addressed it, with a port only if it is not the scheme's own. */
  readonly host: string;
  /** Raw path and query, as signed. */
  readonly path: string;
  readonly headers: HeaderList;
  /** The sender's address as the platform saw it, for the service's own rate limits; null if unknown. */
  readonly remoteAddress: string | null;
  readonly proof: Proof;
  /** Why the edge could not decide, or null when the proof held. */
  readonly undecided: string | null;
  readonly bodyBytes: number;
  /** SHA-256 of the body, base64url without padding. */
  readonly bodySha256: string;
}

/** An arrival that the spool took: `seq` rises in the order of commits. */
export interface Delivery extends Arrival {
  readonly seq: number;
  /** How many times home has answered `later` for it. */
  readonly attempts: number;
}

export type DeliveryState = 'waiting' | 'kept' | 'dead';

/** What home answers for one leased delivery. */
export type Outcome =
  /** The service took it. */
  | { readonly outcome: 'delivered' }
  /** Not now; the edge waits (its own backoff, or `retryAfterMs` if that is longer) and leases it again. */
  | { readonly outcome: 'later'; readonly reason: string; readonly retryAfterMs?: number }
  /** The service will never take it: it becomes a dead letter. */
  | { readonly outcome: 'dead'; readonly reason: string }
  /** Not tried, because an earlier one of the same sender must go first. Costs the delivery nothing. */
  | { readonly outcome: 'released' };

export type Answer = { readonly seq: number; readonly id: string } & Outcome;
