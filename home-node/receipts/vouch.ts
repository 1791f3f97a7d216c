// What the embedded home requires of a request with a receipt before it believes the time of arrival, so that a receipt
// that should never have been made (service-receipts.ts) is worth nothing. Facts in, verdict out. How long ago it arrived is
// no reason: the edge keeps what waits until home comes, however long it is away.

import { limits } from '../../shared/limits.ts';
import { readSignature } from '../../shared/signature/read.ts';
import { isRefused } from '../../shared/signature/refused.ts';
import type { SignedRequest } from '../../shared/signature/request.ts';
import { requireProof } from '../../shared/signature/require.ts';

export type Vouching =
  | { readonly vouch: true }
  /** Home's clock is behind: what arrived cannot be from the future. Nothing can be said before it is right. */
  | { readonly vouch: false; readonly because: 'clock'; readonly reason: string }
  | { readonly vouch: false; readonly because: 'request'; readonly reason: string };

/** Twice what intake bears, so that it stops taking deliveries before any of them comes to this. */
export const aheadMs = 2 * limits.homeClockOffMs;

/** The signature must cover a time that agrees with the arrival (shared/signature/require.ts), which must be past. */
export function mayVouch(request: SignedRequest, receivedAt: number, now: number): Vouching {
  if (receivedAt > now + aheadMs) {
    const minutes = Math.round((receivedAt - now) / 60_000);
    return { vouch: false, because: 'clock', reason: `by home's clock it arrives in ${minutes} minutes` };
  }
  try {
    requireProof(request, readSignature(request), receivedAt);
    return { vouch: true };
  } catch (thrown) {
    if (isRefused(thrown)) return { vouch: false, because: 'request', reason: thrown.message };
    throw thrown;
  }
}
