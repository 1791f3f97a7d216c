// What another server hands on: a relay, or the server of whom a reply was written to. It is kept as that server's where
// home's service looks for the proof in the activity itself, and refused like a forgery where it does not.

import { describe, expect, test } from 'vitest';
import { readActivity } from '../../../edge/activitypub/activity.ts';
import type { Acceptance } from '../../../shared/acceptance/acceptance.ts';
import { acceptances } from '../../../shared/acceptance/profiles.ts';
import { cavage, rfc9421 } from '../../shared/signature/signing.ts';
import { document } from '../http/internet.ts';
import { bytesOf, homeWith, snapshotOf } from './home.ts';
import { alice, bob, follow, inboxRig, letter, mallory } from './inbox-rig.ts';
import { actorOf } from './peer.ts';

const rig = inboxRig();
const linkedData = { type: 'RsaSignature2017', creator: `${alice}#main-key`, signatureValue: 'c2ln' };
const integrity = { type: 'DataIntegrityProof', cryptosuite: 'eddsa-jcs-2022', proofValue: 'z3' };
const note = { ...follow, type: 'Create', object: { id: `${alice}/posts/1`, type: 'Note' } };

function homeOf(accepts: Acceptance): void {
  const [service] = snapshotOf().services;
  if (service === undefined) throw new Error('there is no service');
  rig.home = homeWith(snapshotOf({ services: [{ ...service, accepts }] }));
}

describe('readActivity() finds a proof of its own', () => {
  test.each([
    [{ signature: linkedData }, true],
    [{ proof: integrity }, true],
    [{ proof: [{}, integrity] }, true],
    [{}, false],
    [{ signature: 'c2ln' }, false],
    [{ signature: { type: 'RsaSignature2017' } }, false],
    [{ signature: [linkedData] }, false],
    [{ proof: [] }, false],
    [{ proof: { proofValue: 1 } }, false],
  ])('in %j: %s', (proof, carriesProof) => {
    expect(readActivity(bytesOf({ ...note, ...proof }))).toMatchObject({ activity: { carriesProof } });
  });
});

describe('an activity of Alice that Mallory’s server hands on', () => {
  const body = bytesOf({ ...note, signature: linkedData });

  test.each(['mastodon', 'mastodon-4.3', 'peertube', 'misskey', 'hollo', 'embedded'] as const)(
    'is kept for %s, as Mallory’s and word for word',
    async (name) => {
      homeOf(acceptances[name]);
      expect((await rig.send(await cavage(rig.signers.mallory, { ...letter, body }), body)).status).toBe(202);
      const [kept] = rig.home.spool.arrivals;
      expect(kept?.arrival).toMatchObject({ sender: mallory, undecided: null });
      expect(kept?.body).toEqual(body);
    },
  );

  test('is refused where Mallory’s name would fill the rows that it makes', async () => {
    homeOf(acceptances.mastodon);
    const owner = `${mallory}#${'x'.repeat(100_000)}`;
    const { keyId, pem } = rig.signers.mallory;
    const long = { ...actorOf(rig.signers.mallory), id: owner, publicKey: { id: keyId, owner, publicKeyPem: pem } };
    rig.internet.add(new URL(mallory).host, () => document(long));
    await rig.expectRefused(401, await cavage(rig.signers.mallory, { ...letter, body }), body);
  });

  test('is kept when signed by RFC 9421, and when a neighbour on Alice’s server hands it on', async () => {
    homeOf(acceptances.mastodon);
    expect((await rig.send(await rfc9421(rig.signers.mallory, { ...letter, body }), body)).status).toBe(202);
    expect((await rig.send(await cavage(rig.signers.bob, { ...letter, body }), body)).status).toBe(202);
    expect(rig.home.spool.arrivals.map(({ arrival }) => arrival.sender)).toEqual([mallory, bob]);
  });

  test.each(['gotosocial', 'pixelfed', 'lemmy', 'cavage', 'both'] as const)(
    'is refused for %s, which asks for the actor’s own signature',
    async (name) => {
      homeOf(acceptances[name]);
      await rig.expectRefused(401, await cavage(rig.signers.mallory, { ...letter, body }), body);
    },
  );

  test('is refused without a proof of its own', async () => {
    homeOf(acceptances.mastodon);
    const bare = bytesOf(note);
    await rig.expectRefused(401, await cavage(rig.signers.mallory, { ...letter, body: bare }), bare);
  });

  test('is refused when Mallory’s own signature does not hold: a proof in the body opens nothing', async () => {
    homeOf(acceptances.mastodon);
    const forged = { ...rig.signers.stranger, keyId: rig.signers.mallory.keyId };
    await rig.expectRefused(401, await cavage(forged, { ...letter, body }), body);
  });
});
