// A service that takes a few deliveries of each address in a second, and a server that left many: what is of others
// does not wait for them.

import { afterEach, describe, expect, test } from 'vitest';
import { fullPace } from '../../../home-node/intake/pace.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { until } from '../../support/processes.ts';
import { allOf } from './all-of.ts';
import { House } from './house.ts';

let house: House;

afterEach(async () => await house.end());

/** `senders` of a busy server at one address, each with one delivery. */
function putBusy(count: number, senders = count, host = 'busy.example', remoteAddress = '192.0.2.1'): void {
  for (let n = 0; n < count; n += 1) {
    house.edge.put(`busy-${n}`, { sender: `https://${host}/users/${n % senders}`, remoteAddress });
  }
}

const friend = { sender: 'https://friend.example/users/f', remoteAddress: '192.0.2.2' };
const kept = (prefix: string): number =>
  house.edge.rows.filter(({ body, state }) => state === 'kept' && body.toString().startsWith(prefix)).length;
const busyInHand = (): number =>
  house.edge.rows.filter(({ lease, state }) => state === 'waiting' && lease !== null).length;

describe('a busy server whose address must wait', { timeout: 60_000 }, () => {
  const pace = { ...fullPace, perSecondOfAddress: 20 };

  test('keeps nobody waiting who left little behind it', async () => {
    house = await House.start({}, systemClock, pace);
    putBusy(400);
    for (let n = 0; n < 5; n += 1) house.edge.put(`friend-${n}`, friend);
    house.connect();
    await until('the friend’s', () => (kept('friend-') === 5 ? true : null), 30_000, 5);
    // Twenty in a second, beginning with the first lease, of which more than half was in hand.
    expect(kept('busy-')).toBeLessThan(limits.leaseDeliveries / 2);
    expect(house.service.bodies().filter((body) => body.startsWith('friend-'))).toEqual(
      Array.from({ length: 5 }, (_, n) => `friend-${n}`),
    );
  });

  test('keeps nobody waiting who comes while all in hand is its', async () => {
    house = await House.start({}, systemClock, pace);
    putBusy(400);
    house.connect();
    await until('a full hand', () => (house.edge.turns.some(({ enough }) => enough !== undefined) ? true : null));
    const before = kept('busy-');
    house.edge.put('friend-0', friend);
    await until('the friend’s', () => (kept('friend-') === 1 ? true : null), 30_000, 5);
    expect(kept('busy-') - before).toBeLessThan(limits.leaseDeliveries / 2);
  });

  test('is asked for again when little of it is in hand, until all is delivered, in order and once', async () => {
    house = await House.start({}, systemClock, { ...fullPace, perSecondOfAddress: 200 });
    putBusy(400, 7);
    house.connect();
    await allOf(house, 'kept');
    expect(house.edge.turns.some(({ enough }) => enough?.[0]?.peer === 'busy.example')).toBe(true);
    const bodies = house.service.bodies();
    expect(bodies).toHaveLength(400);
    for (let sender = 0; sender < 7; sender += 1) {
      const own = bodies.map((body) => Number(body.slice('busy-'.length))).filter((n) => n % 7 === sender);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  });

  test('is all that is in hand of an edge that leaves nobody out, and costs no turn for each', async () => {
    house = await House.start({}, systemClock, { ...fullPace, perSecondOfAddress: 200 });
    house.edge.knowsEnough = false;
    putBusy(600);
    house.connect();
    let most = 0;
    await until('all', () => {
      most = Math.max(most, busyInHand());
      return kept('busy-') === 600 ? true : null;
    });
    expect(most).toBeLessThanOrEqual(2 * limits.leaseDeliveries);
    expect(house.edge.turns.length).toBeLessThan(60);
  });

  test('counts by its address, whatever names it sends under', async () => {
    house = await House.start({}, systemClock, pace);
    for (let n = 0; n < 300; n += 1) putBusy(1, 1, `host-${n}.example`);
    house.connect();
    await until('a question that leaves names out', () =>
      house.edge.turns.some(({ enough }) => (enough?.length ?? 0) > 100) ? true : null,
    );
  });
});
