// Large bodies: the way through R2, and the sweep for those that no row names.

import { describe, expect, test } from 'vitest';
import { bodyKey, sweepOrphans } from '../../../edge/spool/bodies.ts';
import { heard } from '../../../edge/spool/told.ts';
import { limits } from '../../../shared/limits.ts';
import { arrival, bindings, SpoolRig, sha256 } from './spool-rig.ts';

const hour = 3_600_000;

async function keys(rig: SpoolRig): Promise<string[]> {
  return (await bindings.STORE.list({ prefix: `bodies/${rig.homeId}/` })).objects.map(({ key }) => key);
}

describe('a large body', () => {
  test('travels apart from its delivery, byte for byte, and keeps its place in the order', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const body = crypto.getRandomValues(new Uint8Array(limits.inlineBodyBytes));
    const larger = new Uint8Array([...body, 1]);
    await rig.put('before');
    await rig.put(larger);
    await rig.put(body);
    const { deliveries } = await home.turn();
    expect(deliveries.map((leased) => leased.body?.length ?? null)).toEqual([6, null, limits.inlineBodyBytes]);
    const { id = '', bodySha256 } = deliveries[1]?.delivery ?? {};
    const call = await home.sign({ method: 'GET', path: `/.porchlight/v1/bodies/${id}` });
    const place = heard(await rig.stub.bodyOf(...call, id));
    expect(place).toMatchObject({ bytes: larger.length, sha256: bodySha256 });
    const stored = await bindings.STORE.get(place.key);
    const fetched = new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer());
    expect(await sha256(fetched)).toBe(await sha256(larger));
  });

  test('is found after an eviction, and given to nobody once the delivery left, nor for a small one', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put(new Uint8Array(limits.inlineBodyBytes + 1));
    await rig.put('small');
    const ids = (await home.turn()).deliveries.map(({ delivery }) => delivery.id);
    await rig.evict();
    const ask = async (id: string) => await rig.stub.bodyOf(...(await home.sign({ method: 'GET' })), id);
    expect(await ask(ids[0] ?? '')).toMatchObject({ ok: true });
    expect(await ask(ids[1] ?? '')).toMatchObject({ ok: false, code: 'no-body' });
    await home.drain();
    expect(await ask(ids[0] ?? '')).toMatchObject({ ok: false, code: 'no-body' });
    const [jws, expected] = await home.sign({ method: 'GET' });
    const other = await rig.stub.bodyOf(jws, { ...expected, path: '/other' }, ids[0] ?? '');
    expect(other).toMatchObject({ ok: false, code: 'call-refused' });
  });

  test.each(['', '../d1', 'a/b', 'a b', 'ä'])('of a delivery that is called %j lies nowhere', (id) => {
    expect(() => bodyKey('home', 'activitypub', id)).toThrow(
      expect.objectContaining({ code: 'delivery-id-malformed' }),
    );
  });

  test('is refused when its bytes are not those of its digest', async () => {
    const rig = await SpoolRig.open();
    const body = new Uint8Array(limits.inlineBodyBytes + 1);
    const [made] = await arrival(body);
    await expect(rig.client.put(made, body.slice().fill(1))).rejects.toThrow();
    expect([await keys(rig), await rig.rows()]).toEqual([[], { waiting: 0, kept: 0, dead: 0 }]);
  });

  test('stays in R2 when the answer of the object is lost, because the row may be there', async () => {
    const rig = await SpoolRig.open();
    const [made, body] = await arrival(new Uint8Array(limits.inlineBodyBytes + 1));
    await rig.limit({ rowBytes: Number.NaN });
    await rig.set({
      clock: {
        now: () => {
          throw new Error('the object ends here');
        },
      },
    });
    await expect(rig.client.put(made, body)).rejects.toThrow('the object ends here');
    expect(await keys(rig)).toEqual([bodyKey(rig.homeId, 'activitypub', made.id)]);
  });

  test('has a name that no id can lead elsewhere', () => {
    expect(bodyKey('home', 'activitypub', 'a-1_B')).toBe('bodies/home/activitypub/a-1_B');
    expect(bodyKey('a/b', 'activitypub', 'x')).toBe('bodies/a%2Fb/activitypub/x');
    for (const id of ['', '../x', 'a/b', 'a b', 'é', 'x'.repeat(129)]) {
      expect(() => bodyKey('home', 'activitypub', id)).toThrow('Cannot name a body');
    }
  });
});

describe('the sweep', () => {
  test('takes bodies older than an hour that no row names, and nothing else', async () => {
    const homeId = `sweep-${crypto.randomUUID()}`;
    const put = async (id: string, home = homeId) =>
      await bindings.STORE.put(bodyKey(home, 'activitypub', id), new Uint8Array(1));
    for (const id of ['named', 'orphan1', 'orphan2']) await put(id);
    await put('of-another-home', `${homeId}-2`);
    const list = async () =>
      (await bindings.STORE.list({ prefix: `bodies/${homeId}` })).objects.map(({ key }) => key.split('/').at(-1));
    const sweep = { store: bindings.STORE, homeId, after: null, atMost: 1000, namedAmong: () => new Set(['named']) };
    expect(await sweepOrphans({ ...sweep, now: Date.now() + hour - 60_000 })).toEqual({ deleted: 0, after: null });
    expect(await sweepOrphans({ ...sweep, now: Date.now() + hour + 1000 })).toEqual({ deleted: 2, after: null });
    expect((await list()).toSorted()).toEqual(['named', 'of-another-home']);
  });

  test('looks at a bounded number in one run and goes on from there', async () => {
    const homeId = `sweep-${crypto.randomUUID()}`;
    for (let i = 0; i < 7; i++) await bindings.STORE.put(bodyKey(homeId, 'activitypub', `o${i}`), new Uint8Array(1));
    const asked: number[] = [];
    const namedAmong = (ids: readonly string[]) => {
      asked.push(ids.length);
      return new Set(ids.filter((id) => id !== 'o6'));
    };
    let after: string | null = null;
    do {
      const now = Date.now() + hour + 1000;
      ({ after } = await sweepOrphans({ store: bindings.STORE, homeId, now, after, atMost: 3, namedAmong }));
    } while (after !== null);
    expect(asked).toEqual([3, 3, 1]);
    expect((await bindings.STORE.list({ prefix: `bodies/${homeId}/` })).objects.length).toBe(6);
  });

  test('is run by the object beside a turn, once a day, and leaves waiting, kept and dead bodies alone', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const put = async (fill: number, sender: string) =>
      await rig.put(new Uint8Array(limits.inlineBodyBytes + 1).fill(fill), {
        sender: `https://peer.example/${sender}`,
      });
    for (const [fill, sender] of ['kept', 'dead', 'waiting'].entries()) await put(fill, sender);
    await home.drain(({ delivery: { sender } }) => {
      if (sender.endsWith('dead')) return { outcome: 'dead', reason: 'no' };
      if (sender.endsWith('kept')) return { outcome: 'delivered' };
      return { outcome: 'later', reason: 'busy', retryAfterMs: 40 * hour };
    });
    const orphan = bodyKey(rig.homeId, 'activitypub', 'orphan');
    await bindings.STORE.put(orphan, new Uint8Array(1));
    rig.advance(25 * hour);
    await rig.evict();
    await rig.put('small');
    await home.drain();
    await expect.poll(async () => (await keys(rig)).includes(orphan)).toBe(false);
    expect((await keys(rig)).length).toBe(3);
    await rig.evict();
    await bindings.STORE.put(orphan, new Uint8Array(1));
    rig.advance(2 * hour);
    await rig.put('small too');
    await home.drain();
    await rig.evict();
    await rig.put('small as well');
    await home.drain();
    await rig.evict();
    expect(await keys(rig)).toContain(orphan);
  });
});
