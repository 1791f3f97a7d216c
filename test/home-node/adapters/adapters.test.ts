// The adapters: what a service's answer means, what home adds to a delivery, what a service leaves at the edge.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Adapter } from '../../../home-node/adapters/adapter.ts';
import { embeddedAdapter } from '../../../home-node/adapters/embedded.ts';
import { genericAdapter } from '../../../home-node/adapters/generic.ts';
import { bodyDigest } from '../../../home-node/receipts/receipt.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { Delivery } from '../../../shared/delivery.ts';
import { makeKeyPair } from '../../support/forger.ts';
import { ask } from '../../support/processes.ts';
import { EmbeddedHomeUnderTest, hears, type NeighbourUnderTest, startNeighbour } from '../embedded/running.ts';
import { partsOf, receiptsOf } from '../receipts/embedded-receipts.ts';
import { signed } from '../receipts/signed.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const arrival = Date.UTC(2026, 10, 20, 22, 0, 0);
const inbox = new URL('https://example.org/users/owner/inbox');
const body = new TextEncoder().encode('{"type":"Follow"}');

function deliveryOf(change: Partial<Delivery> = {}): Delivery {
  const signer = { keyId: 'https://peer.example/actor#main-key', keys: makeKeyPair() };
  const { headers } = signed({ kind: 'cavage', signer, inbox, body: '{"type":"Follow"}', signedAt: arrival });
  return {
    id: 'd1',
    lane: 'activitypub',
    service: 'home',
    sender: 'https://peer.example/actor',
    receivedAt: arrival,
    method: 'POST',
    host: inbox.host,
    path: inbox.pathname,
    headers: headers.map(([name, value]) => [name.toLowerCase(), value]),
    remoteAddress: null,
    proof: { by: 'cavage', keyId: signer.keyId },
    undecided: null,
    bodyBytes: body.length,
    bodySha256: bodyDigest(body),
    seq: 1,
    attempts: 0,
    ...change,
  };
}

const embeddedAt = (now: number): Adapter => embeddedAdapter(partsOf(new Uint8Array(32), { now: () => now }));
const generic = genericAdapter({ inboxes: ['/inbox'], signatures: ['cavage'] });

describe.each([
  ['embedded', embeddedAt(arrival)],
  ['activitypub', generic],
])('the adapter %s', (kind, adapter) => {
  const outcome = (status: number, change: Partial<Delivery> = {}, retryAfterMs: number | null = null) =>
    adapter.outcomeOf({ status, retryAfterMs }, deliveryOf(change));

  test('is called what the configuration calls it', () => {
    expect(adapter.kind).toBe(kind);
  });

  test.each([200, 202, 204])('takes %i as delivered', (status) => {
    expect(outcome(status)).toEqual({ outcome: 'delivered' });
  });

  test.each([408, 425, 429, 500, 502, 503])('tries again after %i', (status) => {
    expect(outcome(status)).toMatchObject({ outcome: 'later', reason: expect.stringContaining(String(status)) });
  });

  test.each([301, 400, 401, 403, 404, 410, 413])('gives up after %i', (status) => {
    expect(outcome(status)).toMatchObject({ outcome: 'dead', reason: expect.stringContaining(String(status)) });
  });

  test('passes on how long the service wants to be left alone', () => {
    expect(outcome(503, {}, 9000)).toMatchObject({ outcome: 'later', retryAfterMs: 9000 });
  });

  test('tries a proof that the edge could not decide a few times', () => {
    const undecided = 'its key could not be had';
    expect(outcome(401, { undecided, attempts: 0 }).outcome).toBe('later');
    expect(outcome(401, { undecided, attempts: 5 }).outcome).toBe('dead');
    expect(outcome(403, { undecided, attempts: 0 }).outcome).toBe('dead');
  });
});

describe('the embedded adapter', () => {
  test('adds a receipt that the service believes in the morning', async () => {
    const morning = arrival + 9 * 3_600_000;
    const delivery = deliveryOf();
    const [[name, receipt] = ['', '']] = await embeddedAt(morning).headersFor(delivery, body);
    expect(name).toBe('Porchlight-Receipt');
    const subject = { ...delivery, scheme: 'https' as const };
    expect(receiptsOf(new Uint8Array(32), { now: () => morning }).check(subject, receipt)).toEqual({
      receipt: 'good',
      receivedAt: arrival,
    });
  });

  test('adds none when the signed time and the arrival do not agree', async () => {
    const late = deliveryOf({ receivedAt: arrival + 2 * 3_600_000 });
    expect(await embeddedAt(late.receivedAt).headersFor(late, body)).toEqual([]);
  });

  test('lets the delivery wait while home’s clock is behind', async () => {
    await expect(embeddedAt(arrival - 3_600_000).headersFor(deliveryOf(), body)).rejects.toMatchObject({
      code: 'home-clock',
      message: expect.stringContaining('set the clock'),
    });
  });

  describe('asks the running service', () => {
    let home: EmbeddedHomeUnderTest;
    let neighbour: NeighbourUnderTest;
    beforeAll(async () => {
      home = await EmbeddedHomeUnderTest.make();
      [neighbour] = await Promise.all([startNeighbour(), home.start()]);
      await ask(neighbour.program, 'follow', { to: home.actor });
      await hears(neighbour, 'Accept');
    });
    afterAll(async () => {
      await neighbour.program.kill();
      await home.end();
    });

    test('for all that strangers may know of it', async () => {
      const adapter = embeddedAdapter(partsOf(home.secret, systemClock));
      const left = await adapter.leavings(new URL(home.origin), AbortSignal.timeout(10_000));
      expect(left.inboxes).toEqual(['/users/owner/inbox', '/inbox']);
      expect(left.accounts).toMatchObject([
        {
          subject: `acct:owner@localhost:${home.port}`,
          aliases: [home.actor],
          links: expect.arrayContaining([{ rel: 'self', href: home.actor, type: 'application/activity+json' }]),
        },
      ]);
      expect(left.nodeinfo).toMatchObject({ version: '2.1', protocols: ['activitypub'] });
      expect(left.knownActors).toEqual([neighbour.actor]);
      const { publicKey } = (await (
        await fetch(neighbour.actor, { headers: { accept: 'application/activity+json' } })
      ).json()) as { publicKey: { id: string; publicKeyPem: string } };
      expect(left.actorKeys).toEqual([
        { keyId: publicKey.id, owner: neighbour.actor, publicKeyPem: publicKey.publicKeyPem },
      ]);
      expect(left.pages).toEqual(['/', '/first-light.html', '/about.html', '/feed.xml', '/style.css', '/favicon.svg']);
      expect(left.documents.map(({ path }) => path)).toEqual([
        '/users/owner',
        '/users/owner/outbox',
        '/users/owner/featured',
        '/users/owner/followers',
        '/users/owner/following',
      ]);
      const [actor] = left.documents;
      expect(actor).toMatchObject({ host: `localhost:${home.port}`, contentType: 'application/activity+json' });
      expect(JSON.parse(actor?.body ?? '')).toMatchObject({ id: home.actor, type: 'Person' });
      // Who follows is nobody's to know, here as there.
      expect(JSON.stringify(left.documents)).not.toContain(neighbour.origin);
    });

    test('and fails, rather than leave nothing, when it is refused', async () => {
      const stranger = embeddedAt(arrival);
      const asking = stranger.leavings(new URL(home.origin), AbortSignal.timeout(10_000));
      await expect(asking).rejects.toMatchObject({
        code: 'embedded-leavings',
        message: expect.stringContaining('answered 401'),
      });
    });
  });
});

describe('a service that sends the embedded adapter elsewhere', () => {
  test('is not followed, and nothing is left', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await expect(embeddedAt(arrival).leavings(base, AbortSignal.timeout(10_000))).rejects.toThrow(/answered 302/);
    expect(asked).toEqual(['/.porchlight/leavings']);
    server.closeAllConnections();
    server.close();
  });
});

describe('the generic adapter', () => {
  test('adds nothing and leaves what its owner said', async () => {
    expect(await generic.headersFor(deliveryOf(), body)).toEqual([]);
    expect(await generic.leavings(new URL('http://127.0.0.1:1'), AbortSignal.timeout(1))).toEqual({
      inboxes: ['/inbox'],
      accounts: null,
      nodeinfo: null,
      documents: [],
      knownActors: null,
      pages: [],
    });
  });
});
