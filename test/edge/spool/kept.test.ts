// After the answer: kept, replayed, expired; dead letters, retried and discarded.

import { describe, expect, test } from 'vitest';
import { heard } from '../../../edge/spool/told.ts';
import { limits } from '../../../shared/limits.ts';
import { bindings, type Home, SpoolRig } from './spool-rig.ts';

const alice = { sender: 'https://peer.example/users/alice' };
const bob = { sender: 'https://peer.example/users/bob' };

function texts(leased: readonly { body: Uint8Array | null }[]): string[] {
  return leased.map(({ body }) => new TextDecoder().decode(body ?? new Uint8Array()));
}

async function replay(rig: SpoolRig, home: Home, since: number): Promise<number> {
  const call = await home.sign({ path: '/.porchlight/v1/replay' });
  return heard(await rig.stub.replay(...call, since)).replayed;
}

describe('kept', () => {
  test('what was delivered stays for limits.keptMs and then goes, beside other work', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    for (const body of ['a1', 'a2', 'a3']) await rig.put(body, alice);
    await home.drain();
    expect(await rig.rows()).toEqual({ waiting: 0, kept: 3, dead: 0 });
    rig.advance(limits.keptMs - 1);
    await rig.put('b1', bob);
    expect(await rig.rows()).toEqual({ waiting: 1, kept: 3, dead: 0 });
    rig.advance(1);
    await rig.put('b2', bob);
    expect(await rig.rows()).toEqual({ waiting: 2, kept: 0, dead: 0 });
  });

  test('it goes beside answers too, when nothing arrives', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    for (const body of ['a1', 'a2', 'a3']) await rig.put(body, alice);
    await home.drain();
    await rig.put('b1', bob);
    await rig.put('b2', bob);
    rig.advance(limits.keptMs);
    await home.drain();
    expect(await rig.rows()).toEqual({ waiting: 0, kept: 2, dead: 0 });
  });

  test('an expired large body leaves R2 with its row', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put(new Uint8Array(limits.inlineBodyBytes + 1), alice);
    await home.drain();
    const stored = async () => (await bindings.STORE.list({ prefix: `bodies/${rig.homeId}/` })).objects.length;
    expect(await stored()).toBe(1);
    rig.advance(limits.keptMs);
    await rig.put('small', alice);
    await expect.poll(stored).toBe(0);
  });

  test('replay() brings back what arrived since then, in its old order and before what came later', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    rig.advance(1000);
    const since = rig.now();
    await rig.put('a2', alice);
    await rig.put('b1', bob);
    const before = await home.drain();
    rig.advance(1000);
    await rig.put('a3', alice);
    await rig.put('b2', bob);
    expect(await replay(rig, home, since)).toBe(2);
    const after = await home.drain();
    expect(texts(after)).toEqual(['a2', 'b1', 'a3', 'b2']);
    expect(after[0]?.delivery).toEqual(before[1]?.delivery);
    expect(await rig.rows()).toEqual({ waiting: 0, kept: 5, dead: 0 });
    expect(await replay(rig, home, 0)).toBe(5);
  });

  test('what replay() brought back counts as waiting: its repetition is stored once', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    await home.drain();
    await rig.put('b1', bob);
    await replay(rig, home, 0);
    expect(await rig.put('a1', alice)).toEqual({ put: 'duplicate' });
  });

  test('replay() gives back a delivery as it came: no attempts, no wait', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    let tries = 0;
    await home.drain(() => (++tries === 1 ? { outcome: 'later', reason: 'busy' } : { outcome: 'delivered' }));
    rig.advance(limits.deferMaxMs);
    expect((await home.drain())[0]?.delivery.attempts).toBe(1);
    await replay(rig, home, 0);
    expect((await home.drain())[0]?.delivery.attempts).toBe(0);
  });

  test('after replay() and an eviction a sender is counted by what waits, not by what once waited', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.limit({ senderWaiting: 2 });
    await rig.put('a1', alice);
    await rig.put('a2', alice);
    await home.drain(({ body }) =>
      texts([{ body }])[0] === 'a1' ? { outcome: 'dead', reason: 'no' } : { outcome: 'delivered' },
    );
    await replay(rig, home, 0);
    await rig.evict();
    expect(await rig.put('a3', alice)).toMatchObject({ put: 'stored' });
    expect(await rig.put('a4', alice)).toMatchObject({ put: 'sender-quota' });
  });

  test('replay() gives a sender whose run is in flight nothing until that run is answered', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    await home.drain();
    await rig.put('a2', alice);
    const [leased] = (await home.turn()).deliveries;
    expect(await replay(rig, home, 0)).toBe(1);
    expect((await home.turn()).deliveries).toEqual([]);
    const { seq = 0, id = '' } = leased?.delivery ?? {};
    expect(texts((await home.turn({ answers: [{ seq, id, outcome: 'released' }] })).deliveries)).toEqual(['a1', 'a2']);
  });

  test('totals hold after replay, eviction and expiry', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    for (const body of ['a1', 'a2', 'a3']) await rig.put(body, alice);
    await home.drain();
    await rig.evict();
    await replay(rig, home, 0);
    await rig.evict();
    const call = await home.sign({ method: 'GET', path: '/.porchlight/v1/spool' });
    expect(heard(await rig.stub.summary(...call))).toMatchObject({ waiting: 3, dead: 0, oldestWaitingAt: rig.now() });
    await home.drain();
    await rig.evict();
    const again = await home.sign({ method: 'GET', path: '/.porchlight/v1/spool' });
    expect(heard(await rig.stub.summary(...again))).toMatchObject({ waiting: 0, oldestWaitingAt: null });
  });

  test('totals hold when the row that carried the newest ones goes back, right after an eviction', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    await rig.put('b1', bob);
    const { deliveries } = await home.turn();
    const answers = deliveries.map(({ delivery: { seq, id, sender } }) => ({
      ...{ seq, id },
      outcome: sender === alice.sender ? ('delivered' as const) : ('released' as const),
    }));
    await home.turn({ answers, max: 0 });
    await rig.evict();
    expect(await replay(rig, home, 0)).toBe(1);
    await rig.evict();
    const call = await home.sign({ method: 'GET', path: '/.porchlight/v1/spool' });
    expect(heard(await rig.stub.summary(...call))).toMatchObject({ waiting: 2 });
  });

  test('seq never repeats, not even when the clock goes back and the object is evicted', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    await rig.put('b1', bob);
    const [first, second] = (await home.turn()).deliveries.map(({ delivery }) => delivery);
    if (first === undefined || second === undefined) throw new Error('two were leased');
    await home.turn({ answers: [{ seq: second.seq, id: second.id, outcome: 'delivered' }], max: 0 });
    await home.turn({ answers: [{ seq: first.seq, id: first.id, outcome: 'delivered' }], max: 0 });
    await rig.evict();
    rig.advance(-3_600_000);
    const later = await rig.put('a2', alice);
    expect(later.put === 'stored' && later.seq > second.seq).toBe(true);
    expect(await replay(rig, home, 0)).toBe(2);
    expect(texts(await home.drain())).toEqual(['a1', 'b1', 'a2']);
  });
});

describe('dead letters', () => {
  async function kill(rig: SpoolRig, home: Home): Promise<number> {
    await rig.put('poison', alice);
    await rig.put('a2', alice);
    await home.drain(({ body }) =>
      texts([{ body }])[0] === 'poison' ? { outcome: 'dead', reason: '422 not an activity' } : { outcome: 'delivered' },
    );
    const [letter] = heard(await rig.stub.deadLetters(...(await home.sign({ method: 'GET' }))));
    expect(letter).toMatchObject({ ...alice, service: 'social', path: '/inbox', reason: '422 not an activity' });
    expect(letter?.diedAt).toBe(rig.now());
    return letter?.seq ?? 0;
  }

  test('`dead` unblocks the sender at once, and the letter is shown', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await kill(rig, home);
    expect(await rig.rows()).toEqual({ waiting: 0, kept: 1, dead: 1 });
  });

  test('limits.deliveryAttempts times `later` is a death, with the last reason', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1', alice);
    await rig.put('a2', alice);
    for (let i = 1; i <= limits.deliveryAttempts; i++) {
      rig.advance(limits.deferMaxMs);
      const { deliveries } = await home.turn({ max: 1 });
      const answers = deliveries.map(({ delivery: { seq, id } }) => ({
        ...{ seq, id, outcome: 'later' as const },
        reason: `try ${i}`,
      }));
      await home.turn({ answers, max: 0 });
    }
    const letters = heard(await rig.stub.deadLetters(...(await home.sign({ method: 'GET' }))));
    expect(letters).toMatchObject([{ attempts: limits.deliveryAttempts, reason: `try ${limits.deliveryAttempts}` }]);
    expect(texts(await home.drain())).toEqual(['a2']);
  });

  test('retryDead() puts it at the end of the line under a new seq, and tells the Link', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const seq = await kill(rig, home);
    await rig.put('a3', alice);
    await home.turn({ max: 0 });
    const told = rig.announced;
    const retried = heard(await rig.stub.retryDead(...(await home.sign({})), seq));
    expect(retried.seq).toBeGreaterThan(seq);
    await expect.poll(() => rig.announced).toBe(told + 1);
    const drained = await home.drain();
    expect(texts(drained)).toEqual(['a3', 'poison']);
    expect(drained[1]?.delivery).toMatchObject({ seq: retried.seq, attempts: 0 });
    expect(await rig.rows()).toEqual({ waiting: 0, kept: 3, dead: 0 });
    expect(await rig.stub.retryDead(...(await home.sign({})), seq)).toMatchObject({
      ok: false,
      code: 'no-dead-letter',
    });
  });

  test('discardDead() deletes it with its large body; what is left is counted right', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.limit({ spoolLargeBytes: limits.inlineBodyBytes * 1.5 });
    const body = new Uint8Array(limits.inlineBodyBytes + 1);
    await rig.put(body, alice);
    await home.drain(() => ({ outcome: 'dead', reason: 'no' }));
    expect(await rig.put(body.slice().fill(1), alice)).toMatchObject({ put: 'full' });
    await rig.put('counts the large one too', bob);
    const [letter] = heard(await rig.stub.deadLetters(...(await home.sign({ method: 'GET' }))));
    heard(await rig.stub.discardDead(...(await home.sign({})), letter?.seq ?? 0));
    expect(await rig.rows()).toEqual({ waiting: 1, kept: 0, dead: 0 });
    await expect
      .poll(async () => (await bindings.STORE.list({ prefix: `bodies/${rig.homeId}/` })).objects.length)
      .toBe(0);
    await rig.evict();
    expect(await rig.put(body.slice().fill(1), alice)).toMatchObject({ put: 'stored' });
  });

  test('dead letters are held for limits.deadMs', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await kill(rig, home);
    rig.advance(limits.deadMs - 1);
    await rig.put('b1', bob);
    expect(await rig.rows()).toMatchObject({ dead: 1 });
    rig.advance(1);
    await rig.put('b2', bob);
    expect(await rig.rows()).toMatchObject({ dead: 0 });
  });
});
