// Home wakes with a wrong clock, or its clock is set while it works: nothing dies of it and no attempt is spent. With the
// embedded home behind intake, both by the same clock, as on one machine.

import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { embeddedAdapter } from '../../../home-node/adapters/embedded.ts';
import { type EmbeddedHome, openEmbeddedHome } from '../../../home-node/embedded/wiring.ts';
import { createLog } from '../../../home-node/log.ts';
import { openSecret } from '../../../home-node/receipts/secret.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { freePort } from '../../support/ports.ts';
import { until } from '../../support/processes.ts';
import { makeFolder } from '../embedded/running.ts';
import { partsOf } from '../receipts/embedded-receipts.ts';
import { type Asked, type Signer, signed, startSigner } from '../receipts/signed.ts';
import { House } from './house.ts';
import { plainAdapter } from './plain-adapter.ts';

// Keys are made, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const day = 24 * 3_600_000;
const clock = { offMs: 0, now: () => systemClock.now() + clock.offMs };

let house: House;
let embedded: EmbeddedHome;
let signer: Signer;
let inbox: URL;
let folder: string;
let likes = 0;

beforeEach(async () => {
  clock.offMs = 0;
  house = await House.start({ troubleMs: 50 }, clock);
  signer = await startSigner();
  folder = makeFolder();
  const port = await freePort();
  inbox = new URL(`http://localhost:${port}/users/owner/inbox`);
  const receiptSecretFile = join(folder, 'receipt-secret');
  const parts = partsOf(openSecret(receiptSecretFile, systemRandom), clock);
  embedded = await openEmbeddedHome(
    {
      folder,
      port,
      origin: inbox.origin,
      handleHost: inbox.host,
      handle: 'owner',
      title: 'Home',
      language: 'en',
      receiptSecretFile,
      allowPrivateAddresses: true,
      tethered: false,
      logLevel: 'warn',
    },
    clock,
    createLog('warn', clock, (line) => house.said.push(line)),
  );
  await new Promise<void>((resolve) => embedded.server.listen(port, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(embedded.server.address() as AddressInfo).port}`;
  house.recipients.set('home', { name: 'home', adapter: embeddedAdapter(parts), origin: () => origin });
});

afterEach(async () => {
  await house.end();
  await new Promise((resolve) => embedded.server.close(resolve));
  embedded.close();
  signer.stop();
});

/** A Like of the owner's that reached the edge a minute after it was signed. Its id. */
function put(kind: Asked['kind'], signedAt: number): string {
  likes += 1;
  const id = `${signer.origin}/likes/${likes}`;
  const object = `${inbox.origin}/users/owner/posts/x`;
  const activity = {
    '@context': 'https://www.w3.org/ns/activitystreams',
    id,
    type: 'Like',
    actor: signer.actor,
    object,
  };
  const { headers, path, body } = signed({ kind, signer, inbox, body: JSON.stringify(activity), signedAt });
  house.edge.put(body, { headers, path, host: inbox.host, receivedAt: signedAt + 60_000, sender: signer.actor });
  return id;
}

/** The Likes that had their effect. */
function atHome(): Set<string> {
  const database = new DatabaseSync(join(folder, 'actor', 'actor.sqlite'), { readOnly: true });
  const rows = database.prepare('SELECT activity FROM inbox').all() as { activity: string }[];
  database.close();
  return new Set(rows.map(({ activity }) => activity));
}

const outcomes = (): Set<string> => new Set(house.edge.answers.map(({ outcome }) => outcome));
const complaints = (): string[] => house.said.filter((line) => line.includes('Cannot take deliveries'));
const allKept = async (): Promise<true> =>
  await until(`all kept; home said:\n${house.said.join('')}`, () =>
    house.edge.states().every((state) => state === 'kept') ? true : null,
  );

/** Some that waited long and one that came just now, of one sender. */
function putSome(): string[] {
  const now = systemClock.now();
  return [put('cavage', now - 40 * day), put('rfc9421', now - 15 * day), put('cavage', now - 60_000)];
}

describe('a delivery', () => {
  test.each(['cavage', 'rfc9421'] as const)('signed with %s that waited for 40 days has its effect', async (kind) => {
    const ids = [put(kind, systemClock.now() - 40 * day), put(kind, systemClock.now() - 400 * day)];
    house.connect();
    await allKept();
    expect(atHome()).toEqual(new Set(ids));
    expect(outcomes()).toEqual(new Set(['delivered']));
  });
});

describe('a home whose clock is', () => {
  test.each([
    ['20 days ahead', 20 * day, '20 days ahead'],
    ['30 years behind', -30 * 365 * day, '10950 days behind'],
  ])('%s takes nothing, spends no attempt, says so once, and goes on when it is right', async (_, offMs, words) => {
    clock.offMs = offMs;
    const ids = putSome();
    house.connect();
    await until('it has asked the time a few times', () => (house.edge.turns.length >= 6 ? true : null));
    expect(complaints()).toHaveLength(1);
    expect(complaints()[0]).toContain(words);
    expect(atHome()).toEqual(new Set());
    // Leased once, by the turn that found out, and given back.
    expect(house.edge.answers.map(({ outcome }) => outcome)).toEqual(['released', 'released', 'released']);
    expect(house.edge.turns.slice(1).every(({ max }) => max === 0)).toBe(true);

    clock.offMs = 0;
    await allKept();
    expect(atHome()).toEqual(new Set(ids));
    expect(outcomes()).toEqual(new Set(['released', 'delivered']));
    expect(house.said.filter((line) => line.includes('right again'))).toHaveLength(1);
  });

  test('30 years behind before an edge that does not say its time: the same', async () => {
    house.edge.saysTime = false;
    clock.offMs = -30 * 365 * day;
    const ids = putSome();
    house.connect();
    await until('it has asked a few times', () => (house.edge.turns.length >= 5 ? true : null));
    expect(complaints()).toHaveLength(1);
    clock.offMs = 0;
    await allKept();
    expect(atHome()).toEqual(new Set(ids));
    expect(outcomes()).toEqual(new Set(['released', 'delivered']));
  });

  test('20 days ahead before an edge that does not say its time: all is delivered, because receipts do not age', async () => {
    house.edge.saysTime = false;
    clock.offMs = 20 * day;
    const ids = putSome();
    house.connect();
    await allKept();
    expect(atHome()).toEqual(new Set(ids));
    expect(outcomes()).toEqual(new Set(['delivered']));
  });
});

describe('a clock that is set while deliveries are in hand', () => {
  test.each([-30 * 365 * day, -limits.homeClockOffMs - 60_000, 20 * day])(
    'by %i ms: what is before the service ends there, the rest is given back and comes when it is right',
    async (offMs) => {
      const { service, edge } = house;
      house.recipients.set('home', { name: 'home', adapter: plainAdapter, origin: () => service.origin });
      const open: (() => void)[] = [];
      service.behave = async (_received, response) => {
        await new Promise<void>((resolve) => open.push(resolve));
        response.writeHead(202).end();
      };
      for (let n = 0; n < 3; n += 1) edge.put(`a-${n}`, { sender: 'a' });
      house.connect();
      await until('the first is before the service', () => (open.length === 1 ? true : null));
      clock.offMs = offMs;
      edge.put('b-0', { sender: 'b' });
      await until('all others are given back', () => (edge.answers.length >= 3 ? true : null));
      expect(outcomes()).toEqual(new Set(['released']));
      open.shift()?.();
      await until('the first is delivered', () => (edge.states()[0] === 'kept' ? true : null));
      expect(service.bodies()).toEqual(['a-0']);

      service.behave = (_received, response) => void response.writeHead(202).end();
      clock.offMs = 0;
      await allKept();
      expect(service.bodies().filter((body) => body.startsWith('a'))).toEqual(['a-0', 'a-1', 'a-2']);
      expect(outcomes()).toEqual(new Set(['released', 'delivered']));
      expect(complaints()).toHaveLength(1);
    },
  );
});
