import { describe, expect, test } from 'vitest';
import { newDeliveryId } from '../../../edge/activitypub/delivery-id.ts';
import { systemRandom } from '../../../shared/clock.ts';
import { FakeClock, night } from './peer.ts';

describe('newDeliveryId()', () => {
  test('is the ULID of the time and the dice', () => {
    const clock = new FakeClock();
    // From the ULID specification: 1469918176385 is 01ARYZ6S41.
    clock.time = 1_469_918_176_385;
    const random = { bytes: (count: number) => new Uint8Array(count) };
    expect(newDeliveryId(clock, random)).toBe('01ARYZ6S410000000000000000');
    expect(newDeliveryId(clock, { bytes: (count) => new Uint8Array(count).fill(0xff) })).toBe(
      '01ARYZ6S41ZZZZZZZZZZZZZZZZ',
    );
  });

  test('sorts by time and does not repeat', () => {
    const clock = new FakeClock();
    const ids = Array.from({ length: 200 }, (_, i) => {
      clock.time = night + i * 7;
      return newDeliveryId(clock, systemRandom);
    });
    expect([...ids].sort((a, b) => (a < b ? -1 : 1))).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
