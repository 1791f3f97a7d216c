// The last snapshot before the night: what a service's owner did a moment ago is in it, whatever else is slow or fails.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Adapter, Federation, Leavings } from '../../../home-node/adapters/adapter.ts';
import type { Leaver } from '../../../home-node/bedtime/leave.ts';
import { LeavingsFile } from '../../../home-node/bedtime/leavings-file.ts';
import { createLog } from '../../../home-node/log.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { leavingAdapter, playedLeaver } from '../../support/leaver.ts';

let folder: string;
let said: string[];
let left: Snapshot[];
let leavings: (anew: boolean) => Promise<Leavings>;
let federation: () => Promise<Federation>;
let origin: string | null;
/** What is done with the next snapshots that are sent. */
let sending: () => Promise<void>;
/** What the edge says that it could not read. */
let unread: readonly string[];
let asked: boolean[];

const base: Leavings = {
  inboxes: ['/inbox'],
  accounts: [],
  nodeinfo: null,
  documents: [],
  knownActors: [],
  pages: [],
  blockedDomains: ['old.example'],
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-night-'));
  said = [];
  left = [];
  asked = [];
  unread = [];
  origin = 'http://127.0.0.1:1';
  leavings = async () => base;
  federation = async () => ({ blockedDomains: ['old.example', 'new.example'] });
  sending = async () => undefined;
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function leaver({ unknownFederation }: Pick<Adapter, 'unknownFederation'> = {}): Leaver {
  const log = createLog('debug', systemClock, (line) => said.push(line));
  const adapter = leavingAdapter({
    leavings: async (_, __, anew = false) => {
      asked.push(anew);
      return await leavings(anew);
    },
    federation: async () => await federation(),
    ...(unknownFederation === undefined ? {} : { unknownFederation }),
  });
  return playedLeaver({
    log,
    folder,
    askMs: 5_000,
    blocksMs: 200,
    service: { adapter, authorizedFetch: true, origin: () => origin },
    send: async (snapshot) => {
      await sending();
      left.push(snapshot);
      return unread;
    },
  });
}

const never = async (): Promise<never> => await new Promise<never>(() => undefined);
const blocks = (): unknown => left.map(({ blockedDomains }) => blockedDomains ?? 'not said');

test('has the blocks of a moment ago at once, and then what the service says anew', async () => {
  const one = leaver();
  await one.leave();
  leavings = async () => ({ ...base, nodeinfo: { now: 'more' }, blockedDomains: ['old.example', 'new.example'] });
  const { first, all } = one.leaveForNight();
  expect(await first).toBe(true);
  expect(blocks()).toEqual([['old.example'], ['new.example', 'old.example']]);
  expect(await all).toBe(true);
  expect(left.map(({ nodeinfo }) => nodeinfo)).toEqual([null, null, { now: 'more' }]);
  // Also what it remembers for a while by day.
  expect(asked).toEqual([false, true]);
});

test('has all of it at once of a service that never said anything before: what is warmed is known then', async () => {
  leavings = async () => ({
    ...base,
    accounts: [
      { subject: 'acct:me@a.example', aliases: [], links: [{ rel: 'self', href: 'https://a.example/users/me' }] },
    ],
  });
  const one = leaver();
  expect(await one.leaveForNight().first).toBe(true);
  expect(one.actors('s')).toEqual(['https://a.example/users/me']);
});

test('has them while the service itself takes for ever to say what it leaves, or fails', async () => {
  const one = leaver();
  await one.leave();
  leavings = never;
  expect(await one.leaveForNight().first).toBe(true);
  expect(blocks()).toEqual([['old.example'], ['new.example', 'old.example']]);
  leavings = async () => await Promise.reject(new Error('it is broken'));
  const { all } = one.leaveForNight();
  expect(await all).toBe(true);
  expect((blocks() as unknown[]).at(-1)).toEqual(['new.example', 'old.example']);
});

test('has them while a leaving of the day is still under way, and that one sends nothing any more', async () => {
  const one = leaver();
  await one.leave();
  let go = (): void => undefined;
  leavings = async (anew) => {
    if (!anew) await new Promise<void>((resolve) => (go = resolve));
    return anew ? { ...base, blockedDomains: ['newest.example'] } : { ...base, nodeinfo: { of: 'the day' } };
  };
  const ofTheDay = one.leave();
  await expect.poll(() => asked.length).toBe(2);
  await one.leaveForNight().all;
  expect(blocks()).toEqual([['old.example'], ['new.example', 'old.example'], ['newest.example']]);
  go();
  expect(await ofTheDay).toBe(false);
  expect(left).toHaveLength(3);
});

test('a leaving of the day that the edge refuses as older does not come after the night’s', async () => {
  const one = leaver();
  await one.leave();
  leavings = async () => ({ ...base, nodeinfo: { of: 'the day' } });
  let refuse = (_: Error): void => undefined;
  sending = async () => await new Promise<void>((_, reject) => (refuse = reject));
  const ofTheDay = one.leave();
  await expect.poll(() => refuse.length).toBe(1);
  await expect.poll(() => asked.length).toBe(2);
  sending = async () => undefined;
  await one.leaveForNight().first;
  const { EdgeRefusal } = await import('../../../home-node/edge-api/send.ts');
  refuse(new EdgeRefusal({ method: 'PUT', path: '/snapshot' }, 409, 'snapshot-older'));
  expect(await ofTheDay).toBe(false);
});

test.each<[string, () => Promise<Federation>]>([
  ['fails', async () => await Promise.reject(new Error('no such host'))],
  ['stands still', never],
])(
  'says no blocks of a service that is up and whose database %s: nobody is shown what they would be kept from',
  async (_, fails) => {
    const one = leaver();
    await one.leave();
    federation = fails;
    await one.leaveForNight().first;
    expect(blocks()).toEqual([['old.example'], 'not said']);
    expect(said.join()).toContain('shown to none');
  },
);

test('says an empty list of those allowed where there may be one and it cannot be read', async () => {
  const one = leaver({ unknownFederation: { allowedDomains: [] } });
  leavings = async () => ({ ...base, allowedDomains: ['ok.example'] });
  await one.leave();
  federation = async () => await Promise.reject(new Error('no such host'));
  await one.leaveForNight().first;
  expect(left.map(({ services }) => services[0]?.allowedDomains)).toEqual([['ok.example'], []]);
});

test('by day too, a service that does not say what it leaves has the blocks of its database', async () => {
  const one = leaver();
  await one.leave();
  leavings = async () => await Promise.reject(new Error('it is broken'));
  await one.leave();
  expect(blocks()).toEqual([['old.example'], ['new.example', 'old.example']]);
});

test('of a service that is down, and its database with it, what was said last holds', async () => {
  const one = leaver();
  await one.leave();
  origin = null;
  federation = async () => await Promise.reject(new Error('connection refused'));
  await one.leaveForNight().all;
  expect(left.at(-1)?.blockedDomains).toEqual(['old.example']);
  // Its database alone may be there.
  federation = async () => ({ blockedDomains: ['new.example'] });
  await one.leaveForNight().all;
  expect(left.at(-1)?.blockedDomains).toEqual(['new.example']);
});

test('outlives the process: blocks are on the disk at once', async () => {
  const one = leaver();
  await one.leave();
  leavings = async () => ({ ...base, blockedDomains: ['old.example', 'new.example'] });
  await one.leave();
  const log = createLog('error', systemClock, () => undefined);
  expect(new LeavingsFile(join(folder, 'leavings.json'), log).of('s')?.blockedDomains).toEqual([
    'old.example',
    'new.example',
  ]);
});

test('its owner is told once of what is left out, and can see it as long as it is so', async () => {
  const one = leaver();
  const leftOut = [
    { of: 'x', text: 'three of them are none.' },
    { of: 'keys', text: 'a key is none.', isSmall: true as const },
  ];
  unread = ['1 of documents, the first: that one'];
  leavings = async () => ({ ...base, leftOut });
  await one.leave();
  leavings = async () => ({ ...base, nodeinfo: { other: 1 }, leftOut });
  await one.leave();
  expect(one.leftOut).toEqual([
    's: three of them are none.',
    'the edge could not read, and left out, 1 of documents, the first: that one',
  ]);
  const lines = said.filter((line) => line.includes('Left out'));
  expect(lines.map((line) => /three|a key|that one/.exec(line)?.[0])).toEqual(['three', 'a key', 'that one']);
  unread = [];
  leavings = async () => base;
  await one.leave();
  expect(one.leftOut).toEqual([]);
});
