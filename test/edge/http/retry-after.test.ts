// What Retry-After says: never too early, never for long, and not the same to everybody.

import { expect, test } from 'vitest';
import { retryAfterSecondsFor } from '../../../edge/http/retry-after.ts';
import { systemRandom } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';

const dice = (byte: number) => ({ bytes: (count: number) => new Uint8Array(count).fill(byte) });

test.each([
  [-1, 1, 6],
  [0, 1, 6],
  [1, 1, 6],
  [10_001, 11, 16],
  [60_000, 60, 75],
  [limits.retryAfterMs, limits.retryAfterMs / 1000, (limits.retryAfterMs / 1000) * 1.25],
  [24 * limits.retryAfterMs, limits.retryAfterMs / 1000, (limits.retryAfterMs / 1000) * 1.25],
  [Number.POSITIVE_INFINITY, limits.retryAfterMs / 1000, (limits.retryAfterMs / 1000) * 1.25],
])('retryAfterSecondsFor() says of %d ms between %d and %d s', (waitMs, least, most) => {
  expect(retryAfterSecondsFor(waitMs, dice(0))).toBe(least);
  expect(retryAfterSecondsFor(waitMs, dice(255))).toBe(most);
});

test('retryAfterSecondsFor() spreads those who are told at the same moment', () => {
  const told = Array.from({ length: 200 }, () => retryAfterSecondsFor(60_000, systemRandom));
  expect(new Set(told).size).toBeGreaterThan(8);
  for (const seconds of told) expect(Number.isInteger(seconds)).toBe(true);
});
