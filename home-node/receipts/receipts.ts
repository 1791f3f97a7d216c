// Issues receipts for home's intake and checks them in the embedded service; both hold the same secret file.

import { createHmac } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { makeReceipt, type ReceiptSubject, readReceipt } from './receipt.ts';
import { mayVouch, type Vouching } from './vouch.ts';

export type Issued = { readonly receipt: string } | Extract<Vouching, { readonly vouch: false }>;

export type Checked =
  | { readonly receipt: 'good'; readonly receivedAt: number }
  | { readonly receipt: 'bad'; readonly reason: string };

export interface Receipts {
  issue(subject: ReceiptSubject, receivedAt: number): Issued;
  check(subject: ReceiptSubject, receipt: string): Checked;
  /** A bearer token for home's own questions to the service, which no receipt can be made from. */
  readonly token: string;
}

export function createReceipts(secret: Uint8Array, clock: Clock): Receipts {
  return {
    issue(subject, receivedAt) {
      const vouching = mayVouch(subject, receivedAt, clock.now());
      return vouching.vouch ? { receipt: makeReceipt(secret, subject, receivedAt) } : vouching;
    },
    check(subject, receipt) {
      const receivedAt = readReceipt(secret, subject, receipt);
      if (receivedAt === null) return { receipt: 'bad', reason: 'it was not made by this home for this request' };
      const vouching = mayVouch(subject, receivedAt, clock.now());
      return vouching.vouch ? { receipt: 'good', receivedAt } : { receipt: 'bad', reason: vouching.reason };
    },
    token: createHmac('sha256', secret).update('porchlight-home-token-v1').digest('base64url'),
  };
}
