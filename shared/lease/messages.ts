// The words between home's intake and the spool (docs/protocol.md, "Lease and ack"). One request, a *turn*, carries
// the answers for what came before, renewals, and the wish for more: one round trip and one billed request.
// The reply is a batch (batch.ts). Every turn is a signed call (shared/session/call.ts).

import type { Answer, Delivery, DeliveryState, Lane } from '../delivery.ts';

/** POST /.porchlight/v1/lease, JSON. */
export interface TurnRequest {
  readonly answers: readonly Answer[];
  /** Leases whose deliveries home is still working on. */
  readonly renew: readonly string[];
  /** How many further deliveries home wants now; 0 asks for none. */
  readonly max: number;
  /** Services that can take deliveries now, by name; nothing is leased for others. */
  readonly services: readonly string[];
  /**
   * Servers of which home has enough in hand, with the service that they deliver to: nothing more of theirs is leased
   * now. Absent: none. An edge of the version before does not know it.
   */
  readonly enough?: readonly { readonly service: string /** As peerOf says. */; readonly peer: string }[];
}

/** First part of the reply; the leased deliveries follow it. */
export interface TurnReply {
  /** Names this lease for `renew`; null when nothing was leased. The edge may forget it: see edge/spool/leases.ts. */
  readonly lease: string | null;
  /** Lease ends after this long unless renewed, ms. */
  readonly leaseMs: number;
  /**
   * seq of answers that were not taken, with the reason: `unknown`, nothing that waits has this seq and id (it was
   * answered before). A turn of an older epoch is refused whole.
   */
  readonly refused: readonly { readonly seq: number; readonly reason: string }[];
  /** Is more waiting that could be leased at once? */
  readonly more: boolean;
  /** Earliest time at which a deferred delivery becomes due, ms since the epoch; null if none waits. */
  readonly nextDueAt: number | null;
}

/** POST /.porchlight/v1/replay, JSON: asks for kept deliveries again, from this time of arrival on. */
export interface ReplayRequest {
  readonly since: number;
}

export interface ReplayReply {
  /** How many went back to waiting. */
  readonly replayed: number;
}

/** One dead letter as the owner sees it. */
export interface DeadLetter {
  readonly seq: number;
  readonly id: string;
  readonly service: string;
  readonly sender: string;
  readonly path: string;
  readonly receivedAt: number;
  readonly diedAt: number;
  readonly reason: string;
  readonly attempts: number;
}

/** GET /.porchlight/v1/spool. Times are ms since the epoch, of the edge's clock. */
export interface SpoolSummary {
  readonly waiting: number;
  readonly oldestWaitingAt: number | null;
  /** Services for which something waits; not all, if there are more than limits.spoolServices. */
  readonly services: readonly ServiceWaiting[];
  /** Delivered ones whose bytes are still held, and dead letters. */
  readonly kept: number;
  readonly dead: number;
  /** What the database and the large bodies take, and what they may. */
  readonly databaseBytes: number;
  readonly databaseLimitBytes: number;
  readonly largeBytes: number;
  readonly largeLimitBytes: number;
  /** When home left its newest snapshot; null if never. */
  readonly snapshotAt: number | null;
}

/** As an edge tells it that may be of the version before, which has four of these. */
export type SpoolTold = Pick<SpoolSummary, 'waiting' | 'oldestWaitingAt' | 'dead' | 'databaseBytes'> &
  Partial<SpoolSummary>;

export interface ServiceWaiting {
  readonly name: string;
  readonly waiting: number;
  /** null: many of other services wait before it, and it was not looked for so far yet. */
  readonly oldestWaitingAt: number | null;
}

/** One delivery that waits, as the owner sees it. */
export interface WaitingDelivery {
  readonly seq: number;
  readonly id: string;
  readonly lane: Lane;
  readonly service: string;
  readonly sender: string;
  readonly path: string;
  readonly receivedAt: number;
  readonly bodyBytes: number;
  /** How many times home answered `later`, until when it then waits (ms; 0: it does not), and what home said last. */
  readonly attempts: number;
  readonly notBefore: number;
  readonly reason: string | null;
}

/** GET /.porchlight/v1/spool/waiting?after=<seq>&limit=<count>, in the order of seq. */
export interface WaitingList {
  readonly deliveries: readonly WaitingDelivery[];
  /** `after` of the next page; null: this was the last one. */
  readonly next: number | null;
}

/** GET /.porchlight/v1/spool/deliveries/<seq or id>: everything but the body. */
export interface HeldDelivery {
  readonly state: DeliveryState;
  /** When it was delivered or died; null while it waits. */
  readonly leftAt: number | null;
  readonly notBefore: number;
  /** What home said last when it did not take it. */
  readonly reason: string | null;
  readonly delivery: Delivery;
}

/** POST /.porchlight/v1/spool/waiting/<seq>/discard. */
export interface Discarded {
  /** Home had it leased: its service may get it, or have it, all the same. */
  readonly wasInHand: boolean;
}
