// Eviction at idle moments, and what the Link is told.

import { describe, expect, test, vi } from 'vitest';
import { outsideOf } from '../../../edge/spool/outside.ts';
import type { Batch } from '../../../shared/lease/batch.ts';
import { limits } from '../../../shared/limits.ts';
import { bindings, SpoolRig } from './spool-rig.ts';

const alice = { sender: 'https://peer.example/users/alice' };
const bob = { sender: 'https://peer.example/users/bob' };

function texts(batch: Pick<Batch, 'deliveries'>): string[] {
  return batch.deliveries.map(({ body }) => new TextDecoder().decode(body ?? new Uint8Array()));
}

describe('eviction harms nothing', () => {
  test('between put and lease', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    await rig.evict();
    await rig.put('a2', alice);
    await rig.evict();
    expect(texts(await home.turn())).toEqual(['a1', 'a2']);
  });

  test('between lease and answer: the answer is taken although the lease is forgotten', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    await rig.put('a2', alice);
    const { deliveries } = await home.turn();
    await rig.evict();
    const answers = deliveries.map(({ delivery: { seq, id } }) => ({ seq, id, outcome: 'delivered' as const }));
    const { reply } = await home.turn({ answers });
    expect(reply.refused).toEqual([]);
    expect(await rig.rows()).toEqual({ waiting: 0, kept: 2, dead: 0 });
  });

  test('while a lease is out: what is leased anew begins at the head of its sender', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    await home.turn();
    await rig.put('a2', alice);
    await rig.evict();
    expect(texts(await home.turn({ renew: ['forgotten'] }))).toEqual(['a1', 'a2']);
  });

  test('while a sender is deferred: it stays deferred, with its attempts', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    const [leased] = (await home.turn()).deliveries;
    const { seq = 0, id = '' } = leased?.delivery ?? {};
    await home.turn({ answers: [{ seq, id, outcome: 'later', reason: 'busy' }] });
    await rig.evict();
    const { reply, deliveries } = await home.turn();
    expect(deliveries).toEqual([]);
    rig.advance((reply.nextDueAt ?? 0) - rig.now());
    expect((await home.turn()).deliveries[0]?.delivery.attempts).toBe(1);
  });

  test('an operation that fails half way leaves rows and memory as they were', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    for (const body of ['a1', 'a2']) await rig.put(body, alice);
    const answers = (await home.turn()).deliveries.map(({ delivery: { seq, id } }) => ({
      ...{ seq, id, outcome: 'delivered' as const },
    }));
    const broken = answers.map((answer, at) =>
      at === 0 ? answer : { ...answer, outcome: 'later' as const, reason: 'x' },
    );
    await rig.set({
      random: {
        bytes: () => {
          throw new Error('no dice');
        },
      },
    });
    await expect(home.turn({ answers: broken })).rejects.toThrow('no dice');
    expect(await rig.rows()).toEqual({ waiting: 2, kept: 0, dead: 0 });
    await rig.set({ random: { bytes: (count) => new Uint8Array(count) } });
    rig.advance(limits.leaseMs);
    expect(texts(await home.turn())).toEqual(['a1', 'a2']);
    expect((await home.turn({ answers })).reply.refused).toEqual([]);
    expect(await rig.rows()).toEqual({ waiting: 0, kept: 2, dead: 0 });
    await rig.put('a3', alice);
    expect(texts({ deliveries: await home.drain() })).toEqual(['a3']);
  });
});

describe('the Link is told that something waits', () => {
  test('once, and again only after home came', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    await rig.put('b1', bob);
    await expect.poll(() => rig.announced).toBe(1);
    await home.drain();
    expect(rig.announced).toBe(1);
    await rig.put('a2', alice);
    await expect.poll(() => rig.announced).toBe(2);
  });

  test('not for what was refused or is a repetition', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    await home.turn({ max: 0 });
    await rig.limit({ senderWaiting: 1 });
    await rig.put('a1', alice);
    await rig.put('a2', alice);
    await rig.evict();
    expect(rig.announced).toBe(1);
  });

  test('and a Link that fails or hangs keeps no sender waiting; the next arrival tries again', async () => {
    const rig = await SpoolRig.open();
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    let calls = 0;
    await rig.set({
      announceWork: async () => {
        calls += 1;
        throw new Error('the link is away');
      },
    });
    expect(await rig.put('a1', alice)).toMatchObject({ put: 'stored' });
    await expect.poll(() => warned.mock.calls.flat().join()).toContain('work-not-announced');
    expect(await rig.put('a2', alice)).toMatchObject({ put: 'stored' });
    await expect.poll(() => calls).toBe(2);
    warned.mockRestore();
    await rig.set({ announceWork: async () => await new Promise(() => undefined) });
    expect(await rig.put('a3', alice)).toMatchObject({ put: 'stored' });
    expect(await rig.put('a4', alice)).toMatchObject({ put: 'stored' });
  });

  test('by a call that the real Link object takes', async () => {
    const rig = await SpoolRig.open();
    await rig.object(async () => {
      await expect(outsideOf(bindings, rig.homeId).announceWork()).resolves.toBeUndefined();
    });
  });
});
