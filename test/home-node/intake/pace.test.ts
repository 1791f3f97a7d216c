// The pace that an owner set for a service: never faster, never out of order, and never stuck.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Pace, Pacer } from '../../../home-node/intake/pace.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { allOf } from './all-of.ts';
import { House } from './house.ts';

describe('a pacer', () => {
  test('without a rate never waits', () => {
    const pacer = new Pacer({ parallel: 1, perSecond: null }, () => 0);
    pacer.begin();
    expect(pacer.waitMs()).toBe(0);
  });

  test('begins no two within an interval, whatever the clock does, and never waits longer than one', () => {
    const step = fc.integer({ min: -100_000, max: 100_000 });
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        fc.array(step, { maxLength: 50 }),
        (perSecond, steps) => {
          let now = 1_000_000;
          const pacer = new Pacer({ parallel: 1, perSecond }, () => now);
          const interval = 1000 / perSecond;
          let last: number | null = null;
          for (const ms of steps) {
            now += ms;
            const wait = pacer.waitMs();
            expect(wait).toBeGreaterThanOrEqual(0);
            expect(wait).toBeLessThanOrEqual(interval);
            if (wait > 0) continue;
            // Only a clock that was put back may seem to break it.
            if (last !== null && now >= last) expect(now - last).toBeGreaterThanOrEqual(interval - 1e-6);
            pacer.begin();
            last = now;
          }
        },
      ),
    );
  });
});

describe('a service with a pace', { timeout: 30_000 }, () => {
  async function drain(pace: Pace, deliveries: number, senders: number): Promise<{ house: House; times: number[] }> {
    const house = await House.start({}, systemClock, pace);
    const times: number[] = [];
    house.service.behave = (_, response) => {
      times.push(performance.now());
      response.writeHead(202).end();
    };
    for (let n = 0; n < deliveries; n += 1) house.edge.put(`${n % senders}-${n}`, { sender: String(n % senders) });
    house.connect();
    await allOf(house, 'kept');
    return { house, times };
  }

  test('gets no more in a second than it bears, all of it, and each sender in its order', async () => {
    const { house, times } = await drain({ parallel: limits.deliverParallel, perSecond: 50 }, 30, 3);
    // From the first to the last are 29 intervals of 20 ms; timers may be late and never early by more than a millisecond.
    const span = Number(times.at(-1)) - Number(times[0]);
    expect(span).toBeGreaterThanOrEqual(29 * 19);
    for (const sender of ['0', '1', '2']) {
      const bodies = house.service.bodies().filter((body) => body.startsWith(`${sender}-`));
      expect(bodies).toEqual(Array.from({ length: 10 }, (_, index) => `${sender}-${Number(sender) + index * 3}`));
    }
    await house.end();
  });

  test('has no more before it at once than its owner said', async () => {
    const { house } = await drain({ parallel: 2, perSecond: null }, 40, 20);
    expect(house.service.mostAtOnce).toBeLessThanOrEqual(2);
    await house.end();
  });
});
