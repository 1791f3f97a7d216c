// Who may call: home's key, the newest epoch and session, each call once. A negative test for each claim.

import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, test } from 'vitest';
import { heard } from '../../../edge/spool/told.ts';
import { decodeBatch } from '../../../shared/lease/batch.ts';
import { bindings, newKeys, SpoolRig } from './spool-rig.ts';

describe('sessions', () => {
  test('a call of the newest session is accepted, on any path of the edge', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const call = await home.sign({ method: 'PUT', path: '/.porchlight/v1/snapshot' });
    expect(heard(await rig.stub.authorise(...call))).toMatchObject({ homeId: rig.homeId, epoch: 1, n: 1 });
  });

  test('are of a home: without the name of one no spool is made', async () => {
    const nameless = bindings.SPOOL.get(bindings.SPOOL.newUniqueId());
    await expect(runInDurableObject(nameless, () => 'made')).rejects.toMatchObject({ code: 'spool-unnamed' });
  });

  test('nobody is accepted before a link was opened', async () => {
    const rig = await SpoolRig.open();
    const other = await SpoolRig.open();
    const home = await other.openHome();
    const call = await home.sign({ homeId: rig.homeId });
    expect(await rig.stub.authorise(...call)).toMatchObject({ ok: false, code: 'no-session' });
  });

  test('an older epoch can neither open a session, nor lease, nor acknowledge', async () => {
    const rig = await SpoolRig.open();
    const old = await rig.openHome(3);
    await rig.put('a1');
    const [leased] = (await old.turn()).deliveries;
    await rig.openHome(4, old.keys);
    const { seq = 0, id = '' } = leased?.delivery ?? {};
    const ack = await old.signTurn({ answers: [{ seq, id, outcome: 'delivered' }] });
    expect(await ack()).toMatchObject({ ok: false, code: 'older-epoch' });
    expect(await rig.stub.openSession(rig.opening(old))).toMatchObject({ ok: false, code: 'older-epoch' });
    expect(await rig.rows()).toEqual({ waiting: 1, kept: 0, dead: 0 });
    await rig.evict();
    expect(await rig.stub.openSession(rig.opening(old))).toMatchObject({ ok: false, code: 'older-epoch' });
    expect(await (await old.signTurn())()).toMatchObject({ ok: false, code: 'older-epoch' });
  });

  test('the session before, of the same epoch, is refused', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome(1);
    await rig.openHome(1, home.keys, 'new-link');
    expect(await (await home.signTurn())()).toMatchObject({ ok: false, code: 'call-refused' });
  });

  test('another key is refused, and so is a session of another home', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const stranger = await newKeys();
    const forged = await home.signTurn({}, {}, stranger.privateKey);
    expect(await forged()).toMatchObject({ ok: false, code: 'call-refused' });
    expect(await rig.stub.openSession({ ...rig.opening(home), homeId: 'else' })).toMatchObject({ code: 'wrong-home' });
    const foreign = await home.sign({ homeId: 'else' });
    expect(await rig.stub.authorise(...foreign)).toMatchObject({ ok: false, code: 'call-refused' });
  });

  test('a session ends when only another key’s may go on; the one that is its own stays, also after an eviction', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome(3);
    const { x = '' } = rig.opening(home).publicKey;
    await rig.stub.keepOnly(x);
    expect(heard(await rig.stub.authorise(...(await home.sign({}))))).toMatchObject({ epoch: 3 });
    for (const key of ['another', null]) {
      await rig.openHome(3, home.keys, `link-${key}`);
      await rig.stub.keepOnly(key);
      const [refused, unnamed] = [await home.sign({}), await home.sign({ session: '' })];
      expect(await rig.stub.authorise(...refused)).toMatchObject({ ok: false, code: 'no-session' });
      expect(await rig.stub.authorise(...unnamed)).toMatchObject({ ok: false, code: 'no-session' });
      await rig.evict();
      expect(await rig.stub.authorise(...unnamed)).toMatchObject({ ok: false, code: 'no-session' });
    }
    // Its epoch is remembered: an older process does not come back by a change of keys.
    expect(await rig.stub.openSession({ ...rig.opening(home), epoch: 2 })).toMatchObject({ code: 'older-epoch' });
  });

  test('what was leased and is named stays so for the process that comes back with another key', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome(1);
    await rig.put('a1');
    const { deliveries, reply } = await home.turn();
    expect(deliveries).toHaveLength(1);
    await rig.stub.keepOnly(null);
    const again = await rig.openHome(1, await newKeys(), 'by another key');
    expect((await again.turn({ renew: [reply.lease ?? ''] })).deliveries).toEqual([]);
    const successor = await rig.openHome(2);
    expect((await successor.turn()).deliveries).toHaveLength(1);
  });

  test('a call for another edge, method, path or body is refused', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    for (const change of [{ edge: 'https://evil.example' }, { method: 'GET' }, { path: '/x' }, { body: 'x' }]) {
      const [jws, expected] = await home.sign({});
      expect(await rig.stub.authorise(jws, { ...expected, ...change })).toMatchObject({ code: 'call-refused' });
    }
    await rig.put('a1');
    const [jws, expected] = await home.sign({});
    const other = new TextEncoder().encode('{"answers":[],"renew":[],"max":1,"services":["social"]}');
    const altered = await rig.stub.turn(jws, expected, other as Uint8Array<ArrayBuffer>);
    expect(altered).toMatchObject({ ok: false, code: 'call-refused' });
  });

  test('a call counts once; calls that overtake each other all count', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const calls = [await home.sign({}), await home.sign({}), await home.sign({})];
    for (const call of calls.toReversed()) expect(await rig.stub.authorise(...call)).toMatchObject({ ok: true });
    for (const call of calls) expect(await rig.stub.authorise(...call)).toMatchObject({ code: 'call-refused' });
    await rig.stub.authorise(...(await home.sign({ n: 1000 })));
    expect(await rig.stub.authorise(...(await home.sign({ n: 900 })))).toMatchObject({ code: 'call-refused' });
  });

  test('a turn whose reply was lost is answered again with the same reply, and leases nothing twice', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    await rig.put('a1');
    await rig.put('a2');
    const send = await home.signTurn({ max: 1 });
    const [first, second] = [heard(await send()), heard(await send())];
    expect(second).toEqual(first);
    expect(decodeBatch(first).deliveries.length).toBe(1);
    const both = await home.signTurn({ max: 1 });
    const [third, fourth] = await Promise.all([both(), both()]);
    expect(third).toEqual(fourth);
  });

  test('a turn older than the last one is refused, and so is its number with another body', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const late = await home.signTurn({ max: 1 });
    await home.turn({ max: 0 });
    expect(await late()).toMatchObject({ ok: false, code: 'call-refused' });
    const other = await home.signTurn({ max: 2 }, { n: 2 });
    expect(await other()).toMatchObject({ ok: false, code: 'call-refused' });
  });

  test('a new session counts from the beginning', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    for (let i = 0; i < 3; i++) await home.turn();
    const next = await rig.openHome(1, home.keys, 'new-link');
    expect((await next.turn()).reply.lease).toBe(null);
    expect(next.n).toBe(1);
  });

  test('a turn that cannot be read is refused by name, and its number is not spent', async () => {
    const rig = await SpoolRig.open();
    const home = await rig.openHome();
    const malformed = await home.signTurn({ max: -1 });
    expect(await malformed()).toMatchObject({ ok: false, code: 'turn-malformed' });
    expect(await (await home.signTurn({}, { n: home.n }))()).toMatchObject({ ok: true });
  });
});
