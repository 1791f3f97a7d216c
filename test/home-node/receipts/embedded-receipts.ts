// Both sides of receipts to the embedded home, as home's wiring puts them together.

import { createReceipts, type Receipts } from '../../../home-node/receipts/receipts.ts';
import { type Issuer, issuerFor } from '../../../home-node/receipts/service-receipts.ts';
import { windowOf } from '../../../home-node/receipts/window.ts';
import type { Clock } from '../../../shared/clock.ts';

/** `wasAway`: by home's record; always, if left out. */
export function receiptsOf(secret: Uint8Array, clock: Clock, wasAway = true): Issuer & Receipts {
  const issuer = issuerFor({
    secret,
    clock,
    absences: { wasAway: () => wasAway },
    service: 'home',
    window: windowOf('embedded'),
    maxAgeMs: Number.POSITIVE_INFINITY,
  });
  return { ...createReceipts(secret, clock), issue: issuer.issue };
}

/** What the adapter of the embedded home is made of. */
export function partsOf(secret: Uint8Array, clock: Clock, wasAway = true) {
  const receipts = receiptsOf(secret, clock, wasAway);
  return { receipts, token: receipts.token };
}
