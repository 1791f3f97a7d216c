// Most of what arrives: the ends of accounts that home never met.

import { describe, expect, test } from 'vitest';
import { BloomFilter } from '../../../shared/known-actors/bloom.ts';
import { limits } from '../../../shared/limits.ts';
import { altered, cavage } from '../../shared/signature/signing.ts';
import { bytesOf, homeWith, snapshotOf } from './home.ts';
import { alice, bob, hour, inboxRig, letter } from './inbox-rig.ts';

const rig = inboxRig();

describe("an actor's news about itself", () => {
  const deleted = { id: `${alice}#delete`, type: 'Delete', actor: alice, object: alice };
  const newsOf = async (content: Uint8Array<ArrayBuffer>, signer = rig.signers.alice) =>
    await cavage(signer, { ...letter, body: content });

  test.each([
    ['Delete', deleted],
    ['Delete of an object with its id', { ...deleted, object: { id: alice, type: 'Tombstone' } }],
    ['Update', { ...deleted, type: 'Update' }],
  ])('%s, when home never met it: 202, without a key and without a row', async (_, activity) => {
    const content = bytesOf(activity);
    expect((await rig.send(await newsOf(content), content)).status).toBe(202);
    expect(rig.internet.asked).toEqual([]);
    expect(rig.home.spool.arrivals).toEqual([]);
    expect(rig.home.spool.askedFor).toEqual([alice, `unproven ${alice}`]);
    expect(rig.reports.received).toMatchObject([{ verdict: 'moot' }]);
  });

  test('is spooled when home met it before its last snapshot, and the spool is not asked', async () => {
    rig.home = homeWith(snapshotOf({}, [alice]));
    const content = bytesOf(deleted);
    expect((await rig.send(await newsOf(content), content)).status).toBe(202);
    expect(rig.home.spool.arrivals).toHaveLength(1);
    expect(rig.home.spool.askedFor).toEqual([]);
  });

  test('is spooled when something of it is on its way to home', async () => {
    rig.home.spool.holding.add(alice);
    const content = bytesOf(deleted);
    expect((await rig.send(await newsOf(content), content)).status).toBe(202);
    expect(rig.home.spool.arrivals).toHaveLength(1);
  });

  const unprovenDelete = { sender: `unproven ${alice}`, undecided: expect.stringMatching(/gone|not there|403/) };
  const provenDelete = { sender: alice, undecided: null };

  test.each([403, 404, 410])('a known actor whose key is gone with it (%i) is left to home: 202', async (status) => {
    rig.home = homeWith(snapshotOf({}, [alice]));
    rig.internet.add('peer.example', () => new Response(null, { status }));
    const content = bytesOf(deleted);
    expect((await rig.send(await newsOf(content), content)).status).toBe(202);
    expect(rig.home.spool.arrivals[0]?.arrival).toMatchObject(unprovenDelete);
  });

  describe('where home did not say whom it met, an actor whose key is gone with it', () => {
    const everybody = () => homeWith(snapshotOf({ knownActors: BloomFilter.full().toData() }));

    test.each([404, 410])('(%i) is answered 202 and forgotten', async (status) => {
      rig.home = everybody();
      rig.internet.add('peer.example', () => new Response(null, { status }));
      const content = bytesOf(deleted);
      expect((await rig.send(await newsOf(content), content)).status).toBe(202);
      expect(rig.home.spool.arrivals).toEqual([]);
      expect(rig.reports.received).toMatchObject([{ verdict: 'moot' }]);
    });

    test.each([404, 410])('(%i) is left to home when something of it is on its way there', async (status) => {
      rig.home = everybody();
      rig.home.spool.holding.add(alice);
      rig.internet.add('peer.example', () => new Response(null, { status }));
      const content = bytesOf(deleted);
      expect((await rig.send(await newsOf(content), content)).status).toBe(202);
      expect(rig.home.spool.arrivals[0]?.arrival).toMatchObject(unprovenDelete);
    });

    test.each<[string, readonly string[], number]>([
      ['whom somebody surely met is left to home', [alice], 1],
      ['whom nobody surely met is forgotten', [bob], 0],
    ])('and %s', async (_, met, spooled) => {
      const metActors = snapshotOf({}, met).knownActors;
      rig.home = homeWith(snapshotOf({ knownActors: BloomFilter.full().toData(), metActors }));
      for (const status of [404, 410]) {
        rig.internet.add('peer.example', () => new Response(null, { status }));
        const content = bytesOf(deleted);
        expect((await rig.send(await newsOf(content), content)).status).toBe(202);
      }
      // The second is the first once more, as far as the spool of a test knows.
      expect(rig.home.spool.arrivals.map(({ arrival }) => arrival.sender)).toEqual(
        Array.from({ length: spooled * 2 }, () => `unproven ${alice}`),
      );
    });

    test('(403) is left to home: it may be had later', async () => {
      rig.home = everybody();
      rig.internet.add('peer.example', () => new Response(null, { status: 403 }));
      const content = bytesOf(deleted);
      expect((await rig.send(await newsOf(content), content)).status).toBe(202);
      expect(rig.home.spool.arrivals[0]?.arrival).toMatchObject(unprovenDelete);
    });
  });

  test.each([403, 404, 410])(
    'of an actor that is gone (%i) is judged by the key that was last known',
    async (status) => {
      rig.home = homeWith(snapshotOf({}, [alice]));
      expect((await rig.send(await cavage(rig.signers.alice, letter))).status).toBe(202);
      rig.internet.add('peer.example', () => new Response(null, { status }));
      // The key is no longer fresh: it is asked for, and its server says that there is none.
      rig.clock.time += limits.keyFreshMs;
      const content = bytesOf(deleted);
      const honest = await cavage(rig.signers.alice, { ...letter, body: content, at: rig.clock.time });
      const forged = await cavage(rig.signers.stranger, { ...letter, body: content, at: rig.clock.time });
      expect((await rig.send(honest, content)).status).toBe(202);
      expect(rig.home.spool.arrivals[1]?.arrival).toMatchObject(provenDelete);
      expect((await rig.send(forged, content)).status).toBe(401);
      expect(rig.home.spool.arrivals).toHaveLength(2);
    },
  );

  test.each([403, 404, 410])('of an actor that is gone (%i) is judged by the key that home left', async (status) => {
    const { keyId, pem } = rig.signers.alice;
    rig.home = homeWith(snapshotOf({ actorKeys: [{ keyId, owner: alice, publicKeyPem: pem }] }, [alice]));
    rig.internet.add('peer.example', () => new Response(null, { status }));
    const content = bytesOf(deleted);
    expect((await rig.send(await newsOf(content), content)).status).toBe(202);
    expect(rig.home.spool.arrivals[0]?.arrival).toMatchObject(provenDelete);
    expect(rig.internet.asked).toEqual([]);
  });

  test.each([404, 410])('only a Delete may come with a key that is gone (%i)', async (status) => {
    rig.home = homeWith(snapshotOf({}, [alice]));
    rig.internet.add('peer.example', () => new Response(null, { status }));
    const content = bytesOf({ ...deleted, type: 'Update' });
    await rig.expectRefused(401, await newsOf(content), content);
  });

  test('a Delete of somebody else is judged in full', async () => {
    const content = bytesOf({ ...deleted, object: bob });
    await rig.expectRefused(401, await newsOf(content, rig.signers.stranger), content);
    expect(rig.internet.asked).toEqual([alice]);
  });

  test.each<[string, readonly string[], number]>([
    ['a stranger’s is forgotten: nothing follows from it', [], 202],
    ['of an actor that home met is refused', [alice], 401],
  ])('a Delete that is not signed, stale, or over other bytes %s', async (_, known, status) => {
    rig.home = homeWith(snapshotOf({}, known));
    const content = bytesOf(deleted);
    const signed = await newsOf(content);
    expect((await rig.send(altered(signed, { signature: undefined }), content)).status).toBe(status);
    expect((await rig.send(signed, bytesOf({ ...deleted, more: 1 }))).status).toBe(status);
    rig.clock.time += 2 * hour;
    expect((await rig.send(signed, content)).status).toBe(status);
    expect(rig.internet.asked).toEqual([]);
    expect(rig.home.spool.arrivals).toEqual([]);
  });
});
