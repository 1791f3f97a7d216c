// What the owner looks at and takes in hand: lists, single deliveries, the next try at once, discards, single replays.

import { describe, expect, test } from 'vitest';
import { heard, type Told } from '../../../edge/spool/told.ts';
import type { WaitingList } from '../../../shared/lease/messages.ts';
import { limits } from '../../../shared/limits.ts';
import { bindings, type Home, newKeys, SpoolRig } from './spool-rig.ts';

const alice = { sender: 'https://peer.example/users/alice' };
const bob = { sender: 'https://peer.example/users/bob' };

async function list(rig: SpoolRig, home: Home, after = 0, count = 100): Promise<WaitingList> {
  return heard(await rig.stub.listWaiting(...(await home.sign({ method: 'GET' })), after, count));
}

function texts(leased: readonly { body: Uint8Array | null }[]): string[] {
  return leased.map(({ body }) => new TextDecoder().decode(body ?? new Uint8Array()));
}

async function put(rig: SpoolRig, body: string | Uint8Array<ArrayBuffer>, of = alice): Promise<number> {
  const result = await rig.put(body, of);
  if (result.put !== 'stored') throw new Error(`It was not stored: ${result.put}.`);
  return result.seq;
}

/** Home answers `later` for the first that waits. */
async function defer(home: Home): Promise<void> {
  const { deliveries } = await home.turn({ max: 1 });
  const answers = deliveries.map(({ delivery: { seq, id } }) => ({
    ...{ seq, id, outcome: 'later' as const },
    reason: '503 busy',
  }));
  await home.turn({ answers, max: 0 });
}

describe('listWaiting()', () => {
  test('lists what waits in order, with how it went so far, page by page', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const seqs = [await put(rig, 'a1'), await put(rig, 'a2'), await put(rig, 'b1', bob)];
    await defer(home);
    const first = await list(rig, home, 0, 2);
    expect(first.deliveries.map(({ seq }) => seq)).toEqual(seqs.slice(0, 2));
    expect(first.deliveries[0]).toEqual({
      seq: seqs[0],
      id: expect.any(String),
      lane: 'activitypub',
      service: 'social',
      ...alice,
      path: '/inbox',
      receivedAt: rig.now(),
      bodyBytes: 2,
      attempts: 1,
      notBefore: expect.any(Number),
      reason: '503 busy',
    });
    expect(first.deliveries[0]?.notBefore).toBeGreaterThan(rig.now());
    const second = await list(rig, home, first.next ?? 0, 2);
    expect([second.deliveries.map(({ seq }) => seq), second.next]).toEqual([seqs.slice(2), null]);
  });

  test('never lists more than limits.spoolListed, whatever is asked', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.putMany(
      Array.from({ length: limits.spoolListed + 1 }, (_, i) => ({ text: 'x', change: { sender: `https://p/${i}` } })),
    );
    const cost = await rig.counting(async () => {
      const { deliveries, next } = await list(rig, home, 0, Number.MAX_SAFE_INTEGER);
      expect([deliveries.length, next]).toEqual([limits.spoolListed, deliveries.at(-1)?.seq]);
    });
    expect(cost.written).toBe(0);
    expect(cost.read).toBeLessThan(limits.spoolListed + 10);
    expect((await list(rig, home, 0, 0)).deliveries.length).toBe(1);
  });
});

describe('look()', () => {
  test('shows a delivery without its body, by seq and by id, waiting, kept or dead', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const look = async (name: string | number) =>
      heard(await rig.stub.look(...(await home.sign({ method: 'GET' })), String(name)));
    const seq = await put(rig, 'a1');
    const waiting = await look(seq);
    expect(waiting).toMatchObject({ state: 'waiting', leftAt: null, notBefore: 0, reason: null });
    expect(waiting.delivery).toMatchObject({ ...alice, seq, method: 'POST', host: 'home.example', attempts: 0 });
    expect(waiting.delivery.headers[0]?.[0]).toBe('Date');
    expect(JSON.stringify(waiting)).not.toContain('"body"');
    expect(await look(waiting.delivery.id)).toEqual(waiting);
    await home.drain();
    for (const name of [seq, waiting.delivery.id]) {
      expect(await look(name)).toMatchObject({ state: 'kept', leftAt: rig.now(), delivery: waiting.delivery });
    }
    const poison = await put(rig, 'a2');
    await home.drain(() => ({ outcome: 'dead', reason: '422' }));
    expect(await look(poison)).toMatchObject({ state: 'dead', leftAt: rig.now(), reason: '422' });
  });

  test('refuses what is not there', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await put(rig, 'a1');
    for (const name of ['7', 'nothing', '', '9'.repeat(40), "' OR 1=1 --"]) {
      const told = await rig.stub.look(...(await home.sign({ method: 'GET' })), name);
      expect(told).toMatchObject({ ok: false, code: 'no-delivery' });
    }
  });
});

describe('hurry()', () => {
  test('ends the wait for the next try, also after an eviction, tells the Link, and costs one row write', async () => {
    for (const evicted of [false, true]) {
      const rig = await SpoolRig.open();
      const home = await rig.openHome();
      const seq = await put(rig, 'a1');
      await defer(home);
      expect((await home.turn()).deliveries).toEqual([]);
      if (evicted) await rig.evict();
      const told = rig.announced;
      const call = await home.sign({});
      const cost = await rig.counting(async () => heard(await rig.stub.hurry(...call, seq)));
      expect(cost.written).toBe(1);
      await expect.poll(() => rig.announced).toBe(told + 1);
      expect((await home.turn()).deliveries[0]?.delivery).toMatchObject({ seq, attempts: 1 });
    }
  });
});

describe('discardWaiting()', () => {
  test('deletes it with two row writes; its sender goes on, and nothing is counted that is gone', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const body = new Uint8Array(limits.inlineBodyBytes + 1);
    const seq = await put(rig, body);
    await put(rig, 'a2');
    await defer(home);
    expect((await home.turn()).deliveries).toEqual([]);
    const call = await home.sign({});
    const cost = await rig.counting(async () => {
      expect(heard(await rig.stub.discardWaiting(...call, seq))).toEqual({ wasInHand: false });
    });
    expect(cost.written).toBe(2);
    expect(await rig.rows()).toEqual({ waiting: 1, kept: 0, dead: 0 });
    await rig.evict();
    expect(await rig.stub.standing()).toMatchObject({ waiting: 1, services: [{ name: 'social', waiting: 1 }] });
    await expect
      .poll(async () => (await bindings.STORE.list({ prefix: `bodies/${rig.homeId}/` })).objects.length)
      .toBe(0);
    expect(texts(await home.drain())).toEqual(['a2']);
  });

  test('says so when home had it in hand; the answer that home then gives is about nothing', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const seq = await put(rig, 'a1');
    await put(rig, 'a2');
    const [leased] = (await home.turn({ max: 1 })).deliveries;
    expect(heard(await rig.stub.discardWaiting(...(await home.sign({})), seq))).toEqual({ wasInHand: true });
    const answer = { seq, id: leased?.delivery.id ?? '', outcome: 'delivered' as const };
    const { reply, deliveries } = await home.turn({ answers: [answer] });
    expect(reply.refused).toEqual([{ seq, reason: 'unknown' }]);
    expect(texts(deliveries)).toEqual(['a2']);
  });
});

describe('replayOne()', () => {
  test('brings one kept delivery back before what came later, and leaves the others kept', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const seq = await put(rig, 'a1');
    await put(rig, 'a2');
    await home.drain();
    await put(rig, 'a3');
    const call = await home.sign({});
    const cost = await rig.counting(async () => {
      expect(heard(await rig.stub.replayOne(...call, seq))).toEqual({ replayed: 1 });
    });
    expect(cost.written).toBeLessThanOrEqual(3);
    expect(await rig.rows()).toEqual({ waiting: 2, kept: 1, dead: 0 });
    await rig.evict();
    expect(await rig.stub.standing()).toMatchObject({ waiting: 2 });
    expect(texts(await home.drain())).toEqual(['a1', 'a3']);
  });

  test('gives back what the sender signed and nobody else can answer for: an undecided one counts as that again', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.limit({ undecidedTotal: 1 });
    const result = await rig.put('u1', { undecided: 'no key' });
    await home.drain();
    heard(await rig.stub.replayOne(...(await home.sign({})), result.put === 'stored' ? result.seq : 0));
    expect(await rig.put('u2', { undecided: 'no key' })).toMatchObject({ put: 'undecided-quota' });
  });
});

describe('each of them', () => {
  type ByHand = (rig: SpoolRig, home: Home, seq: number) => Promise<Told<unknown>>;
  const calls: [string, string, ByHand][] = [
    ['hurry', 'not-waiting', async (rig, home, seq) => await rig.stub.hurry(...(await home.sign({})), seq)],
    ['discard', 'not-waiting', async (rig, home, seq) => await rig.stub.discardWaiting(...(await home.sign({})), seq)],
    ['replay', 'not-kept', async (rig, home, seq) => await rig.stub.replayOne(...(await home.sign({})), seq)],
  ];

  test.each(calls)('%s refuses a number that nothing has there, and writes nothing', async (name, code, call) => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const kept = await put(rig, 'a1');
    await home.drain();
    const dead = await put(rig, 'a2');
    await home.drain(() => ({ outcome: 'dead', reason: '422' }));
    const waiting = await put(rig, 'a3');
    const wrong = [0, -1, 7, 1.5, Number.NaN, dead, ...(name === 'replay' ? [waiting] : [kept])];
    const cost = await rig.counting(async () => {
      for (const seq of wrong) expect(await call(rig, home, seq)).toMatchObject({ ok: false, code });
    });
    expect(cost.written).toBe(0);
    expect(await rig.rows()).toEqual({ waiting: 1, kept: 1, dead: 1 });
  });

  test.each(calls)('%s is refused to a stranger and to an older home node', async (_, __, call) => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const seq = await put(rig, 'a1');
    const stranger = Object.assign(await rig.openHome(1, home.keys, 's1'), { keys: await newKeys() });
    expect(await call(rig, stranger, seq)).toMatchObject({ ok: false, code: 'call-refused' });
    await rig.openHome(2);
    expect(await call(rig, home, seq)).toMatchObject({ ok: false });
    expect(await rig.rows()).toMatchObject({ waiting: 1 });
  });
});
