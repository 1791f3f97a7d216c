// When somebody who was told "later" may come again: not before it is worthwhile, not all at the same moment, and soon
// enough that nobody takes it for a no.

import type { Random } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';

/** Share of the wait, and the least of it in seconds, over which those who were told the same are spread. */
const spread = { share: 1 / 4, leastSeconds: 5 };

/**
 * Seconds for Retry-After (RFC 9110 section 10.2.3): when `waitMs` have passed, at most `limits.retryAfterMs`, and up to a
 * quarter later.
 */
export function retryAfterSecondsFor(waitMs: number, random: Random): number {
  const seconds = Math.max(1, Math.ceil(Math.min(waitMs, limits.retryAfterMs) / 1000));
  const [byte = 0] = random.bytes(1);
  return seconds + Math.floor((byte / 255) * Math.max(seconds * spread.share, spread.leastSeconds));
}
