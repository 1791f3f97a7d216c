// Any ActivityPub server of which Porchlight knows no more than its owner said: its inboxes and the signatures that it
// can verify. It gets deliveries as they came; how late they may be is up to it.

import { limits } from '../../shared/limits.ts';
import type { SignatureKind } from '../../shared/snapshot.ts';
import { receiptHeadersFor } from '../receipts/receipt-headers.ts';
import type { Issuer } from '../receipts/service-receipts.ts';
import { type Adapter, outcomeByStatus } from './adapter.ts';

export interface GenericService {
  readonly inboxes: readonly string[];
  readonly signatures: readonly SignatureKind[];
  /** For whatever hook its owner has put in; without one they are read by nobody. Absent: none are sent. */
  readonly receipts?: Issuer;
  /** It federates with these domains alone; null: with whoever it does not block. */
  readonly allowedDomains?: readonly string[] | null;
}

export function genericAdapter({ inboxes, signatures, receipts, allowedDomains = null }: GenericService): Adapter {
  return {
    kind: 'activitypub',
    signatures,
    traits: {
      title: 'the service',
      window: 'unknown',
      minds: 'nothing more',
      hook: null,
      bodyBytes: null,
      parallel: limits.deliverParallel,
      perSecond: null,
      perSecondOfAddress: null,
      sharedInbox: true,
    },
    knowsPages: false,
    greeter: null,
    // ActivityPub section 5.2 demands it of every server.
    deduplicatesBy: 'activity id',
    headersFor: async (delivery) =>
      await Promise.resolve(receipts === undefined ? [] : receiptHeadersFor(receipts, delivery)),
    outcomeOf: outcomeByStatus,
    leavings: async () =>
      await Promise.resolve({
        inboxes,
        accounts: null,
        nodeinfo: null,
        documents: [],
        knownActors: null,
        pages: [],
        ...(allowedDomains === null ? {} : { allowedDomains }),
      }),
  };
}
