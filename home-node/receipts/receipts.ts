// Issues receipts for home's intake and checks them in the embedded service; both hold the same secret file.

import { createHmac } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { makeReceipt, type ReceiptSubject, readReceipt } from './receipt.ts';
import { mayVouch, type Vouching } from './vouch.ts';

export type Issued = { readonly receipt: string } | Extract<Vouching, { readonly vouch: false }>;

export type Checked =
  | { readonly receipt: 'good'; readonly receivedAt: number }
  /** Home made it for this request, but a clock was set since, or it lay about: the delivery must come again. */
  | { readonly receipt: 'untimely'; readonly reason: string }
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
      const now = clock.now();
      const vouching = mayVouch(subject, receivedAt, now);
      return vouching.vouch ? { receipt: makeReceipt(secret, subject, { receivedAt, madeAt: now }) } : vouching;
    },
    check(subject, receipt) {
      const times = readReceipt(secret, subject, receipt);
      if (times === null) return { receipt: 'bad', reason: 'it was not made by this home for this request' };
      const { receivedAt, madeAt } = times;
      const now = clock.now();
      if (Math.abs(now - madeAt) > limits.receiptMs) {
        const minutes = Math.round((now - madeAt) / 60_000);
        return { receipt: 'untimely', reason: `by the clock it was made ${minutes} minutes ago, and not just now` };
      }
      const vouching = mayVouch(subject, receivedAt, now);
      if (vouching.vouch) return { receipt: 'good', receivedAt };
      return { receipt: vouching.because === 'clock' ? 'untimely' : 'bad', reason: vouching.reason };
    },
    token: createHmac('sha256', secret).update('porchlight-home-token-v1').digest('base64url'),
  };
}
