// The waits between attempts: exponential, jittered, bounded.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rarelyMs, reconnectDelayMs } from '../../../home-node/link/reconnect.ts';

const dice = (value: number) => ({ bytes: (count: number) => new Uint8Array(count).fill(value) });

describe('reconnectDelayMs()', () => {
  test('begins within a quarter of a second and ends at half a minute', () => {
    expect(reconnectDelayMs(0, dice(255))).toBe(250);
    expect(reconnectDelayMs(0, dice(0))).toBe(125);
    expect(reconnectDelayMs(40, dice(255))).toBe(30_000);
    expect(reconnectDelayMs(40, dice(0))).toBe(15_000);
  });

  test('grows to a quarter of an hour where only a person can mend what is wrong', () => {
    expect(reconnectDelayMs(0, dice(255), rarelyMs)).toBe(250);
    expect(reconnectDelayMs(40, dice(255), rarelyMs)).toBe(15 * 60_000);
  });

  test('doubles its ceiling with each failure', () => {
    expect([1, 2, 3, 4].map((failures) => reconnectDelayMs(failures, dice(255)))).toEqual([500, 1000, 2000, 4000]);
  });

  test('is never nothing and never longer than half a minute, whatever the dice say', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.uint8Array({ minLength: 2, maxLength: 2 }), (failures, bytes) => {
        const ms = reconnectDelayMs(failures, { bytes: () => new Uint8Array(bytes) });
        expect(ms).toBeGreaterThanOrEqual(125);
        expect(ms).toBeLessThanOrEqual(30_000);
      }),
    );
  });
});
