// What the spool takes and what it refuses: repetitions, quotas, room. A refusal changes nothing.

import { describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { arrival, bindings, SpoolRig } from './spool-rig.ts';

const alice = { sender: 'https://peer.example/users/alice' };
const bob = { sender: 'https://peer.example/users/bob' };

describe('narrow de-duplication', () => {
  test('put() stores a repetition of the latest still waiting one once, and says so', async () => {
    const rig = await SpoolRig.open();
    expect(await rig.put('follow', alice)).toMatchObject({ put: 'stored' });
    expect(await rig.put('follow', alice)).toEqual({ put: 'duplicate' });
    expect(await rig.rows()).toMatchObject({ waiting: 1 });
  });

  test('put() stores follow, undo, follow again, which Misskey sends byte for byte alike', async () => {
    const rig = await SpoolRig.open();
    for (const body of ['follow', 'undo', 'follow']) {
      expect(await rig.put(body, alice)).toMatchObject({ put: 'stored' });
    }
  });

  test('put() never takes what is proven for a repetition of what is not, nor the other way round', async () => {
    const rig = await SpoolRig.open();
    const unproven = { ...alice, undecided: 'the key server is down' };
    for (const given of [unproven, alice, unproven]) {
      expect(await rig.put('follow', given)).toMatchObject({ put: 'stored' });
    }
    expect(await rig.rows()).toMatchObject({ waiting: 3 });
  });

  test('put() stores what differs in path, service or sender only', async () => {
    const rig = await SpoolRig.open();
    const same = { ...alice, path: '/inbox', service: 'social' };
    for (const other of [{}, { path: '/users/owner/inbox' }, { service: 'video' }, bob]) {
      expect(await rig.put('like', { ...same, ...other })).toMatchObject({ put: 'stored' });
    }
  });

  test('put() stores the same again once the first one left', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('follow', alice);
    await home.drain();
    expect(await rig.put('follow', alice)).toMatchObject({ put: 'stored' });
  });

  test('a repetition is known after an eviction too', async () => {
    const rig = await SpoolRig.open();
    await rig.put('follow', alice);
    await rig.put('like', bob);
    await rig.evict();
    expect(await rig.put('follow', alice)).toEqual({ put: 'duplicate' });
  });

  test('a name cannot be made that joins service and sender of somebody else', async () => {
    const rig = await SpoolRig.open();
    await rig.put('like', { service: 'a', sender: 'b","c' });
    expect(await rig.put('like', { service: 'a","b', sender: 'c' })).toMatchObject({ put: 'stored' });
  });
});

describe('quotas', () => {
  test('a sender may have limits.senderWaiting deliveries waiting, others are not concerned', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.limit({ senderWaiting: 3 });
    for (let i = 0; i < 3; i++) await rig.put(`a${i}`, alice);
    const before = await rig.rows();
    const refused = await rig.put('a3', alice);
    expect(refused).toEqual({ put: 'sender-quota', retryAfterSeconds: expect.any(Number) });
    expect(await rig.rows()).toEqual(before);
    expect(await rig.put('b0', bob)).toMatchObject({ put: 'stored' });
    await home.drain();
    expect(await rig.put('a3', alice)).toMatchObject({ put: 'stored' });
    expect(limits.senderWaiting).toBeGreaterThan(1000);
  });

  test('the count of a sender outlives evictions, and never counts what left', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.limit({ senderWaiting: 200 });
    for (let from = 0; from < 200; from += 50) {
      await rig.putMany(Array.from({ length: 50 }, (_, i) => ({ text: `a${from + i}`, change: alice })));
      await rig.evict();
    }
    // More than what a start looks back to, so the count comes from what the rows carry.
    expect(await rig.rows()).toMatchObject({ waiting: 200 });
    await rig.evict();
    expect(await rig.put('a200', alice)).toMatchObject({ put: 'sender-quota' });
    const { deliveries } = await home.turn({ max: 40 });
    const answers = deliveries.map(({ delivery: { seq, id } }) => ({ seq, id, outcome: 'delivered' as const }));
    await home.turn({ answers, max: 0 });
    await rig.evict();
    await rig.putMany(Array.from({ length: 40 }, (_, i) => ({ text: `a${200 + i}`, change: alice })));
    expect(await rig.rows()).toMatchObject({ waiting: 200 });
    expect(await rig.put('a240', alice)).toMatchObject({ put: 'sender-quota' });
  });

  test('undecided ones are few: limits.undecidedPerOrigin of one key origin, limits.undecidedTotal in all', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const total = limits.undecidedPerOrigin * 2 + 5;
    await rig.limit({ undecidedTotal: total });
    const undecided = async (origin: string, i: number) =>
      await rig.put(`${origin} ${i}`, {
        sender: `${origin}/users/${i}`,
        proof: { by: 'cavage', keyId: `${origin}/users/${i}#main-key` },
        undecided: 'the key server does not answer',
      });
    for (let i = 0; i < limits.undecidedPerOrigin; i++) {
      expect(await undecided('https://slow.example', i)).toMatchObject({ put: 'stored' });
    }
    expect(await undecided('https://slow.example', 99)).toMatchObject({ put: 'undecided-quota' });
    await rig.evict();
    expect(await undecided('https://slow.example', 99)).toMatchObject({ put: 'undecided-quota' });
    for (let i = limits.undecidedPerOrigin; i < total; i++) {
      expect(await undecided(`https://n${i}.example`, i)).toMatchObject({ put: 'stored' });
    }
    expect(await undecided('https://one-more.example', 1)).toMatchObject({ put: 'undecided-quota' });
    await rig.evict();
    expect(await undecided('https://one-more.example', 1)).toMatchObject({ put: 'undecided-quota' });
    expect(await rig.put('proven', alice)).toMatchObject({ put: 'stored' });
    const drained = await home.drain();
    expect(drained.filter(({ delivery }) => delivery.undecided === 'the key server does not answer').length).toBe(
      total,
    );
    expect(await undecided('https://slow.example', 99)).toMatchObject({ put: 'stored' });
    expect(limits.undecidedTotal).toBeGreaterThan(limits.undecidedPerOrigin);
  });
});

test('an arrival whose row cannot be written is as if it had never come', async () => {
  const rig = await SpoolRig.open();
  const home = await rig.openHome();
  await rig.put('one', alice);
  await rig.put('two', bob);
  await rig.object((_, state) => {
    state.storage.sql.exec("CREATE TRIGGER broken BEFORE INSERT ON delivery BEGIN SELECT RAISE(ABORT, 'no'); END");
  });
  await expect(rig.put('three', alice)).rejects.toThrow('no');
  await rig.object((_, state) => {
    state.storage.sql.exec('DROP TRIGGER broken');
  });
  expect(await rig.put('three', alice)).toMatchObject({ put: 'stored' });
  expect(await rig.rows()).toMatchObject({ waiting: 3 });
  const drained = (await home.drain()).map(({ body }) => new TextDecoder().decode(body ?? undefined));
  expect(drained).toEqual(['one', 'two', 'three']);
});

describe('room', () => {
  test('a full database refuses what is new, keeps what it has, and takes again when kept ones expired', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    for (let i = 0; i < 60; i++) await rig.put(new Uint8Array(8_000).fill(i), { sender: `https://peer.example/${i}` });
    const full = await rig.object((_, state) => state.storage.sql.databaseSize);
    expect(full).toBeLessThan(limits.spoolDatabaseBytes);
    await rig.limit({ spoolDatabaseBytes: full });
    const late = new Uint8Array(8_000).fill(99);
    expect(await rig.put(late, alice)).toEqual({ put: 'full', retryAfterSeconds: expect.any(Number) });
    expect((await home.drain()).length).toBe(60);
    expect(await rig.put(late, alice)).toMatchObject({ put: 'full' });
    rig.advance(limits.keptMs + 1);
    expect(await rig.put(late, alice)).toMatchObject({ put: 'stored' });
  });

  test('small rows fill it by what they take, not by what they may take at most', async () => {
    const rig = await SpoolRig.open();
    await rig.put('first', alice);
    await rig.put('second', alice);
    const begun = await rig.object((_, state) => state.storage.sql.databaseSize);
    const room = 200 * 1024;
    await rig.limit({ spoolDatabaseBytes: begun + room });
    let stored = 0;
    while ((await rig.put(`more ${stored}`, { sender: `https://peer.example/${stored}` })).put === 'stored')
      stored += 1;
    const full = await rig.object((_, state) => state.storage.sql.databaseSize);
    // The last is refused for what it may take at most, which is a few KiB.
    expect(full).toBeLessThanOrEqual(begun + room);
    expect(full).toBeGreaterThan(begun + room - 16 * 1024);
    expect(await rig.rows()).toMatchObject({ waiting: stored + 2 });
  });

  test('large bodies in R2 have a limit of their own, counted over evictions, small ones still enter', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const size = limits.inlineBodyBytes + 10;
    await rig.limit({ spoolLargeBytes: size * 2 });
    const put = async (fill: number) => await rig.put(new Uint8Array(size).fill(fill), alice);
    expect(await put(1)).toMatchObject({ put: 'stored' });
    expect(await put(2)).toMatchObject({ put: 'stored' });
    await rig.evict();
    expect(await put(3)).toMatchObject({ put: 'full' });
    expect(await rig.put('small', alice)).toMatchObject({ put: 'stored' });
    await home.drain();
    await rig.evict();
    expect(await put(3)).toMatchObject({ put: 'full' });
    rig.advance(limits.keptMs + 1);
    expect(await put(3)).toMatchObject({ put: 'stored' });
    await rig.evict();
    expect(await put(4)).toMatchObject({ put: 'stored' });
    expect(limits.spoolLargeBytes).toBeGreaterThan(limits.inboxBodyBytes);
  });

  test('what expires beside a refusal is counted, also after an eviction', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const size = limits.inlineBodyBytes + 10;
    await rig.put(new Uint8Array(size), alice);
    await home.drain();
    await rig.put('waits, and carries the totals of its moment', bob);
    rig.advance(limits.keptMs);
    await rig.limit({ spoolDatabaseBytes: 1 });
    expect(await rig.put('a1', alice)).toMatchObject({ put: 'full' });
    expect(await rig.rows()).toEqual({ waiting: 1, kept: 0, dead: 0 });
    await rig.evict();
    await rig.limit({ spoolLargeBytes: size });
    expect(await rig.put(new Uint8Array(size).fill(1), alice)).toMatchObject({ put: 'stored' });
  });

  test('a refused large body does not stay in R2, nor does a repeated one', async () => {
    const rig = await SpoolRig.open();
    const body = new Uint8Array(limits.inlineBodyBytes + 1);
    const [first, bytes] = await arrival(body, alice);
    await rig.client.put(first, bytes);
    expect(await rig.put(body, alice)).toEqual({ put: 'duplicate' });
    await rig.limit({ spoolLargeBytes: 1 });
    expect(await rig.put(body.slice().fill(1), alice)).toMatchObject({ put: 'full' });
    const { objects } = await bindings.STORE.list({ prefix: `bodies/${rig.homeId}/` });
    expect(objects.map(({ key }) => key)).toEqual([`bodies/${rig.homeId}/activitypub/${first.id}`]);
  });

  test('a row over limits.rowBytes is refused by name, and so is a body that is not what its envelope says', async () => {
    const rig = await SpoolRig.open();
    await expect(rig.put('x', { headers: [['X', 'y'.repeat(limits.rowBytes)]] })).rejects.toMatchObject({
      code: 'delivery-too-large',
    });
    await expect(rig.put('x', { bodyBytes: 2 })).rejects.toMatchObject({ code: 'delivery-malformed' });
    expect(await rig.rows()).toEqual({ waiting: 0, kept: 0, dead: 0 });
  });

  test('two homes share nothing', async () => {
    const [one, two] = [await SpoolRig.open(), await SpoolRig.open()];
    await one.put('follow', alice);
    expect(await two.put('follow', alice)).toMatchObject({ put: 'stored' });
    const home = await two.openHome();
    expect((await home.drain()).length).toBe(1);
    expect(await one.rows()).toMatchObject({ waiting: 1 });
  });
});
