// Leaving: when a snapshot is made and sent, with which version, and what of a service that says nothing.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Leavings } from '../../../home-node/adapters/adapter.ts';
import { genericAdapter } from '../../../home-node/adapters/generic.ts';
import { judgeAlerts } from '../../../home-node/alerts/judge.ts';
import type { Leaver, LeavingService } from '../../../home-node/bedtime/leave.ts';
import { EdgeRefusal } from '../../../home-node/edge-api/send.ts';
import { createLog, type Log } from '../../../home-node/log.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { leavingAdapter, playedLeaver } from '../../support/leaver.ts';
import { leavingsOf } from './leavings-of.ts';

let folder: string;
let said: string[];
let log: Log;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-bedtime-'));
  said = [];
  log = createLog('debug', systemClock, (line) => said.push(line));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('leaving', () => {
  let left: Snapshot[];
  let stored: number;
  let now: number;
  let origin: string | null;
  let current: Leavings | Error;
  let newest: number;

  beforeEach(() => {
    left = [];
    stored = 0;
    now = 1_000;
    origin = 'http://127.0.0.1:1';
    current = leavingsOf('s');
    newest = -1;
  });

  function leaver(...others: LeavingService[]): Leaver {
    const adapter = leavingAdapter({
      leavings: async () => {
        if (current instanceof Error) throw current;
        return current;
      },
    });
    return playedLeaver({
      clock: { now: () => now },
      log,
      folder,
      askMs: 500,
      service: { adapter, origin: () => origin },
      others,
      nextVersion: async (atLeast) => {
        stored = Math.max(stored + 1, atLeast);
        return stored;
      },
      send: async (snapshot) => {
        const path = { method: 'PUT', path: '/snapshot' };
        if (snapshot.version <= newest) throw new EdgeRefusal(path, 409, 'snapshot-older');
        newest = snapshot.version;
        left.push(snapshot);
        return [];
      },
    });
  }

  test('happens once for what is the same, and again when something changed', async () => {
    const one = leaver();
    expect(await one.leave()).toBe(true);
    expect(await one.leave()).toBe(true);
    expect(left).toHaveLength(1);
    current = leavingsOf('changed');
    await one.leave();
    expect(left.map(({ services }) => services[0]?.inboxes)).toEqual([['/s/inbox'], ['/changed/inbox']]);
    one.forget();
    await one.leave();
    expect(left).toHaveLength(3);
  });

  test('is not called for by keys alone, whose order changes with each peer that says something', async () => {
    const keys = ['a', 'b'].map((name) => ({ keyId: `https://${name}.example/#k`, owner: 'o', publicKeyPem: 'P' }));
    const one = leaver();
    current = { ...leavingsOf('s'), actorKeys: keys };
    await one.leave();
    current = { ...leavingsOf('s'), actorKeys: [...keys].reverse() };
    await one.leave();
    expect(left).toHaveLength(1);
    // At bedtime they are left as they are.
    one.forget();
    await one.leave();
    expect(left[1]?.actorKeys).toEqual([...keys].reverse());
  });

  test('does not wait for ever for a service that never ends to say what it leaves', async () => {
    let asked = 0;
    const never = async (): Promise<never> => {
      asked += 1;
      return await new Promise<never>(() => undefined);
    };
    const adapter = leavingAdapter({ leavings: never });
    const one = leaver({ name: 't', hosts: ['b.example'], adapter, origin: () => origin });
    expect(await one.leave()).toBe(true);
    expect(await one.leave()).toBe(true);
    expect([asked, left[0]?.services.map(({ name }) => name)]).toEqual([2, ['s']]);
  });

  describe('what does not change', () => {
    const hour = 3_600_000;
    const rules = { spoolShare: 1, linkLostMinutes: 1e6, keyDays: 1e6, snapshotHours: 36 };
    const alerts = (one: Leaver): string[] => {
      const facts = { now, spool: null, linkLostSince: null, keyMadeAt: now, awakeSince: 0, clockOff: false };
      const judged = judgeAlerts({ ...facts, snapshotAt: one.leftAt, diskFreeBytes: null, down: [] }, rules);
      return judged.alerts.map(({ kind }) => kind);
    };

    test('is never old while home looks after it, and the edge may say so: 37 hours of a quiet home', async () => {
      const one = leaver();
      for (const from = now; now <= from + 37 * hour; now += hour / 4) {
        expect(await one.leave()).toBe(true);
        expect([one.leftAt, alerts(one)]).toEqual([now, []]);
        const age = now - (left.at(-1)?.madeAt ?? 0);
        expect(age).toBeLessThanOrEqual(limits.snapshotAgainMs);
      }
      // Once at first, and every limits.snapshotAgainMs: it is paid for.
      expect(left).toHaveLength(1 + Math.floor((37 * hour) / limits.snapshotAgainMs));
    });

    test('grows old while the edge does not take it, or a service that is up does not say what it leaves', async () => {
      const one = leaver();
      await one.leave();
      now += 37 * hour;
      newest = Number.MAX_SAFE_INTEGER;
      expect(await one.leave()).toBe(false);
      expect(alerts(one)).toEqual(['snapshot-old']);
      newest = -1;
      current = new Error('it is broken');
      await one.leave();
      expect(alerts(one)).toEqual(['snapshot-old']);
      expect(left).toHaveLength(1);
      current = leavingsOf('s');
      await one.leave();
      expect(alerts(one)).toEqual([]);
    });

    test('is not old because its owner stopped a service', async () => {
      const one = leaver();
      await one.leave();
      origin = null;
      now += 37 * hour;
      await one.leave();
      expect(alerts(one)).toEqual([]);
    });

    test('is sent again when the clock was set back by years', async () => {
      const one = leaver();
      now = Date.UTC(2036, 0, 1);
      await one.leave();
      now = Date.UTC(2026, 0, 1);
      await one.leave();
      expect([left.length, one.leftAt]).toEqual([2, now]);
    });
  });

  test('rises in version also when the clock goes back', async () => {
    const one = leaver();
    await one.leave();
    now = 5;
    current = leavingsOf('changed');
    await one.leave();
    expect(left.map(({ version }) => version)).toEqual([1_000, 1_001]);
  });

  test('finds a version that the edge takes when home forgot the last one and its clock is years behind', async () => {
    newest = Date.UTC(2026, 10, 21);
    now = Date.UTC(1970, 0, 2);
    expect(await leaver().leave()).toBe(true);
    expect(left).toHaveLength(1);
  });

  test('keeps a service that is down, or does not answer, as it was last: its deliveries must not be turned away', async () => {
    await leaver().leave();
    origin = null;
    await leaver().leave();
    origin = 'http://127.0.0.1:1';
    current = new Error('it is broken');
    await leaver().leave();
    expect(left.map(({ services }) => services)).toEqual([left[0]?.services, left[0]?.services, left[0]?.services]);
    expect(said.join()).toContain('it is broken');
  });

  test('does not happen before any service has ever said something', async () => {
    origin = null;
    expect(await leaver().leave()).toBe(false);
    expect(left).toEqual([]);
  });

  test('says so while some service has never said what it leaves', async () => {
    const generic = genericAdapter({ inboxes: [], signatures: [] });
    const leavings = async () => ({
      ...(await generic.leavings(new URL('http://x'), new AbortController().signal)),
      accounts: [],
    });
    const silent = { name: 'silent', hosts: ['b.example'], adapter: { ...generic, leavings } };
    await leaver({ ...silent, origin: () => null }).leave();
    await leaver({ ...silent, origin: () => 'http://127.0.0.1:2' }).leave();
    expect(left.map(({ complete }) => complete)).toEqual([false, true]);
    expect(left[0]?.services.map(({ name }) => name)).toEqual(['s']);
  });

  test('says so while a service cannot say who lives there', async () => {
    const adapter = genericAdapter({ inboxes: [], signatures: [] });
    await leaver({ name: 'other', hosts: ['b.example'], adapter, origin: () => 'http://127.0.0.1:2' }).leave();
    expect(left.map(({ complete }) => complete)).toEqual([false]);
  });

  test('that the edge refuses is told, and tried the next time', async () => {
    const one = leaver();
    newest = Number.MAX_SAFE_INTEGER;
    expect(await one.leave()).toBe(false);
    expect(said.join()).toContain('snapshot-older');
    newest = -1;
    expect(await one.leave()).toBe(true);
  });

  test('starts anew when the file of what was left is damaged', async () => {
    writeFileSync(join(folder, 'leavings.json'), '{"s": ');
    expect(await leaver().leave()).toBe(true);
    expect(said.join()).toContain('leavings.json');
  });
});
