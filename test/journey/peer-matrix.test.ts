// A whole night of each sender for each home: everything that peers do, signed in the evening by software that is not
// ours, delivered sixteen hours later to homes that verify with their own library and by their own window.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { handedOnKinds, type Kind, kinds } from '../support/peers/matrix/activities.ts';
import { type Home, homes } from '../support/peers/matrix/kinds-of-home.ts';
import { type Fate, NightOfPeers, type Sent } from '../support/peers/matrix/night-of-peers.ts';
import { type Cell, documentedTable, type Line, tableOf, writeTable } from '../support/peers/matrix/table.ts';

let night: NightOfPeers;
let sent: readonly Sent[] = [];
let fresh: readonly Sent[] = [];
let fates: readonly Fate[] = [];
let lines: readonly Line[] = [];

beforeAll(async () => {
  night = await NightOfPeers.open(homes);
});

afterAll(async () => {
  await night?.end();
});

/** Of one sender and home, in the order of sending, with what became of each. */
function of(sender: string, home: Home): readonly (Sent & Fate)[] {
  return [...sent, ...fresh]
    .map((one, at) => ({ ...one, ...(fates[at] ?? { outcome: 'none', reason: '' }) }))
    .filter((one) => one.sender === sender && one.home.name === home.name);
}

function cellOf(one: Sent & Fate): Cell {
  const times = night.timesTaken(one);
  if (one.outcome === 'delivered') return times === null || times === 1 ? 'yes' : 'NO';
  if (times !== 0) return 'NO';
  if (one.outcome === 'refused') return one.status === 401 ? 'no' : 'NO';
  if (one.outcome === 'dead' && one.reason.includes('refuses what is older than')) return 'late';
  const isRefused = one.outcome === 'dead' || (one.outcome === 'later' && one.kind === 'altered');
  return isRefused && /answered 40[13]/.test(one.reason) ? 'no' : 'NO';
}

/** Fedify signs what it sends twice: the request, and the activity itself. */
function hasBodyProof(sender: string, kind: Kind): boolean {
  return sender.startsWith('Fedify') || kind === 'relayed' || kind === 'passed on';
}

function isHandedOn(kind: string): boolean {
  return handedOnKinds.some((one) => one === kind);
}

function expectedOf(home: Home, sender: string, kind: Kind): Cell {
  if (isHandedOn(kind) && !home.takesHandedOn) return 'no';
  const isOld = home.window !== null && !home.isVouchedFor;
  if (kind === 'altered') return isOld ? 'late' : 'no';
  return isOld && !(home.takesBodyProof && hasBodyProof(sender, kind)) ? 'late' : 'yes';
}

describe('a night of all peers', () => {
  test('while home sleeps everything is taken that its service can verify, from every sender and for every home', async () => {
    sent = await night.evening();
    expect(sent.length).toBe(night.senders.length * homes.length * kinds.length);
    const wanted = (one: Sent): number => (isHandedOn(one.kind) && !one.home.takesHandedOn ? 401 : 202);
    const others = sent.filter((one) => one.status !== wanted(one));
    expect(others.map(({ id, home, status }) => [id, home.name, status])).toEqual([]);
  });

  test('nothing is taken whose body is not the one that was signed', async () => {
    for (const sender of night.senders) {
      for (const home of homes) expect(await night.forged(sender, home), `${sender} to ${home.name}`).toBe(401);
    }
  });

  test('sixteen hours later home wakes, and tells of each what became of it', async () => {
    await night.morning();
    // A windowed home takes from everybody what is new: what it refuses it refuses for its age.
    const arrived: Sent[] = [];
    for (const sender of night.senders) for (const home of homes) arrived.push(await night.fresh(sender, home));
    fresh = arrived;
    expect(fresh.filter(({ status }) => status !== 202)).toEqual([]);
    fates = await night.fates([...sent, ...fresh]);
  });

  test('every home takes all that its window lets it, once; the rest is a dead letter with the reason', () => {
    lines = homes.flatMap((home) =>
      night.senders.map((sender) => {
        const cells = Object.fromEntries(of(sender, home).map((one) => [one.kind, cellOf(one)]));
        return { home: home.title, sender, cells: cells as Record<Kind | 'awake', Cell> };
      }),
    );
    console.log(tableOf(lines));
    for (const home of homes) {
      for (const { sender, cells } of lines.filter((one) => one.home === home.title)) {
        const ofTheNight = Object.fromEntries(kinds.map((kind) => [kind, expectedOf(home, sender, kind)]));
        expect(cells, `${sender} to ${home.name}`).toEqual({ ...ofTheNight, awake: 'yes' });
      }
    }
  });

  test('what a home takes it takes in the order in which its sender sent it', () => {
    for (const home of homes.filter(({ isEmbedded }) => !isEmbedded)) {
      const recorded = night.recorded(home);
      for (const actor of new Set(sent.map((one) => one.actor))) {
        const inOrder = [...sent, ...fresh].filter((one) => one.home.name === home.name && one.actor === actor);
        const ids = inOrder.map(({ id }) => id).filter((id) => recorded.includes(id));
        expect(recorded.filter((id) => ids.includes(id))).toEqual(ids);
      }
    }
  });

  test('docs/compatibility.md shows this table', () => {
    const table = tableOf(lines);
    if (process.env.WRITE_PEER_MATRIX === '1') writeTable(table, new Date().toISOString().slice(0, 10));
    expect(documentedTable()).toBe(table);
  });
});
