// The pace that an owner set for a service: never faster, never out of order, and never stuck.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fullPace, type Pace, Pacer, ServicePacer } from '../../../home-node/intake/pace.ts';
import { systemClock } from '../../../shared/clock.ts';
import { allOf } from './all-of.ts';
import { House } from './house.ts';

describe('a pacer', () => {
  test('without a rate never waits', () => {
    const pacer = new Pacer(null, () => 0);
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
          const pacer = new Pacer(perSecond, () => now);
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

describe('the pace of a service that counts by addresses', () => {
  test('is each address’s own, and that of all besides', () => {
    let now = 0;
    const pacer = new ServicePacer({ parallel: 1, perSecond: 10, perSecondOfAddress: 1 }, () => now);
    pacer.begin('192.0.2.1');
    expect([pacer.waitMs, pacer.waitMsOf('192.0.2.1'), pacer.waitMsOf('192.0.2.2')]).toEqual([100, 1000, 100]);
    now = 100;
    expect([pacer.waitMs, pacer.waitMsOf('192.0.2.1'), pacer.waitMsOf('192.0.2.2')]).toEqual([0, 900, 0]);
    pacer.begin(null);
    expect([pacer.waitMsOf(null), pacer.waitMsOf('192.0.2.2')]).toEqual([1000, 100]);
  });

  test('of many addresses goes on, without remembering those that need not wait', () => {
    let now = 0;
    const pacer = new ServicePacer({ ...fullPace, perSecondOfAddress: 1 }, () => now);
    for (let at = 0; at < 5_000; at += 1) {
      now += 2;
      pacer.begin(`2001:db8::${at.toString(16)}`);
    }
    expect([pacer.waitMsOf('2001:db8::0'), pacer.waitMsOf(`2001:db8::${(4_999).toString(16)}`)]).toEqual([0, 1000]);
  });
});

describe('a service with a pace', { timeout: 30_000 }, () => {
  async function drain(
    pace: Pace,
    deliveries: number,
    senders: number,
    from = (_: number): string => '192.0.2.7',
  ): Promise<{ house: House; times: number[] }> {
    const house = await House.start({}, systemClock, pace);
    const times: number[] = [];
    house.service.behave = (_, response) => {
      times.push(performance.now());
      response.writeHead(202).end();
    };
    for (let n = 0; n < deliveries; n += 1) {
      house.edge.put(`${n % senders}-${n}`, { sender: String(n % senders), remoteAddress: from(n) });
    }
    house.connect();
    await allOf(house, 'kept');
    return { house, times };
  }

  test('gets no more in a second than it bears, all of it, and each sender in its order', async () => {
    const { house, times } = await drain({ ...fullPace, perSecond: 50 }, 30, 3);
    // From the first to the last are 29 intervals of 20 ms; timers may be late and never early by more than a millisecond.
    const span = Number(times.at(-1)) - Number(times[0]);
    expect(span).toBeGreaterThanOrEqual(29 * 19);
    for (const sender of ['0', '1', '2']) {
      const bodies = house.service.bodies().filter((body) => body.startsWith(`${sender}-`));
      expect(bodies).toEqual(Array.from({ length: 10 }, (_, index) => `${sender}-${Number(sender) + index * 3}`));
    }
    await house.end();
  });

  test('gets no more in a second from one address than it bears, and meanwhile those of others', async () => {
    const from = (n: number): string => `192.0.2.${n % 3 === 0 ? 1 : n}`;
    const { house, times } = await drain({ ...fullPace, perSecondOfAddress: 20 }, 30, 30, from);
    // Ten are of one address, 50 ms apart; the other twenty wait for nobody.
    const span = Number(times.at(-1)) - Number(times[0]);
    expect(span).toBeGreaterThanOrEqual(9 * 49);
    const busy = new Set(Array.from({ length: 10 }, (_, index) => `${index * 3}-${index * 3}`));
    const bodies = house.service.bodies();
    expect(bodies.findLastIndex((body) => !busy.has(body))).toBeLessThan(
      bodies.findLastIndex((body) => busy.has(body)),
    );
    // Each of another sender: among those there is no order to keep.
    const ofOne = bodies.filter((body) => busy.has(body));
    expect(ofOne).toHaveLength(busy.size);
    expect(new Set(ofOne)).toEqual(busy);
    await house.end();
  });

  test('has no more before it at once than its owner said', async () => {
    const { house } = await drain({ ...fullPace, parallel: 2 }, 40, 20);
    expect(house.service.mostAtOnce).toBeLessThanOrEqual(2);
    await house.end();
  });
});
