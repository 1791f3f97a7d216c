// Within one sender one after another, whatever the service does; senders side by side.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { allOf } from './all-of.ts';
import { House } from './house.ts';

let house: House;

beforeEach(async () => {
  house = await House.start({ troubleMs: 50 });
});

afterEach(async () => {
  await house.end();
});

/** Bodies at the service, by sender (the part before the dash), in the order of arrival. */
function bySender(): Map<string, string[]> {
  return Map.groupBy(house.service.bodies(), (body) => body.split('-')[0] ?? '');
}

describe('order', () => {
  test('is kept for each sender, one at a time, while senders go side by side up to limits.deliverParallel', async () => {
    const senders = 40;
    const each = 12;
    const now = new Map<string, number>();
    let worst = 0;
    let allTaken: () => void = () => undefined;
    const full = new Promise<void>((resolve) => {
      allTaken = resolve;
    });
    house.service.behave = async ({ body }, response) => {
      const sender = body.toString().split('-')[0] ?? '';
      now.set(sender, (now.get(sender) ?? 0) + 1);
      worst = Math.max(worst, now.get(sender) ?? 0);
      // The first ones wait for each other: as many as may are there at once.
      if (house.service.received.length === limits.deliverParallel) allTaken();
      await full;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      now.set(sender, (now.get(sender) ?? 0) - 1);
      response.writeHead(202).end();
    };
    for (let n = 0; n < each; n += 1) {
      for (let s = 0; s < senders; s += 1) house.edge.put(`${s}-${n}`, { sender: String(s) });
    }
    house.connect();
    await allOf(house, 'kept');
    expect(worst).toBe(1);
    expect(house.service.mostAtOnce).toBe(limits.deliverParallel);
    for (const [sender, bodies] of bySender()) {
      expect(bodies).toEqual(Array.from({ length: each }, (_, n) => `${sender}-${n}`));
    }
    expect(house.service.received.length).toBe(senders * each);
  });

  test('holds when one is put off: the rest of its sender is released, other senders go on', async () => {
    let refusals = 2;
    house.service.behave = ({ body }, response) => {
      const refuse = body.toString() === 'a-1' && refusals > 0;
      if (refuse) refusals -= 1;
      response.writeHead(refuse ? 503 : 202).end();
    };
    for (let n = 0; n < 4; n += 1) {
      house.edge.put(`a-${n}`, { sender: 'a' });
      house.edge.put(`b-${n}`, { sender: 'b' });
    }
    house.connect();
    await allOf(house, 'kept');
    expect(bySender().get('a')).toEqual(['a-0', 'a-1', 'a-1', 'a-1', 'a-2', 'a-3']);
    expect(bySender().get('b')).toEqual(['b-0', 'b-1', 'b-2', 'b-3']);
    const released = house.edge.answers.filter(({ outcome }) => outcome === 'released').map(({ id }) => id);
    expect(released.slice(0, 2)).toEqual(['delivery-5', 'delivery-7']);
  });

  test('holds under a service that fails at random, also across batches', async () => {
    let seed = 7;
    const dice = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    house.service.behave = (_, response) => void response.writeHead(dice() < 0.15 ? 503 : 202).end();
    const taken = new Map<string, string[]>();
    const plain = house.service.behave;
    house.service.behave = (received, response) => {
      response.once('finish', () => {
        const [sender = '', n = ''] = received.body.toString().split('-');
        if (response.statusCode === 202) taken.set(sender, [...(taken.get(sender) ?? []), n]);
      });
      return plain(received, response);
    };
    for (let n = 0; n < 400; n += 1) house.edge.put(`${n % 7}-${n}`, { sender: String(n % 7) });
    house.connect();
    await allOf(house, 'kept');
    for (const [sender, numbers] of taken) {
      const wanted = Array.from({ length: 400 }, (_, n) => n).filter((n) => String(n % 7) === sender);
      expect(numbers).toEqual(wanted.map(String));
    }
  });
});
