// The embedded home's side of receipts: it holds home's own secret, and judges by a receipt as a hook does in another server.

import { createHmac } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { type ReceiptSubject, readReceipt } from './receipt.ts';
import { mayVouch } from './vouch.ts';

export type Checked =
  | { readonly receipt: 'good'; readonly receivedAt: number }
  /** Home made it for this request, but a clock was set since, or it lay about: the delivery must come again. */
  | { readonly receipt: 'untimely'; readonly reason: string }
  | { readonly receipt: 'bad'; readonly reason: string };

export interface Receipts {
  check(subject: ReceiptSubject, receipt: string): Checked;
  /** As tokenOf. */
  readonly token: string;
}

export function createReceipts(secret: Uint8Array, clock: Clock): Receipts {
  return {
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
    token: tokenOf(secret),
  };
}

/** A bearer token for home's own questions to the embedded home, which no receipt can be made from. */
export function tokenOf(secret: Uint8Array): string {
  return createHmac('sha256', secret).update('porchlight-home-token-v1').digest('base64url');
}
