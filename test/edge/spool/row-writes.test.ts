// The budget: three row writes per delivery, from arrival to gone, all in. And what the ways beside it cost.

import { describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { SpoolRig } from './spool-rig.ts';

const count = 24;
const small = 1_000;
const large = limits.inlineBodyBytes + 1;

async function arrive(rig: SpoolRig, bytes: number, i: number): Promise<void> {
  const body = new Uint8Array(bytes).fill(i);
  expect(await rig.put(body, { sender: `https://peer.example/users/${i % 5}` })).toMatchObject({ put: 'stored' });
}

describe('a delivery costs at most three row writes, from arrival to gone', () => {
  for (const [name, bytes] of [
    ['small', small],
    ['large', large],
  ] as const) {
    test(`${name} ones that trickle one by one, with evictions between`, async () => {
      const rig = await SpoolRig.open();
      const home = await rig.openHome();
      const first = await rig.counting(async () => {
        for (let i = 0; i < count; i++) {
          await arrive(rig, bytes, i);
          if (i % 5 === 0) await rig.evict();
          await home.drain();
          if (i % 7 === 0) await rig.evict();
          rig.advance(60_000);
        }
      });
      expect(first.written).toBe(2 * count);
      // The second generation pushes the first one out, beside its own two writes each.
      rig.advance(limits.keptMs);
      const second = await rig.counting(async () => {
        for (let i = 0; i < count; i++) {
          await arrive(rig, bytes, i);
          if (i % 5 === 0) await rig.evict();
          await home.drain();
        }
      });
      expect(await rig.rows()).toEqual({ waiting: 0, kept: count, dead: 0 });
      expect(second.written).toBe(count + 2 * count);
    });

    test(`${name} ones in one batch`, async () => {
      const rig = await SpoolRig.open();
      const home = await rig.openHome();
      const cost = await rig.counting(async () => {
        for (let i = 0; i < count; i++) await arrive(rig, bytes, i);
        expect((await home.drain()).length).toBe(count);
        rig.advance(limits.keptMs + 1);
        await arrive(rig, bytes, 1);
        await home.drain();
        await arrive(rig, bytes, 1);
        await home.drain();
        await arrive(rig, bytes, 1);
        await home.drain();
      });
      expect(await rig.rows()).toEqual({ waiting: 0, kept: 3, dead: 0 });
      expect(cost.written).toBeLessThanOrEqual(3 * (count + 3));
    });
  }
});

describe('beside the way', () => {
  test('nothing is written for a refusal, a repetition, a turn without answers, a renewal or a release', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1');
    await rig.limit({ senderWaiting: 1 });
    const cost = await rig.counting(async () => {
      expect(await rig.put('a1')).toEqual({ put: 'duplicate' });
      expect(await rig.put('a2')).toMatchObject({ put: 'sender-quota' });
      const { reply, deliveries } = await home.turn();
      await home.turn({ renew: [reply.lease ?? ''] });
      const answers = deliveries.map(({ delivery: { seq, id } }) => ({ seq, id, outcome: 'released' as const }));
      await home.turn({ answers, max: 0 });
      await rig.client.mayHoldFrom('https://peer.example/users/alice');
    });
    expect(cost.written).toBe(0);
  });

  test('`later` costs one, a session one, a snapshot one', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1');
    const { deliveries } = await home.turn();
    const answers = deliveries.map(({ delivery: { seq, id } }) => ({
      ...{ seq, id, outcome: 'later' as const },
      reason: 'busy',
    }));
    expect((await rig.counting(async () => await home.turn({ answers, max: 0 }))).written).toBe(1);
    expect((await rig.counting(async () => await rig.openHome(2))).written).toBe(1);
    expect((await rig.counting(async () => await rig.stub.snapshotTaken(rig.now()))).written).toBe(1);
  });

  test('a start costs one read of the schema, and a bounded number of reads after that', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const many = Array.from({ length: 300 }, (_, i) => ({
      text: 'x',
      change: { sender: `https://peer.example/${i}` },
    }));
    await rig.putMany(many);
    await home.drain();
    await rig.putMany(many);
    await rig.evict();
    const cost = await rig.counting(async () => await rig.put('one more'));
    expect(cost.read).toBeLessThan(200);
    expect(cost.written).toBe(1);
    const next = await rig.counting(async () => await rig.put('and one more'));
    expect([next.statements, next.written]).toEqual([1, 1]);
  });
});
