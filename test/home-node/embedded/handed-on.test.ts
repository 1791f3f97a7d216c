// What somebody else brings to the embedded home than who wrote it (a relay, or the server of whom a reply was written to):
// taken for its author's by the proof in its body, and by nothing else.

import { createFederation, MemoryKvStore, verifyObject } from '@fedify/fedify';
import { Accept } from '@fedify/vocab';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeReceipt, receiptHeader } from '../../../home-node/receipts/receipt.ts';
import { limits } from '../../../shared/limits.ts';
import { type InboxRequest, send } from '../../support/forger.ts';
import { isProven } from '../../support/peers/matrix/linked-data.ts';
import { until } from '../../support/processes.ts';
import { type Signer, signed, startSigner, subjectOf } from '../receipts/signed.ts';
import { type Author, type Json, type ProofKind, proofKinds, startAuthor } from './author.ts';
import { EmbeddedHomeUnderTest } from './running.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const minute = 60_000;
const hour = 60 * minute;
const activityStreams = 'https://www.w3.org/ns/activitystreams';
const dataIntegrity = 'https://w3id.org/security/data-integrity/v1';

let home: EmbeddedHomeUnderTest;
let relay: Signer;
let author: Author;
let inbox: URL;
let count = 0;

beforeAll(async () => {
  home = await EmbeddedHomeUnderTest.make();
  inbox = new URL(`${home.actor}/inbox`);
  [relay, author] = await Promise.all([startSigner(), startAuthor()]);
  await home.start();
});
afterAll(async () => {
  relay.stop();
  author.stop();
  await home.end();
});

/** A new reply to the owner. */
function reply({ origin, actor }: Pick<Author, 'origin' | 'actor'> = author, more: Json = {}) {
  count += 1;
  const id = `${origin}/creations/${count}`;
  const object = {
    type: 'Note',
    id: `${origin}/notes/${count}`,
    attributedTo: actor,
    to: [`${activityStreams}#Public`, home.actor],
    content: 'Good evening',
    published: new Date(Date.now() - minute).toISOString(),
    ...more,
  };
  const context = [activityStreams, 'https://w3id.org/security/v1', dataIntegrity];
  return { '@context': context, id, type: 'Create', actor, to: object.to, object } as const;
}

function brought(body: Json, signer: Pick<Signer, 'keyId' | 'keys'> = relay, at = Date.now()): InboxRequest {
  return signed({ kind: 'cavage', signer, inbox, body: JSON.stringify(body), signedAt: at });
}

async function bring(body: Json, signer?: Pick<Signer, 'keyId' | 'keys'>): Promise<number> {
  return await send(home.port, brought(body, signer));
}

const kept = (id: unknown): readonly { readonly actor: string; readonly document: string }[] =>
  home
    .rows<{ activity: string; actor: string; document: string }>('SELECT activity, actor, document FROM inbox')
    .filter(({ activity }) => activity === id);

describe.each(proofKinds)('what somebody hands on, with %s', (kind: ProofKind) => {
  test('is taken, and kept as its author’s', async () => {
    const create = reply();
    expect(await bring(await author.prove(kind, create))).toBe(202);
    expect(kept(create.id)).toMatchObject([{ actor: author.actor }]);
  });

  test('comes a second time without being there twice', async () => {
    const create = reply();
    const proven = await author.prove(kind, create);
    expect([await bring(proven), await bring(proven)]).toEqual([202, 202]);
    expect(kept(create.id)).toHaveLength(1);
  });

  test('is refused when its body was changed', async () => {
    const create = reply();
    const proven = await author.prove(kind, create);
    const changes: readonly Json[] = [
      { object: { ...create.object, content: 'Good night' } },
      { id: `${author.origin}/creations/other` },
      { actor: `${author.origin}/somebody-else` },
      { type: 'Announce', object: `${home.actor}/posts/x` },
    ];
    for (const change of changes) expect(await bring({ ...proven, ...change }), JSON.stringify(change)).toBe(401);
    expect(kept(create.id)).toEqual([]);
  });

  test('is refused when somebody else’s key made the proof', async () => {
    const other = await startAuthor();
    const create = reply();
    const theirs = await other.prove(kind, create);
    const stranger = await other.prove(kind, reply(other));
    const renamed = JSON.parse(JSON.stringify(theirs).replaceAll(other.origin, author.origin)) as Json;
    const { signature = null, proof = null } = stranger;
    const moved = { ...create, ...(signature === null ? { proof } : { signature }) };
    for (const forged of [theirs, renamed, moved]) expect(await bring(forged)).toBe(401);
    expect(kept(create.id)).toEqual([]);
    other.stop();
  });

  test('is refused when a key of another origin says that it is the author’s, whoever signed the request', async () => {
    const thief = await startAuthor(author.actor);
    const create = reply();
    const proven = await thief.prove(kind, create);
    expect(await bring(proven)).toBe(401);
    expect(await bring(proven, thief)).toBe(401);
    // As if the author's server had brought it: the request's signature does not fit, the proof in the body does.
    expect(await bring(proven, { keyId: author.keyId, keys: thief.keys })).toBe(401);
    expect(kept(create.id)).toEqual([]);
    thief.stop();
  });

  test('is refused when its proof does not hold, whatever the key of the request says', async () => {
    const thief = await startAuthor(author.actor);
    const create = reply();
    const proven = await author.prove(kind, { ...create, object: { ...create.object, content: 'Something else' } });
    expect(await bring({ ...proven, object: create.object }, thief)).toBe(401);
    expect(kept(create.id)).toEqual([]);
    thief.stop();
  });

  test('is nothing of another’s when they bring it as their own', async () => {
    const other = await startAuthor();
    const create = reply();
    const proven = await author.prove(kind, create);
    expect(await bring({ ...proven, actor: other.actor }, other)).toBe(401);
    expect(kept(create.id)).toEqual([]);
    other.stop();
  });

  test('is refused when its proof is older than limits.handedOnMs, or from the future', async () => {
    const now = Date.now();
    const statuses: number[] = [];
    for (const madeAt of [now - limits.handedOnMs + hour, now - limits.handedOnMs - hour, now + 2 * hour]) {
      statuses.push(await bring(await author.prove(kind, reply(), madeAt)));
    }
    expect(statuses).toEqual([202, 401, 401]);
  });

  test('is judged by the time of its arrival when home vouches for that', async () => {
    const arrivedAt = Date.now() - 40 * 24 * hour;
    const create = reply();
    const old = brought(await author.prove(kind, create, arrivedAt - minute), relay, arrivedAt - minute);
    expect(await send(home.port, old)).toBe(401);
    const receipt = makeReceipt(home.secret, subjectOf(old, inbox), { receivedAt: arrivedAt, madeAt: Date.now() });
    const vouched = { ...old, headers: [...old.headers, [receiptHeader, receipt] as [string, string]] };
    expect(await send(home.port, vouched)).toBe(202);
    expect(kept(create.id)).toHaveLength(1);
  });

  test('is asked to come again while the author’s key cannot be had, and refused when there is none', async () => {
    const away = await startAuthor();
    away.status = 503;
    const create = reply(away);
    const proven = await away.prove(kind, create);
    expect(await bring(proven)).toBe(503);
    const nobody = await startAuthor();
    nobody.status = 404;
    expect(await bring(await nobody.prove(kind, reply(nobody)))).toBe(401);
    expect(kept(create.id)).toEqual([]);
    for (const one of [away, nobody]) one.stop();
  });

  test('makes nobody a follower, and lets nobody go', async () => {
    const follow = {
      '@context': activityStreams,
      id: `${author.origin}/follow/${proofKinds.indexOf(kind)}`,
      type: 'Follow',
    } as const;
    const about = { ...follow, actor: author.actor, object: home.actor };
    expect(await bring(await author.prove(kind, about))).toBe(202);
    expect(home.followers()).toEqual([]);
    expect(await bring(about, author)).toBe(202);
    expect(home.followers()).toEqual([author.actor]);
    const undo = { ...follow, id: `${follow.id}/undo`, type: 'Undo', actor: author.actor, object: about };
    const gone = { ...follow, id: `${follow.id}/gone`, type: 'Delete', actor: author.actor, object: author.actor };
    const later = { ...follow, id: `${follow.id}/later`, type: 'Undo', actor: author.actor, object: about.id };
    for (const one of [undo, later, gone]) expect(await bring(await author.prove(kind, one))).toBe(202);
    expect(home.followers()).toEqual([author.actor]);
    expect(await bring(undo, author)).toBe(202);
    expect(home.followers()).toEqual([]);
    // What is left of the Delete would keep the next tests from keeping anything.
    forgetTakenBack();
  });

  test('does not bring back what its author deleted or undid, and takes it away when it says so', async () => {
    const create = reply();
    const like = { ...create, id: `${create.id}/like`, type: 'Like', object: `${home.actor}/posts/x` };
    const proven = await Promise.all([create, like].map(async (one) => await author.prove(kind, one)));
    for (const one of proven) expect(await bring(one)).toBe(202);
    expect([...kept(create.id), ...kept(like.id)]).toHaveLength(2);
    const deletion = { ...create, id: `${create.id}/deletion`, type: 'Delete', object: create.object.id };
    const undo = { ...create, id: `${create.id}/undo`, type: 'Undo', object: like };
    expect(await bring(deletion, author)).toBe(202);
    expect(await bring(await author.prove(kind, undo))).toBe(202);
    for (const one of proven) expect(await bring(one)).toBe(202);
    expect([...kept(create.id), ...kept(like.id)]).toEqual([]);
    // The author may say it again.
    expect(await bring(like, author)).toBe(202);
    expect(kept(like.id)).toHaveLength(1);
  });

  test('does not put an older change in the place of a newer one', async () => {
    const create = reply();
    const changed = (content: string, minutes: number): Json => ({
      ...create,
      id: `${create.id}/${content}`,
      type: 'Update',
      object: { ...create.object, content, updated: new Date(Date.now() + minutes * minute).toISOString() },
    });
    expect(await bring(create, author)).toBe(202);
    expect(await bring(await author.prove(kind, changed('second', 2)))).toBe(202);
    expect(await bring(await author.prove(kind, changed('first', 1)))).toBe(202);
    expect(kept(create.id)[0]?.document).toContain('second');
    expect(await bring(await author.prove(kind, changed('third', 3)))).toBe(202);
    expect(kept(create.id)[0]?.document).toContain('third');
  });
});

describe('what somebody hands on', () => {
  test('is refused without a proof', async () => {
    const create = reply();
    expect(await bring(create)).toBe(401);
    expect(await bring({ ...create, signature: { type: 'RsaSignature2017' } })).toBe(401);
    expect(await bring({ ...create, proof: `${author.origin}/proofs/1` })).toBe(401);
    expect(kept(create.id)).toEqual([]);
  });

  /** A proof that Fedify reads behind a context, and none that can be read plainly. */
  function hidden(proven: Json, shown: Json): Json {
    const { proof, ...rest } = proven;
    return { ...rest, 'https://w3id.org/security#proof': proof, ...shown };
  }

  test('shows a proof of its author, and hides one of another: nothing of it is kept', async () => {
    const thief = await startAuthor(author.actor);
    const create = reply();
    const proven = await thief.prove('an object integrity proof', create);
    const shown = {
      signature: {
        type: 'RsaSignature2017',
        creator: author.keyId,
        created: new Date().toISOString(),
        signatureValue: 'c2ln',
      },
    };
    await bring(hidden(proven, shown));
    await bring(hidden(proven, shown), author);
    expect(kept(create.id)).toEqual([]);
    thief.stop();
  });

  test('shows a new proof and hides an old one: nothing of it is kept', async () => {
    const create = reply();
    const proven = await author.prove('an object integrity proof', create, Date.now() - 2 * limits.handedOnMs);
    const shown = await author.prove('a Linked Data signature', { ...create, type: 'Announce' });
    await bring(hidden(proven, { signature: shown.signature }));
    expect(kept(create.id)).toEqual([]);
  });
});

test('what the embedded home sends carries proofs of both kinds, which others can check that it is handed on to', async () => {
  const follow = { id: `${author.origin}/follows/proofs`, type: 'Follow', actor: author.actor, object: home.actor };
  expect(await bring({ '@context': activityStreams, ...follow }, author)).toBe(202);
  const accept = await until('the Accept', () => author.received.find(({ body }) => body.type === 'Accept') ?? null);
  const { body } = accept;
  expect(accept.headers['signature-input'] ?? accept.headers.signature).toBeDefined();
  const asked = await fetch(home.actor, { headers: { accept: 'application/activity+json' } });
  const { publicKey } = (await asked.json()) as { publicKey: { id: string; owner: string; publicKeyPem: string } };
  const keyOf = async (keyId: string) => {
    expect(keyId).toBe(publicKey.id);
    return await Promise.resolve({ owner: publicKey.owner, pem: publicKey.publicKeyPem });
  };
  expect(await isProven(body, keyOf)).toBe(true);
  expect(await isProven({ ...body, to: `${author.origin}/other` }, keyOf)).toBe(false);
  const { signature: _, ...proven } = body;
  const peer = createFederation<void>({ kv: new MemoryKvStore(), allowPrivateAddress: true });
  const { contextLoader, documentLoader } = peer.createContext(new URL(author.origin), undefined);
  const loaders = { contextLoader, documentLoader };
  expect(await verifyObject(Accept, proven, loaders)).not.toBeNull();
  expect(await verifyObject(Accept, { ...proven, to: `${author.origin}/other` }, loaders)).toBeNull();
  home.change('DELETE FROM followers');
});

describe('a Delete whose key is gone', () => {
  test('forgets who is gone, and nobody who is there', async () => {
    const other = await startAuthor();
    const create = reply(other);
    expect(await bring(create, other)).toBe(202);
    forgetKeys();
    other.status = 410;
    other.actorStatus = 200;
    const gone = { '@context': activityStreams, id: `${other.origin}/gone`, type: 'Delete' } as const;
    const deletion = { ...gone, actor: other.actor, object: other.actor };
    expect(await bring(deletion, other)).toBe(401);
    expect(kept(create.id)).toHaveLength(1);
    forgetKeys();
    other.actorStatus = 410;
    expect(await bring(deletion, other)).toBe(202);
    expect(kept(create.id)).toEqual([]);
    other.stop();
  });
});

/** As after a month without them. */
function forgetKeys(): void {
  home.change('DELETE FROM kv');
}

function forgetTakenBack(): void {
  home.change("DELETE FROM milestones WHERE name GLOB 'taken-back:*'");
}
