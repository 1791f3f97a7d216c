import { beforeAll, describe, expect, test } from 'vitest';
import { ownersKey, readKeyDocument } from '../../../edge/activitypub/key-document.ts';
import { limits } from '../../../shared/limits.ts';
import { rsaSigner, type Signer } from '../../shared/signature/signing.ts';
import { cavageKey, rfcKeys } from '../../shared/signature/vectors.ts';
import { actorOf } from './peer.ts';

const actor = 'https://peer.example/users/a';
const keyId = `${actor}#main-key`;
let signer: Signer;
beforeAll(async () => {
  signer = await rsaSigner(keyId);
});
const keyOf = (rest: Readonly<Record<string, unknown>> = {}) => ({
  id: keyId,
  owner: actor,
  publicKeyPem: signer.pem,
  ...rest,
});

describe('readKeyDocument()', () => {
  test("finds the key in its owner's document", () => {
    expect(readKeyDocument(actorOf(signer), actor, keyId)).toMatchObject({ read: 'key', owner: actor });
  });

  test('finds one key among several', () => {
    const others = [keyOf({ id: `${actor}#old` }), 'https://peer.example/keys/1', null, 7, keyOf()];
    expect(readKeyDocument(actorOf(signer, { publicKey: others }), actor, keyId)).toMatchObject({ read: 'key' });
  });

  test.each([
    ['longer than an address may be', `#${'x'.repeat(limits.addressLength)}`],
    ['with a blank', '#a b'],
    ['with a line break', '#a\nb'],
    ['with a blank before it', null],
  ])('takes no owner whose address is spelt %s: order is kept, and rows are made, by it', (_, more) => {
    const owner = more === null ? ` ${actor}` : `${actor}${more}`;
    const key = keyOf({ owner });
    expect(readKeyDocument({ id: owner, publicKey: key }, actor, keyId)).toMatchObject({ read: 'unusable' });
    expect(readKeyDocument(key, keyId, keyId)).toMatchObject({ read: 'unusable' });
  });

  test('finds the one key of an actor by the actor’s own address, as PeerTube names it', () => {
    for (const publicKey of [keyOf(), [keyOf()]]) {
      expect(readKeyDocument(actorOf(signer, { publicKey }), actor, actor)).toMatchObject({
        read: 'key',
        owner: actor,
      });
    }
  });

  test.each([
    ['has several', { publicKey: [{ owner: actor }, { owner: actor }] }, actor, actor],
    ['has another’s', { publicKey: { owner: `${actor}2` } }, actor, actor],
    ['has none', { publicKey: undefined }, actor, actor],
    ['is another', {}, `${actor}2`, `${actor}2`],
  ])('finds none by the address of an actor that %s', (_, members, foundAt, id) => {
    const { publicKey, ...rest } = members as { publicKey?: object | object[] };
    const filled =
      'publicKey' in members
        ? { publicKey: publicKey && [publicKey].flat().map((key) => ({ ...keyOf(), ...key })), ...rest }
        : {};
    expect(readKeyDocument(actorOf(signer, filled), foundAt, id)).toMatchObject({ read: 'unusable' });
  });

  test('does not trust the one key of a document that was found elsewhere', () => {
    const elsewhere = 'https://peer.example/uploads/1.json';
    expect(readKeyDocument(actorOf(signer), elsewhere, actor)).toMatchObject({ read: 'ask-owner', owner: actor });
  });

  test('finds a Multikey in assertionMethod', () => {
    const method = {
      id: `${actor}#ed25519`,
      type: 'Multikey',
      controller: actor,
      publicKeyMultibase: 'z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQXJPt4swbTQ2J',
    };
    for (const assertionMethod of [method, [method]]) {
      const reading = readKeyDocument(actorOf(signer, { assertionMethod }), actor, method.id);
      expect(reading).toMatchObject({ read: 'key', owner: actor, publicKey: { kind: 'ed25519' } });
    }
  });

  test("trusts a key below its owner's address that comes with the owner's shortened document", () => {
    const below = `${actor}/main-key`;
    const stub = { id: actor, type: 'Person', publicKey: keyOf({ id: below }) };
    expect(readKeyDocument(stub, below, below)).toMatchObject({ read: 'key', owner: actor });
  });

  test.each([
    ['beside its owner', 'https://peer.example/users/a-key'],
    ['below another actor', 'https://peer.example/users/b/main-key'],
    ['below its owner only as it is spelled', `${actor}/../b/key`],
    ['below its owner only as it is spelled, encoded', `${actor}/%2e%2e/b/key`],
  ])('asks the owner about a key %s', (_, id) => {
    const stub = { id: actor, type: 'Person', publicKey: keyOf({ id }) };
    expect(readKeyDocument(stub, new URL(id).href, id)).toMatchObject({ read: 'ask-owner', owner: actor });
  });

  test("asks the owner when the owner's document was found elsewhere", () => {
    const elsewhere = 'https://peer.example/uploads/1.json';
    expect(readKeyDocument(actorOf(signer), elsewhere, keyId)).toMatchObject({ read: 'ask-owner' });
    const below = `${actor}/main-key`;
    const stub = { id: actor, publicKey: keyOf({ id: below }) };
    expect(readKeyDocument(stub, elsewhere, below)).toMatchObject({ read: 'ask-owner' });
  });

  test('asks the owner about a document that is only a key', () => {
    const bare = keyOf({ id: 'https://peer.example/keys/1', type: 'Key' });
    expect(readKeyDocument(bare, bare.id, bare.id)).toMatchObject({ read: 'ask-owner', owner: actor });
  });

  test('does not ask an owner on another host, whatever it may list', () => {
    const id = 'https://peer.example/keys/1';
    const bare = keyOf({ id, owner: 'https://victim.example/users/a' });
    expect(readKeyDocument(bare, id, id)).toMatchObject({ read: 'unusable' });
  });

  test.each<[string, () => Record<string, unknown>]>([
    ['no key at all', () => ({ id: actor, type: 'Person' })],
    ['another key', () => actorOf(signer, { publicKey: keyOf({ id: `${actor}#other` }) })],
    ['a key without an owner', () => actorOf(signer, { publicKey: keyOf({ owner: undefined }) })],
    [
      'a key owned by a neighbour',
      () => actorOf(signer, { publicKey: keyOf({ owner: 'https://peer.example/users/b' }) }),
    ],
    [
      'a key owned by another host',
      () => actorOf(signer, { publicKey: keyOf({ owner: 'https://victim.example/users/a' }) }),
    ],
    [
      'a key owned under another scheme',
      () => actorOf(signer, { publicKey: keyOf({ owner: 'http://peer.example/users/a' }) }),
    ],
    ['a key owned by nobody', () => actorOf(signer, { publicKey: keyOf({ owner: 'a' }) })],
    ['another actor that lists the key', () => actorOf(signer, { id: 'https://peer.example/users/b' })],
    ['a key without material', () => actorOf(signer, { publicKey: keyOf({ publicKeyPem: undefined }) })],
    ['a key that is no PEM', () => actorOf(signer, { publicKey: keyOf({ publicKeyPem: 'hello' }) })],
    ['a key that is too weak', () => actorOf(signer, { publicKey: keyOf({ publicKeyPem: cavageKey }) })],
    ['a link to a key', () => actorOf(signer, { publicKey: keyId })],
    ['an array for a key', () => actorOf(signer, { publicKey: [[keyOf()]] })],
  ])('cannot use %s', (_, make) => {
    expect(readKeyDocument(make(), actor, keyId)).toMatchObject({ read: 'unusable' });
  });
});

describe('ownersKey()', () => {
  const id = 'https://peer.example/keys/1';
  const asked = () => {
    const reading = readKeyDocument(keyOf({ id }), id, id);
    if (reading.read !== 'ask-owner') throw new Error('the owner should be asked');
    return reading;
  };

  test('is the key that the owner lists', () => {
    const listed = { id: actor, publicKey: keyOf({ id, publicKeyPem: rfcKeys.rsa }) };
    const fromOwner = ownersKey(listed, actor, id, asked());
    expect(fromOwner).toMatchObject({ read: 'key', owner: actor });
    // What the owner says of the material counts.
    expect(fromOwner).not.toMatchObject({ publicKey: asked().publicKey });
  });

  test('is the key that the owner links to', () => {
    for (const publicKey of [id, [id]]) {
      expect(ownersKey({ id: actor, publicKey }, actor, id, asked())).toMatchObject({
        read: 'key',
        publicKey: asked().publicKey,
      });
    }
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['lists nothing', { id: actor }, actor],
    ['lists another', { id: actor, publicKey: 'https://peer.example/keys/2' }, actor],
    ['is another', { id: 'https://peer.example/users/b', publicKey: id }, actor],
    ['was found elsewhere', { id: actor, publicKey: id }, 'https://peer.example/uploads/1.json'],
    ['is the key itself', { id, owner: actor, publicKeyPem: rfcKeys.rsa }, id],
  ])('is nothing when the owner %s', (_, document, foundAt) => {
    expect(ownersKey(document, foundAt, id, asked())).toMatchObject({ read: 'unusable' });
  });
});
