// Alerts: what raises each, that nothing is told twice or forgotten, and the owner's command as a real process.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AlertWatch } from '../../../home-node/alerts/alert-watch.ts';
import { commandHook, type TellOwner } from '../../../home-node/alerts/hook.ts';
import {
  type Alert,
  type AlertFacts,
  type AlertKind,
  type AlertRules,
  judgeAlerts,
} from '../../../home-node/alerts/judge.ts';
import { type AlertChange, changesOf, RaisedFile } from '../../../home-node/alerts/raised.ts';
import { createLog } from '../../../home-node/log.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';

const hour = 3_600_000;
const day = 24 * hour;
const now = 1_800_000_000_000;
const rules: AlertRules = { spoolShare: 0.8, linkLostMinutes: 30, keyDays: 730, snapshotHours: 36 };
const well: AlertFacts = {
  now,
  spool: { dead: 0, fullest: 0.1 },
  linkLostSince: null,
  keyMadeAt: now - day,
  snapshotAt: now - hour,
  awakeSince: now - day,
  clockOff: false,
  diskFreeBytes: 10 * limits.homeDiskFreeBytes,
  down: [],
};

function kinds(facts: Partial<AlertFacts>): AlertKind[] {
  return judgeAlerts({ ...well, ...facts }, rules).alerts.map(({ kind }) => kind);
}

describe('what raises an alert', () => {
  test('nothing while all is well', () => expect(kinds({})).toEqual([]));

  test.each<[AlertKind, Partial<AlertFacts>, Partial<AlertFacts>]>([
    ['dead-letters', { spool: { dead: 1, fullest: 0 } }, { spool: { dead: 0, fullest: 0 } }],
    ['spool-filling', { spool: { dead: 0, fullest: 0.8 } }, { spool: { dead: 0, fullest: 0.79 } }],
    ['link-lost', { linkLostSince: now - hour }, { linkLostSince: now - hour / 2 }],
    ['key-old', { keyMadeAt: now - 731 * day }, { keyMadeAt: now - 730 * day }],
    ['snapshot-old', { snapshotAt: now - 37 * hour }, { snapshotAt: now - 36 * hour }],
    ['snapshot-old', { snapshotAt: null, awakeSince: now - 37 * hour }, { snapshotAt: null, awakeSince: now - hour }],
    ['service-down', { down: [{ name: 'a', since: now - hour }] }, { down: [{ name: 'a', since: now - 60_000 }] }],
    ['clock-wrong', { clockOff: true }, { clockOff: false }],
    ['disk-filling', { diskFreeBytes: limits.homeDiskFreeBytes - 1 }, { diskFreeBytes: limits.homeDiskFreeBytes }],
  ])('%s, and just not yet', (kind, raising, notYet) => {
    expect(kinds(raising)).toEqual([kind]);
    expect(kinds(notYet)).toEqual([]);
  });

  test('an edge that cannot be asked neither raises nor clears what only it knows', () => {
    const raised = new Map<AlertKind, Alert>([['dead-letters', { kind: 'dead-letters', text: '1' }]]);
    expect(changesOf(raised, judgeAlerts({ ...well, spool: null }, rules))).toEqual([]);
    expect(changesOf(raised, judgeAlerts(well, rules))).toMatchObject([{ state: 'cleared' }]);
  });

  test('whatever happens in whatever order, each alert is raised and cleared in turns, and the last word is true', () => {
    const step = fc.record({ dead: fc.integer({ min: 0, max: 2 }), clockOff: fc.boolean(), asked: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const raised = new Map<AlertKind, Alert>();
        for (const { dead, clockOff, asked } of steps) {
          const judged = judgeAlerts({ ...well, clockOff, spool: asked ? { dead, fullest: 0 } : null }, rules);
          for (const { state, alert } of changesOf(raised, judged)) {
            expect(raised.has(alert.kind)).toBe(state === 'cleared');
            if (state === 'raised') raised.set(alert.kind, alert);
            else raised.delete(alert.kind);
          }
          expect(raised.has('clock-wrong')).toBe(clockOff);
          if (asked) expect(raised.has('dead-letters')).toBe(dead > 0);
        }
      }),
    );
  });
});

describe('the watch', () => {
  let folder: string;
  let told: AlertChange[];
  let facts: AlertFacts;
  let said: string[];
  let gathered: number;
  let tell: TellOwner | null;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-alerts-'));
    told = [];
    said = [];
    gathered = 0;
    facts = well;
    tell = async (change) => {
      told.push(change);
      await Promise.resolve();
    };
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const watch = (): AlertWatch =>
    new AlertWatch({
      log: createLog('debug', systemClock, (line) => said.push(line)),
      gather: async () => {
        gathered += 1;
        return await Promise.resolve(facts);
      },
      rules: () => rules,
      tell: () => tell,
      file: new RaisedFile(join(folder, 'alerts.json')),
    });

  test('tells once when it begins and once when it is over', async () => {
    const one = watch();
    facts = { ...well, clockOff: true };
    await one.look();
    await one.look();
    facts = well;
    await one.look();
    await one.look();
    expect(told.map(({ state, alert }) => `${alert.kind} ${state}`)).toEqual([
      'clock-wrong raised',
      'clock-wrong cleared',
    ]);
  });

  test('a restart in between tells nothing twice, and forgets nothing', async () => {
    facts = { ...well, clockOff: true };
    await watch().look();
    await watch().look();
    expect(told).toHaveLength(1);
    facts = well;
    await watch().look();
    expect(told).toHaveLength(2);
  });

  test('whom the command could not reach is told at the next look', async () => {
    facts = { ...well, clockOff: true };
    tell = async () => await Promise.reject(new Error('no network'));
    const one = watch();
    await one.look();
    expect(one.raised).toEqual([]);
    tell = async (change) => {
      told.push(change);
      await Promise.resolve();
    };
    await one.look();
    expect(told).toHaveLength(1);
    expect(one.raised).toHaveLength(1);
  });

  test('without a command the log says it, once', async () => {
    facts = { ...well, clockOff: true };
    tell = null;
    const one = watch();
    await one.look();
    await one.look();
    expect(said.filter((line) => line.includes('alert=clock-wrong'))).toHaveLength(1);
  });

  test('peers that send without end cause one look in limits.alertLookMs, and the last is not missed', async () => {
    vi.useFakeTimers();
    try {
      const one = watch();
      for (let n = 0; n < 100; n++) one.happened();
      await vi.advanceTimersByTimeAsync(0);
      expect(gathered).toBe(1);
      facts = { ...well, clockOff: true };
      await vi.advanceTimersByTimeAsync(limits.alertLookMs);
      expect(gathered).toBe(2);
      expect(told).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(10 * limits.alertLookMs);
      expect(gathered).toBe(2);
      await one.stop();
    } finally {
      vi.useRealTimers();
    }
  });

  test('a command that hangs gathers no queue behind it, and ending waits for that one alone', async () => {
    facts = { ...well, clockOff: true, linkLostSince: now - hour };
    let end = (): void => undefined;
    let calls = 0;
    const began = new Promise<void>((isRunning) => {
      tell = async () => {
        calls += 1;
        isRunning();
        await new Promise<void>((resolve) => {
          end = resolve;
        });
      };
    });
    const one = watch();
    const looks = Array.from({ length: 50 }, async () => await one.look());
    await began;
    looks.push(...Array.from({ length: 50 }, async () => await one.look()));
    const stopped = one.stop();
    end();
    await Promise.all([...looks, stopped]);
    expect({ calls, gathered }).toEqual({ calls: 1, gathered: 1 });
  });

  test('a torn file is no file', async () => {
    writeFileSync(join(folder, 'alerts.json'), '[{"ki');
    facts = { ...well, clockOff: true };
    await watch().look();
    expect(told).toHaveLength(1);
  });
});

describe("the owner's command", () => {
  let folder: string;
  const change: AlertChange = { state: 'raised', alert: { kind: 'link-lost', text: 'a $(touch forged) "text"' } };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-hook-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function script(text: string): string {
    const path = join(folder, 'hook');
    writeFileSync(path, `#!/bin/sh\ncd "${folder}"\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  const env = { PATH: '/usr/bin:/bin' };

  test('gets the alert on standard input, its kind in the environment, and its own arguments', async () => {
    const hook = commandHook(
      [script('cat > in; echo "$1 $PORCHLIGHT_ALERT $PORCHLIGHT_STATE $PORCHLIGHT_DOMAIN" > env'), 'me'],
      'a.example',
      env,
    );
    await hook(change);
    expect(JSON.parse(readFileSync(join(folder, 'in'), 'utf8'))).toEqual({
      domain: 'a.example',
      alert: 'link-lost',
      state: 'raised',
      text: change.alert.text,
    });
    expect(readFileSync(join(folder, 'env'), 'utf8')).toBe('me link-lost raised a.example\n');
  });

  test.each([
    ['fails', 'exit 3', /ended with 3/],
    ['kills itself', 'kill -9 $$', /SIGKILL/],
  ])('one that %s is said to the owner', async (_, text, found) => {
    await expect(commandHook([script(text)], 'a.example', env)(change)).rejects.toThrow(
      expect.objectContaining({ code: 'alert-hook', message: expect.stringMatching(found) }),
    );
  });

  test('one that is not there is said too, and one that does not read does no harm', async () => {
    await expect(commandHook([join(folder, 'nothing')], 'a.example', env)(change)).rejects.toThrow(/cannot be run/);
    await commandHook([script('exec <&-; exit 0')], 'a.example', env)(change);
  });

  test('one that hangs is ended after limits.alertHookMs', async () => {
    expect(limits.alertHookMs).toBeLessThanOrEqual(60_000);
    await expect(commandHook([script('exec sleep 600')], 'a.example', env, 200)(change)).rejects.toThrow(
      /was ended after 0.2 s/,
    );
  });
});
