// Leasing: arrival order, one run in flight per sender, deferral, fencing, renewal.

import { describe, expect, test } from 'vitest';
import type { Batch } from '../../../shared/lease/batch.ts';
import { limits } from '../../../shared/limits.ts';
import { newKeys, SpoolRig } from './spool-rig.ts';

const alice = { sender: 'https://peer.example/users/alice' };
const bob = { sender: 'https://peer.example/users/bob' };

function bodies(batch: Pick<Batch, 'deliveries'>): string[] {
  return batch.deliveries.map(({ body }) => new TextDecoder().decode(body ?? new Uint8Array()));
}

describe('servers', () => {
  const busy = (n: number) => ({ text: `busy-${n}`, change: { sender: `https://busy.example/users/${n % 40}` } });
  const friend = (n: number) => ({ text: `friend-${n}`, change: { sender: 'https://friend.example/users/f' } });

  test('take turns in a lease: who left five does not wait for who left thousands, also after an eviction', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.putMany(Array.from({ length: 2_500 }, (_, n) => busy(n)));
    await rig.putMany(Array.from({ length: 5 }, (_, n) => friend(n)));
    await rig.evict();
    let turns = 0;
    const taken: string[] = [];
    while (!taken.some((body) => body.startsWith('friend-'))) {
      turns += 1;
      const batch = await home.turn({ max: limits.leaseDeliveries });
      taken.push(...bodies(batch));
      expect(batch.deliveries).toHaveLength(limits.leaseDeliveries);
      const answers = batch.deliveries.map(({ delivery: { seq, id } }) => ({ seq, id, outcome: 'delivered' as const }));
      await home.turn({ max: 0, answers });
    }
    expect(turns).toBe(1);
    expect(taken.filter((body) => body.startsWith('friend-'))).toEqual(
      Array.from({ length: 5 }, (_, n) => `friend-${n}`),
    );
    // The rest comes too, each once, and of each sender in its order.
    taken.push(...bodies({ deliveries: await home.drain() }));
    expect(new Set(taken).size).toBe(2_505);
    for (let sender = 0; sender < 40; sender += 1) {
      const own = taken.filter((body) => body.startsWith('busy-')).map((body) => Number(body.slice(5)));
      const ofSender = own.filter((n) => n % 40 === sender);
      expect(ofSender).toEqual(ofSender.toSorted((a, b) => a - b));
    }
  });

  test('of which home has enough are left out, for that service, until home asks for them', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.putMany([busy(0), busy(1), { ...busy(2), change: { ...busy(2).change, service: 'video' } }, friend(0)]);
    const services = ['social', 'video'];
    const enough = [{ service: 'social', peer: 'busy.example' }];
    const { deliveries, reply } = await home.turn({ services, enough });
    expect([bodies({ deliveries }), reply.more]).toEqual([['busy-2', 'friend-0'], false]);
    expect(bodies(await home.turn({ services }))).toEqual(['busy-0', 'busy-1']);
  });
});

describe('leasing', () => {
  test('gives what was put, byte for byte and header for header, in the order of commits', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const raw = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
    await rig.put(raw, {
      path: '/users/owner/inbox?x=%20',
      headers: [
        ['Date', 'a'],
        ['date', 'b'],
      ],
      ...alice,
    });
    await rig.put('', { ...bob, path: '/inbox' });
    const { deliveries, reply } = await home.turn();
    expect(deliveries.map(({ body }) => body)).toEqual([raw, new Uint8Array()]);
    expect(deliveries[0]?.delivery).toMatchObject({
      ...alice,
      service: 'social',
      path: '/users/owner/inbox?x=%20',
      headers: [
        ['Date', 'a'],
        ['date', 'b'],
      ],
      method: 'POST',
      host: 'home.example',
      attempts: 0,
      undecided: null,
    });
    expect(deliveries[1]?.delivery.seq).toBeGreaterThan(deliveries[0]?.delivery.seq ?? Infinity);
    expect(reply.leaseMs).toBe(limits.leaseMs);
    expect(reply.more).toBe(false);
  });

  test('leases several of one sender as a run, and nothing more of it until the run is answered', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    for (const body of ['a1', 'a2']) await rig.put(body, alice);
    const first = await home.turn();
    expect(bodies(first)).toEqual(['a1', 'a2']);
    await rig.put('a3', alice);
    await rig.put('b1', bob);
    expect(bodies(await home.turn())).toEqual(['b1']);
    const [a1, a2] = first.deliveries.map(({ delivery }) => ({ seq: delivery.seq, id: delivery.id }));
    if (a1 === undefined || a2 === undefined) throw new Error('two were leased');
    expect(bodies(await home.turn({ answers: [{ ...a1, outcome: 'delivered' }] }))).toEqual([]);
    expect(bodies(await home.turn({ answers: [{ ...a2, outcome: 'delivered' }] }))).toEqual(['a3']);
  });

  test('a sender whose head is deferred waits whole, others go on, and nextDueAt says until when', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    for (const body of ['a1', 'a2']) await rig.put(body, alice);
    const { deliveries } = await home.turn();
    await rig.put('b1', bob);
    const [later, released] = deliveries.map(({ delivery }) => ({ seq: delivery.seq, id: delivery.id }));
    if (later === undefined || released === undefined) throw new Error('two were leased');
    const after = await home.turn({
      answers: [
        { ...later, outcome: 'later', reason: '503' },
        { ...released, outcome: 'released' },
      ],
    });
    expect(bodies(after)).toEqual(['b1']);
    const due = after.reply.nextDueAt ?? 0;
    expect(due - rig.now()).toBeGreaterThanOrEqual(limits.deferFirstMs / 2);
    expect(due - rig.now()).toBeLessThanOrEqual(limits.deferFirstMs);
    rig.advance(due - rig.now());
    const again = await home.turn();
    expect(bodies(again)).toEqual(['a1', 'a2']);
    expect(again.deliveries.map(({ delivery }) => delivery.attempts)).toEqual([1, 0]);
  });

  test('the wait after `later` grows to its longest, and a longer Retry-After of the service is kept', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 14; attempt++) {
      const [leased] = (await home.turn()).deliveries;
      if (leased === undefined) throw new Error('it was due');
      const { seq, id } = leased.delivery;
      const { reply } = await home.turn({ answers: [{ seq, id, outcome: 'later', reason: 'busy' }] });
      waits.push((reply.nextDueAt ?? 0) - rig.now());
      rig.advance(limits.deferMaxMs);
    }
    expect(waits[0]).toBeLessThanOrEqual(limits.deferFirstMs);
    expect(Math.min(...waits.slice(11))).toBeGreaterThanOrEqual(limits.deferMaxMs / 2);
    expect(Math.max(...waits)).toBeLessThanOrEqual(limits.deferMaxMs);
    const [leased] = (await home.turn()).deliveries;
    if (leased === undefined) throw new Error('it was due');
    const { seq, id } = leased.delivery;
    const retryAfterMs = limits.deferMaxMs * 3;
    const { reply } = await home.turn({ answers: [{ seq, id, outcome: 'later', reason: 'busy', retryAfterMs }] });
    expect(reply.nextDueAt).toBe(rig.now() + retryAfterMs);
  });

  test('only services that home names are leased, and none is forgotten', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('p1', { ...alice, service: 'video' });
    await rig.put('s1', { ...alice, service: 'social' });
    expect(bodies(await home.turn({ services: [] }))).toEqual([]);
    expect(bodies(await home.turn({ services: ['social'] }))).toEqual(['s1']);
    await rig.put('p2', { ...bob, service: 'video' });
    expect(bodies(await home.turn({ services: ['video', 'social'] }))).toEqual(['p1', 'p2']);
    await rig.put('p3', { sender: 'https://peer.example/users/carol', service: 'video' });
    expect(bodies(await home.turn({ services: ['social'] }))).toEqual([]);
    expect(bodies(await home.turn({ services: ['video'] }))).toEqual(['p3']);
  });

  test('a lease holds at most what was asked for, limits.leaseDeliveries and limits.leaseBytes; `more` says so', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.limit({ leaseDeliveries: 3, leaseBytes: 1000 });
    for (let i = 0; i < 5; i++) await rig.put(`a${i}`, { sender: `https://peer.example/${i}` });
    const two = await home.turn({ max: 2 });
    expect([two.deliveries.length, two.reply.more]).toEqual([2, true]);
    const none = await home.turn({ max: 0 });
    expect([none.deliveries.length, none.reply.lease, none.reply.more]).toEqual([0, null, true]);
    expect((await home.turn()).reply.more).toBe(false);
    for (let i = 0; i < 5; i++) await rig.put(`b${i}`, { sender: `https://other.example/${i}` });
    const three = await home.turn();
    expect([three.deliveries.length, three.reply.more]).toEqual([3, true]);
    await home.turn();
    for (const size of [700, 400, 2000]) await rig.put(new Uint8Array(size), { path: `/${size}` });
    const sizes = async () => (await home.drain()).map(({ body }) => body?.length);
    expect(await sizes()).toEqual([700, 400, 2000]);
  });

  test('a lease ends after limits.leaseMs unless it is renewed', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    const { reply } = await home.turn();
    rig.advance(limits.leaseMs - 1);
    expect(bodies(await home.turn({ renew: [reply.lease ?? ''] }))).toEqual([]);
    rig.advance(limits.leaseMs - 1);
    expect(bodies(await home.turn())).toEqual([]);
    rig.advance(1);
    expect(bodies(await home.turn())).toEqual(['a1']);
  });

  test('a newer home node gets what the older one had in hand', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome(1);
    await rig.put('a1', alice);
    await home.turn();
    const newer = await rig.openHome(2);
    expect(bodies(await newer.turn({ renew: [] }))).toEqual(['a1']);
  });

  test('the same process on a new link names what it has in hand; what was lost with the old one is leased at once', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome(1);
    await rig.put('a1', alice);
    const { reply } = await home.turn();
    await rig.put('b1', { sender: 'https://peer.example/users/bob' });
    await home.turn(); // Its reply is lost.
    const again = await rig.openHome(1, home.keys, 'another-link');
    expect(bodies(await again.turn({ renew: [reply.lease ?? ''] }))).toEqual(['b1']);
    // Only the first turn of a link names everything.
    expect(bodies(await again.turn({ renew: [] }))).toEqual([]);
    const changed = await rig.openHome(1, await newKeys(), 'another-key');
    expect(bodies(await changed.turn({ renew: [] }))).toEqual(['a1', 'b1']);
  });

  test('an answer for what does not wait is refused as unknown and changes nothing', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    const [leased] = (await home.turn()).deliveries;
    if (leased === undefined) throw new Error('one was leased');
    const { seq, id } = leased.delivery;
    const wrongId = await home.turn({ answers: [{ seq, id: 'somebody', outcome: 'dead', reason: 'x' }] });
    expect(wrongId.reply.refused).toEqual([{ seq, reason: 'unknown' }]);
    expect(await rig.rows()).toEqual({ waiting: 1, kept: 0, dead: 0 });
    await home.turn({ answers: [{ seq, id, outcome: 'delivered' }] });
    const twice = await home.turn({ answers: [{ seq, id, outcome: 'delivered' }] });
    expect(twice.reply.refused).toEqual([{ seq, reason: 'unknown' }]);
    expect(await rig.rows()).toEqual({ waiting: 0, kept: 1, dead: 0 });
  });

  test('ten thousand deferred deliveries at the head are walked once, not at every turn', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.limit({ senderWaiting: 20_000 });
    await rig.put('head', alice);
    await rig.object((_, state) => {
      const { sql } = state.storage;
      sql.exec(
        `INSERT INTO delivery SELECT place + value, seq + value, received_at, 0, 0, sender_waiting + value, body_bytes,
           'x' || value, lane, service, sender, undecided_origin, body_sha256, totals, path, reason, envelope, body
         FROM delivery, (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 10000)
           SELECT value FROM n)`,
      );
    });
    await rig.evict();
    const [head] = (await home.turn({ max: 1 })).deliveries;
    if (head === undefined) throw new Error('the head was leased');
    const { seq, id } = head.delivery;
    await home.turn({ max: 0, answers: [{ seq, id, outcome: 'later', reason: 'busy', retryAfterMs: 600_000 }] });
    for (let more = true; more; ) more = (await home.turn()).reply.more;
    rig.advance(1000);
    await rig.put('b1', bob);
    const { read } = await rig.counting(async () => {
      expect(bodies(await home.turn())).toEqual(['b1']);
    });
    expect(read).toBeLessThan(20);
  });
});
