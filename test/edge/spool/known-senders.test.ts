// mayHoldFrom(): cheap, and wrong only towards true.

import { describe, expect, test, vi } from 'vitest';
import { SpoolClient } from '../../../edge/spool/client.ts';
import { limits } from '../../../shared/limits.ts';
import { arrival, bindings, SpoolRig } from './spool-rig.ts';

const uri = (name: string) => `https://peer.example/users/${name}`;
const hour = 3_600_000;

/** A Worker that remembers nothing yet. */
function freshClient(rig: SpoolRig): SpoolClient {
  const pause = async (ms: number): Promise<void> => void rig.pauses.push(ms);
  return new SpoolClient({ homeId: rig.homeId, spools: bindings.SPOOL, store: bindings.STORE, clock: rig, pause });
}

async function held(rig: SpoolRig, ...names: string[]): Promise<string[]> {
  const client = freshClient(rig);
  const found: string[] = [];
  for (const name of names) if (await client.mayHoldFrom(uri(name))) found.push(name);
  return found;
}

describe('a newcomer', () => {
  const put = async (client: SpoolClient, name: string, body = 'x') =>
    await client.put(...(await arrival(body, { sender: uri(name) })));

  test('is answered when no Worker takes it for a stranger any more, and known to each of them then', async () => {
    const rig = await SpoolRig.open();
    const [first, other, third] = [freshClient(rig), freshClient(rig), freshClient(rig)];
    expect(await first.mayHoldFrom(uri('alice'))).toBe(false);
    rig.advance(1_000);
    await put(other, 'alice');
    expect(rig.pauses).toEqual([limits.senderFilterMs - 1_000]);
    // Another filter goes out meanwhile; the first is still what it was.
    rig.advance(500);
    expect(await third.mayHoldFrom(uri('alice'))).toBe(true);
    await put(other, 'alice', 'y');
    await put(other, 'alice', 'y');
    const left = limits.senderFilterMs - 1_500;
    expect(rig.pauses).toEqual([left + 500, left, left]);
    expect(await first.mayHoldFrom(uri('alice'))).toBe(false);
    rig.advance(left);
    expect(await first.mayHoldFrom(uri('alice'))).toBe(true);
    await put(other, 'alice', 'z');
    expect(rig.pauses).toHaveLength(3);
  });

  test('is answered at once where nobody asked for strangers, and when it is none', async () => {
    const rig = await SpoolRig.open();
    await put(rig.client, 'alice');
    await put(freshClient(rig), 'bob');
    expect(await freshClient(rig).mayHoldFrom(uri('carol'))).toBe(false);
    await put(freshClient(rig), 'alice', 'y');
    expect(rig.pauses).toEqual([]);
  });
});

describe('mayHoldFrom()', () => {
  test('knows waiting, kept and dead ones, and strangers as strangers, also after eviction', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('x', { sender: uri('kept') });
    await rig.put('x', { sender: uri('dead') });
    await home.drain(({ delivery }) =>
      delivery.sender === uri('dead') ? { outcome: 'dead', reason: 'no' } : { outcome: 'delivered' },
    );
    await rig.put('x', { sender: uri('waiting') });
    const names = ['waiting', 'kept', 'dead', 'stranger'];
    expect(await held(rig, ...names)).toEqual(['waiting', 'kept', 'dead']);
    await rig.put('x', { sender: uri('later') });
    expect(await held(rig, 'later')).toEqual(['later']);
    await rig.evict();
    expect(await held(rig, 'later', ...names)).toEqual(['later', 'waiting', 'kept', 'dead']);
  });

  test('after a snapshot, what left before it is forgotten; what left later, or waits, is not', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('x', { sender: uri('before') });
    await home.drain();
    rig.advance(hour);
    await rig.put('x', { sender: uri('while it was made') });
    await home.drain();
    rig.advance(5 * 60_000);
    await rig.put('x', { sender: uri('waiting') });
    await rig.stub.snapshotTaken(rig.now());
    const names = ['before', 'while it was made', 'waiting', 'after'];
    expect(await held(rig, ...names)).toEqual(['before', 'while it was made', 'waiting']);
    rig.advance(2 * hour);
    await rig.put('x', { sender: uri('after') });
    await home.drain();
    expect(await held(rig, ...names)).toEqual(['while it was made', 'waiting', 'after']);
  });

  test('what replay brings back is known again', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('x', { sender: uri('before') });
    await home.drain();
    rig.advance(hour);
    await rig.stub.snapshotTaken(rig.now());
    rig.advance(2 * hour);
    expect(await held(rig, 'before')).toEqual([]);
    await rig.stub.replay(...(await home.sign({})), 0);
    expect(await held(rig, 'before')).toEqual(['before']);
  });

  test('when what left since the snapshot has expired, everybody may be held', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.stub.snapshotTaken(rig.now());
    rig.advance(hour);
    await rig.put('x', { sender: uri('gone') });
    await home.drain();
    rig.advance(limits.keptMs);
    await rig.put('x', { sender: uri('newer') });
    await rig.evict();
    expect(await held(rig, 'gone', 'newer', 'stranger')).toEqual(['gone', 'newer', 'stranger']);
    await rig.stub.snapshotTaken(rig.now());
    rig.advance(2 * hour);
    expect(await held(rig, 'gone', 'newer', 'stranger')).toEqual(['newer']);
  });

  test('what came, left and expired since the filter was laid down is not taken for a stranger', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    expect(await held(rig, 'gone')).toEqual([]);
    await rig.evict();
    await rig.put('x', { sender: uri('gone') });
    await home.drain();
    rig.advance(limits.keptMs);
    await rig.put('x', { sender: uri('newer') });
    await rig.evict();
    expect(await held(rig, 'gone', 'newer')).toEqual(['gone', 'newer']);
  });

  test('reads what came since it was laid down, not everything, and writes one row per thousand', async () => {
    const rig = await SpoolRig.open();
    const put = async (from: number, to: number) =>
      await rig.putMany(
        Array.from({ length: to - from }, (_, i) => ({ text: 'x', change: { sender: uri(`s${from + i}`) } })),
      );
    await put(0, 600);
    await rig.evict();
    const first = await rig.counting(async () => await rig.stub.senderFilter());
    expect(first.written).toBe(1);
    await put(600, 700);
    await rig.evict();
    const second = await rig.counting(async () => await rig.stub.senderFilter());
    expect(second.written).toBe(0);
    expect(second.read).toBeLessThan(150);
    expect(await held(rig, 's0', 's599', 's699', 'stranger')).toEqual(['s0', 's599', 's699']);
  });

  test('asks the object once a minute, and knows at once whom this Worker stored', async () => {
    const rig = await SpoolRig.open();
    const client = freshClient(rig);
    const cost = async (work: () => Promise<unknown>) => (await rig.counting(work)).statements;
    expect(await client.mayHoldFrom(uri('alice'))).toBe(false);
    expect(
      await cost(async () => {
        for (let i = 0; i < 50; i++) expect(await client.mayHoldFrom(uri(`n${i}`))).toBe(false);
      }),
    ).toBe(0);
    await client.put(...(await arrival('x', { sender: uri('alice') })));
    expect(await client.mayHoldFrom(uri('alice'))).toBe(true);
    await rig.put('x', { sender: uri('bob') });
    rig.advance(60_001);
    expect(await client.mayHoldFrom(uri('bob'))).toBe(true);
    expect(await client.mayHoldFrom(uri('alice'))).toBe(true);
  });

  test('takes everybody for known while the object cannot be asked, and asks again', async () => {
    const rig = await SpoolRig.open();
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const client = freshClient(rig);
    await rig.set({
      clock: {
        now: () => {
          throw new Error('the object is away');
        },
      },
    });
    expect(await client.mayHoldFrom(uri('stranger'))).toBe(true);
    expect(warned.mock.calls.flat().join()).toContain('sender-filter-unknown');
    warned.mockRestore();
    await rig.set({ clock: rig });
    expect(await client.mayHoldFrom(uri('stranger'))).toBe(false);
  });
});

describe('a Worker that stores and never asks', () => {
  test('remembers at most limits.memoryEntries senders, and then asks the object again', async () => {
    const rig = await SpoolRig.open();
    const client = freshClient(rig);
    expect(await client.mayHoldFrom(uri('s0'))).toBe(false);
    const made = await Promise.all(
      Array.from({ length: limits.memoryEntries + 1 }, async (_, i) => await arrival('x', { sender: uri(`s${i}`) })),
    );
    await Promise.all(made.map(async (one) => await client.put(...one)));
    const { statements } = await rig.counting(async () => {
      expect(await client.mayHoldFrom(uri('s0'))).toBe(true);
      expect(await client.mayHoldFrom(uri('stranger'))).toBe(false);
    });
    expect(statements).toBeLessThan(10);
  });
});
