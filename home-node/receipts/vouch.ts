// When home vouches for a time of arrival, and when a service believes it: one rule for both, so that a receipt that
// should never have been made is worth nothing. Facts in, verdict out.

import { limits } from '../../shared/limits.ts';
import { readSignature } from '../../shared/signature/read.ts';
import { isRefused } from '../../shared/signature/refused.ts';
import type { SignedRequest } from '../../shared/signature/request.ts';
import { requireProof } from '../../shared/signature/require.ts';

export type Vouching =
  | { readonly vouch: true }
  /** Home's clock is behind: what arrived cannot be from the future. Nothing can be said before it is right. */
  | { readonly vouch: false; readonly because: 'clock'; readonly reason: string }
  | { readonly vouch: false; readonly because: 'age' | 'request'; readonly reason: string };

/** Clocks at the edge and at home differ by a little. */
const clockSkewMs = 60_000;

/**
 * The signature must cover a time that agrees with the arrival (shared/signature/require.ts), and the arrival must be
 * past, but not too long past.
 */
export function mayVouch(request: SignedRequest, receivedAt: number, now: number): Vouching {
  if (receivedAt > now + clockSkewMs) {
    return {
      vouch: false,
      because: 'clock',
      reason: `by home's clock it arrives in ${minutes(receivedAt - now)} minutes`,
    };
  }
  if (now - receivedAt > limits.receiptAgeMs) {
    return { vouch: false, because: 'age', reason: `it arrived ${minutes(now - receivedAt)} minutes ago` };
  }
  try {
    requireProof(request, readSignature(request), receivedAt);
    return { vouch: true };
  } catch (thrown) {
    if (isRefused(thrown)) return { vouch: false, because: 'request', reason: thrown.message };
    throw thrown;
  }
}

function minutes(ms: number): number {
  return Math.round(ms / 60_000);
}
