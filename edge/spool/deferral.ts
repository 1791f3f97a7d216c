// How long a delivery waits after home answered `later`. Pure but for the dice that are handed in.

import type { Random } from '../../shared/clock.ts';
import type { SpoolLimits } from './outside.ts';

/** The longest that home may ask for. Danger: a service that says Retry-After: 10 years blocks its sender for ever. */
const longestAskedMs = 24 * 3600 * 1000;

/**
 * Milliseconds until the next try after `attempts` ones (at least 1): exponential from `limits.deferFirstMs` to
 * `limits.deferMaxMs`, the last half of it diced so that senders that failed together do not come back together; or as
 * long as the service asked for, if that is longer.
 */
export function deferralMs(attempts: number, retryAfterMs: number, limits: SpoolLimits, random: Random): number {
  const full = Math.min(limits.deferMaxMs, limits.deferFirstMs * 2 ** Math.min(attempts - 1, 30));
  const dice = new DataView(random.bytes(4).buffer).getUint32(0) / 2 ** 32;
  const own = Math.round(full / 2 + (full / 2) * dice);
  return Math.max(own, Math.min(retryAfterMs, longestAskedMs));
}
