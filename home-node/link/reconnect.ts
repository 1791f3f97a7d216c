// How long home waits before it dials again: exponential, and jittered, so that the homes of one edge do not all come
// back in the same moment after a deployment. Pure.

import type { Random } from '../../shared/clock.ts';

const firstMs = 250;
const longestMs = 30_000;

/** The longest wait when only a person can mend what is wrong. */
export const rarelyMs = 15 * 60_000;

/** `failures`: attempts in a row that did not open the link, 0 when it was open a moment ago. Result in ms. */
export function reconnectDelayMs(failures: number, random: Random, mostMs = longestMs): number {
  const ceiling = Math.min(mostMs, firstMs * 2 ** Math.min(failures, 16));
  const [high = 0, low = 0] = random.bytes(2);
  const dice = (high * 256 + low) / 65_535;
  return Math.round(ceiling / 2 + (dice * ceiling) / 2);
}
