// Keys that home left: they prove without a question, and no more than their owner's own would.

import { expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import type { ActorKey } from '../../../shared/snapshot.ts';
import { cavage } from '../../shared/signature/signing.ts';
import { cavageKey } from '../../shared/signature/vectors.ts';
import { homeWith, snapshotOf } from './home.ts';
import { alice, bob, inboxRig, letter } from './inbox-rig.ts';
import { actorOf, serve } from './peer.ts';

const rig = inboxRig();

/** Home left these keys; what is left out is Alice's. */
function left(...keys: readonly Partial<ActorKey>[]): void {
  const { keyId, pem: publicKeyPem } = rig.signers.alice;
  const actorKeys = keys.map((key) => ({ keyId, owner: alice, publicKeyPem, ...key }));
  rig.home = homeWith(snapshotOf({ actorKeys }));
}

test('a sender whose key home left is proven without a question, also when its server is down', async () => {
  left({});
  rig.internet.remove('peer.example');
  expect((await rig.send(await cavage(rig.signers.alice, letter))).status).toBe(202);
  expect(rig.internet.asked).toEqual([]);
  expect(rig.home.spool.arrivals[0]?.arrival).toMatchObject({ sender: alice, undecided: null });
});

test('who signs by the actor’s own address is proven by the one key that home left of that actor', async () => {
  left({});
  rig.internet.remove('peer.example');
  const signer = { ...rig.signers.alice, keyId: alice };
  expect((await rig.send(await cavage(signer, letter))).status).toBe(202);
  expect(rig.internet.asked).toEqual([]);
  // Of two of them nobody knows which is meant.
  left({}, { keyId: `${alice}#another` });
  await rig.expectRefused(401, await cavage(signer, { ...letter, at: letter.at + 1_000 }));
});

test('a forged signature is refused, after one question for a newer key and no more', async () => {
  left({});
  await rig.expectRefused(401, await cavage(rig.signers.stranger, letter));
  await rig.expectRefused(401, await cavage(rig.signers.stranger, letter));
  expect(rig.internet.asked).toEqual([alice]);
});

test('a key that was changed since is found with one question', async () => {
  left({});
  serve(rig.internet, 'peer.example', { [alice]: actorOf(rig.signers.stranger) });
  expect((await rig.send(await cavage(rig.signers.stranger, letter))).status).toBe(202);
  expect((await rig.send(await cavage(rig.signers.stranger, letter))).status).toBe(202);
  expect(rig.internet.asked).toEqual([alice]);
});

test('a key that home left as another actor’s proves nothing of this one', async () => {
  left({ owner: bob });
  await rig.expectRefused(401, await cavage(rig.signers.alice, letter));
});

test.each<[string, Partial<ActorKey>]>([
  ['with an owner on another host', { owner: 'https://evil.example/users/alice' }],
  ['too weak', { publicKeyPem: cavageKey }],
  ['no key', { publicKeyPem: 'no key' }],
])('a key that home left %s is none: it is asked for', async (_, key) => {
  left(key);
  expect((await rig.send(await cavage(rig.signers.alice, letter))).status).toBe(202);
  expect(rig.internet.asked).toEqual([alice]);
});

test('the first of two with one id does not hide the other for ever: what does not fit is asked for', async () => {
  left({ publicKeyPem: rig.signers.bob.pem }, {});
  expect((await rig.send(await cavage(rig.signers.alice, letter))).status).toBe(202);
});

test('limits.actorKeys keys are found as one is', async () => {
  const others = Array.from({ length: limits.actorKeys - 1 }, (_, n) => ({ keyId: `https://peer.example/${n}#k` }));
  left(...others, {});
  expect((await rig.send(await cavage(rig.signers.alice, letter))).status).toBe(202);
  expect(rig.internet.asked).toEqual([]);
});
