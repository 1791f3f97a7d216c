// One suite, every adapter of a server that Porchlight knows by name: intake puts real requests before a real HTTP service
// that verifies as the server does, and the adapter says what came of it.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Adapter } from '../../home-node/adapters/adapter.ts';
import { serverAdapter } from '../../home-node/adapters/server-adapter.ts';
import { Deliverer } from '../../home-node/intake/deliver.ts';
import { bodyDigest, receiptHeader } from '../../home-node/receipts/receipt.ts';
import type { Issuer } from '../../home-node/receipts/service-receipts.ts';
import { serverSoftware } from '../../home-node/service-adapters.ts';
import { acceptances } from '../../shared/acceptance/profiles.ts';
import { systemClock } from '../../shared/clock.ts';
import { knownSoftware, type SoftwareKind, softwareKinds } from '../../shared/config/software.ts';
import type { Delivery, HeaderList, Outcome } from '../../shared/delivery.ts';
import { fitsInbox } from '../../shared/inbox-path.ts';
import { makeKeyPair, type Signing, signedRequest } from '../support/forger.ts';
import { type HomeServer, startServer } from './home-servers.ts';

const actor = 'https://peer.example/users/alice';
const keyId = `${actor}#main-key`;
const keys = makeKeyPair();
const host = 'home.example';
const body = '{"id":"https://peer.example/1","type":"Follow","actor":"https://peer.example/users/alice"}';
const hour = 3_600_000;

/** No receipt can be had, as without a hook. */
const noReceipts: Issuer = { issue: () => ({ vouch: false, because: 'request', reason: 'none in this test' }) };
const everyReceipt: Issuer = { issue: () => ({ receipt: 'v2 1 1 x' }) };

const adapterFor = (kind: SoftwareKind, receipts = noReceipts): Adapter =>
  serverAdapter(serverSoftware[kind], {
    signatures: knownSoftware[kind].signatures,
    receipts,
    leavings: async () => await Promise.reject(new Error('not asked here')),
  });

const pathOf = (kind: SoftwareKind): string => (knownSoftware[kind].inboxes.at(-1) ?? '').replace('{name}', 'owner');

function deliveryTo(kind: SoftwareKind, signing: Partial<Signing> = {}, change: Partial<Delivery> = {}): Delivery {
  const path = pathOf(kind);
  const { headers } = signedRequest({ host, path, keyId, privateKey: keys.privateKey, body, ...signing });
  return {
    id: 'd1',
    lane: 'activitypub',
    service: 'social',
    sender: actor,
    receivedAt: Date.now(),
    method: 'POST',
    host,
    path,
    headers,
    remoteAddress: '192.0.2.7',
    proof: { by: 'cavage', keyId },
    undecided: null,
    bodyBytes: body.length,
    bodySha256: bodyDigest(new TextEncoder().encode(body)),
    seq: 1,
    attempts: 0,
    ...change,
  };
}

const deliverer = new Deliverer({ clock: systemClock });
afterAll(async () => await deliverer.close());

const signedAgo = (ms: number): Partial<Signing> => ({ date: new Date(Date.now() - ms) });

describe.each(softwareKinds)('the adapter %s', (kind) => {
  const { title, window, hook, bodyBytes } = serverSoftware[kind].traits;
  const { unproven, isSilent, unprovenMayPass } = serverSoftware[kind];
  /** Tried as often as a proof is tried that may yet be found good. */
  const tried = { attempts: 5 };
  let server: HomeServer;

  beforeAll(async () => {
    server = await startServer(kind, { keyId, actor, publicKey: keys.publicKey });
  });
  afterEach(() => {
    server.answer = null;
    server.came.length = 0;
  });
  afterAll(async () => await server.stop());

  const deliver = async (delivery: Delivery, adapter = adapterFor(kind)): Promise<Outcome> => {
    const recipient = { name: 'social', adapter, origin: () => server.origin };
    return (await deliverer.deliver(recipient, delivery, new TextEncoder().encode(body))).outcome;
  };
  const answered = async (status: number, change: Partial<Delivery> = {}, retryAfter?: string): Promise<Outcome> => {
    server.answer = { status, ...(retryAfter === undefined ? {} : { retryAfter }) };
    return await deliver(deliveryTo(kind, {}, change));
  };

  test('brings what its sender signed, word for word, and calls it delivered', async () => {
    const odd: HeaderList = [
      ['X-Date', 'x'],
      ['Forwarded', 'for=1'],
      ['X_Forwarded_Host', 'a'],
      ['porchlight_receipt', 'a'],
    ];
    const delivery = deliveryTo(kind);
    expect(await deliver({ ...delivery, headers: [...delivery.headers, ...odd] })).toEqual({ outcome: 'delivered' });
    const [{ request, body: came } = {}] = server.came;
    expect(came?.toString()).toBe(body);
    expect([request?.method, request?.url]).toEqual(['POST', pathOf(kind)]);
    for (const [name, value] of delivery.headers) expect(request?.headers[name.toLowerCase()]).toBe(value);
    expect(request?.headers).toMatchObject({ 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' });
    for (const [name] of odd) expect(request?.headers).not.toHaveProperty(name.toLowerCase());
  });

  test('adds a receipt where a hook can read it, and nowhere else', async () => {
    await deliver(deliveryTo(kind), adapterFor(kind, everyReceipt));
    const receipt = server.came[0]?.request.headers[receiptHeader.toLowerCase()];
    expect(receipt).toBe(hook === null ? undefined : 'v2 1 1 x');
  });

  if (!isSilent)
    test('ends what was forged, and does not blame its age or a hook', async () => {
      const outcome = await deliver(deliveryTo(kind, { privateKey: makeKeyPair().privateKey }, tried));
      expect(outcome).toMatchObject({ outcome: 'dead', reason: expect.stringContaining(title) });
      expect(outcome).not.toMatchObject({ reason: expect.stringMatching(/hook|defer|older/) });
    });

  if (window !== null)
    test('ends what came too late with its age, and what would mend it', async () => {
      const pastMs = window === null || window === 'unknown' ? 0 : window.pastMs;
      const delivery = deliveryTo(kind, signedAgo(pastMs + 15 * hour));
      const outcome = await deliver(delivery);
      const mend = hook === null ? '`defer = true`' : `porchlight hook show ${delivery.service}`;
      expect(outcome).toMatchObject({ outcome: 'dead', reason: expect.stringContaining(mend) });
      expect(outcome).toMatchObject({ reason: expect.stringMatching(/signed (15|16|39) hours before it came here/) });
      // A night that the service bears is no reason.
      expect(await deliver(deliveryTo(kind, signedAgo(pastMs - 60_000)))).toEqual({ outcome: 'delivered' });
    });

  if (window === null)
    test('brings what is a night old', async () => {
      expect(await deliver(deliveryTo(kind, signedAgo(16 * hour)))).toEqual({ outcome: 'delivered' });
    });

  test('waits while the service says "later", for as long as it says', async () => {
    expect(await answered(503, {}, '30')).toMatchObject({ outcome: 'later', retryAfterMs: 30_000 });
    expect(await answered(429, {}, '9')).toMatchObject({ outcome: 'later', retryAfterMs: 9_000 });
    expect(await answered(500)).toMatchObject({ outcome: 'later' });
  });

  test('tries a proof that nobody could check a few times, and then no more', async () => {
    for (const status of unproven) {
      const undecided = 'its key could not be had';
      expect(await answered(status, { undecided })).toMatchObject({ outcome: 'later' });
      expect(await answered(status, { undecided, attempts: 5 })).toMatchObject({ outcome: 'dead' });
      expect(await answered(status)).toMatchObject({ outcome: unprovenMayPass ? 'later' : 'dead' });
      expect(await answered(status, tried)).toMatchObject({ outcome: 'dead' });
    }
  });

  if (hook !== null)
    test('does not blame its age or a missing hook for what the hook judged as of its arrival', async () => {
      for (const status of unproven) {
        server.answer = { status, isJudged: true };
        expect((await deliver(deliveryTo(kind, signedAgo(16 * hour)))).outcome).toBe(
          unprovenMayPass ? 'later' : 'dead',
        );
        const last = await deliver(deliveryTo(kind, signedAgo(16 * hour), tried));
        expect(last).toMatchObject({ outcome: 'dead', reason: expect.not.stringMatching(/hook|older/) });
      }
    });

  test('ends what is for nobody, and what is too long, in words', async () => {
    for (const status of [404, 413, 301]) {
      const outcome = await answered(status, { bodyBytes: 2_000_000 });
      expect(outcome).toMatchObject({ outcome: 'dead', reason: expect.stringContaining(String(status)) });
      if (status === 413) expect(outcome).toMatchObject({ reason: expect.stringContaining('2000000 bytes') });
    }
  });

  test('knows its software: inboxes, acceptance, pace, what tells a repetition', () => {
    const adapter = adapterFor(kind);
    expect(adapter).toMatchObject({ kind, deduplicatesBy: expect.stringMatching(/id/), greeter: null });
    expect(bodyBytes).toBe(acceptances[kind].bodyBytes);
    const { inboxes, parallel, perSecond, perSecondOfAddress, signatures } = knownSoftware[kind];
    expect(adapter.traits).toMatchObject({ parallel, perSecond, perSecondOfAddress });
    expect(inboxes.some((inbox) => fitsInbox(inbox, pathOf(kind)))).toBe(true);
    const leavings = { inboxes, accounts: null, documents: [], knownActors: null, pages: [] };
    const accepts = adapter.acceptsOf?.({ ...leavings, nodeinfo: { software: { version: '99.0' } } });
    expect(accepts).toEqual(acceptances[kind]);
    expect(accepts?.rfc9421 !== null).toBe(signatures.includes('rfc9421'));
  });
});

test('an earlier Mastodon, or one that does not say which, is asked for draft-cavage alone', () => {
  const { acceptsOf } = adapterFor('mastodon');
  const left = { inboxes: [], accounts: null, documents: [], knownActors: null, pages: [] };
  const of = (nodeinfo: Readonly<Record<string, unknown>> | null) => acceptsOf?.({ ...left, nodeinfo });
  expect(of({ software: { version: '4.5.0-beta.1+glitch' } })?.rfc9421).not.toBeNull();
  expect(of({ software: { version: '5.0.1' } })?.rfc9421).not.toBeNull();
  for (const version of ['4.4.20', '4.3.1', 'edge', 7]) expect(of({ software: { version } })?.rfc9421).toBeNull();
  expect(of(null)?.rfc9421).toBeNull();
});

test('Mastodon: a request with two Signature lines, which fails there each time, is not tried for ever', () => {
  const { outcomeOf } = adapterFor('mastodon');
  const delivery = deliveryTo('mastodon');
  const twice = { ...delivery, headers: [...delivery.headers, ['signature', 'x'] as const] };
  const answer = { status: 500, retryAfterMs: null, at: Date.now() };
  expect(outcomeOf(answer, twice)).toMatchObject({
    outcome: 'dead',
    reason: expect.stringContaining('2 Signature lines'),
  });
  expect(outcomeOf(answer, delivery)).toMatchObject({ outcome: 'later' });
});

test('GoToSocial: what says itself when it expires is told by that, and never asked for a hook', () => {
  const { outcomeOf } = adapterFor('gotosocial');
  const now = Math.floor(Date.now() / 1000);
  const times = `algorithm="hs2019",created=${now - 7200},expires=${now - 3600}`;
  const covered = ['(request-target)', 'host', 'date', 'digest', '(created)', '(expires)'];
  const delivery = deliveryTo('gotosocial', { parameters: times, covered });
  const outcome = outcomeOf({ status: 401, retryAfterMs: null, at: Date.now() }, delivery);
  expect(outcome).toMatchObject({
    outcome: 'dead',
    reason: expect.stringMatching(/expired 60 minutes before.*defer = true/),
  });
});

test('GoToSocial: what came without a User-Agent, which it does not take, gets one from home; what has one keeps it', async () => {
  const { headersFor } = adapterFor('gotosocial');
  const { headers: all, ...rest } = deliveryTo('gotosocial');
  const without = { ...rest, headers: all.filter(([name]) => name.toLowerCase() !== 'user-agent') };
  const bytes = new TextEncoder().encode(body);
  expect(await headersFor(without, bytes)).toEqual([['User-Agent', 'Porchlight (home node)']]);
  expect(await headersFor({ ...without, headers: [...without.headers, ['USER-AGENT', 'x']] }, bytes)).toEqual([]);
  expect(await adapterFor('lemmy').headersFor(without, bytes)).toEqual([]);
});

test('PeerTube: by a clock that is behind, what is fresh looks like the future, and the owner is told of the clock', () => {
  const { outcomeOf } = adapterFor('peertube');
  const delivery = deliveryTo('peertube');
  const outcome = outcomeOf({ status: 403, retryAfterMs: null, at: Date.now() - hour }, delivery);
  expect(outcome).toMatchObject({ outcome: 'dead', reason: expect.stringContaining('set the clock') });
});

test('Misskey: that its federation is switched off is what its owner is told', () => {
  const { outcomeOf } = adapterFor('misskey');
  const outcome = outcomeOf({ status: 403, retryAfterMs: null, at: Date.now() }, deliveryTo('misskey'));
  expect(outcome).toMatchObject({ outcome: 'dead', reason: expect.stringContaining('federation is switched off') });
});
