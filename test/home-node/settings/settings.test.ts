// The owner saves porchlight.toml while home runs: noticed in every way of saving, taken only without faults.

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Timers } from '../../../home-node/link/timers.ts';
import { createLog } from '../../../home-node/log.ts';
import { watchFile } from '../../../home-node/settings/file-watch.ts';
import { Settings } from '../../../home-node/settings/settings.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { HomeConfig } from '../../../shared/config/home-config.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';
import { until } from '../../support/processes.ts';

let folder: string;
let path: string;
let said: string[];
let heard: { title: string; changed: readonly string[] }[];
let settings: Settings;

const toml = (title: string, more = ''): string => `domain = "a.example"\ntitle = "${title}"\n${more}`;

function configOf(text: string): HomeConfig {
  const reading = parseHomeConfig(text);
  if ('config' in reading) return reading.config;
  throw new Error(JSON.stringify(reading.faults));
}

function settingsOf(text: string, timers?: Timers): Settings {
  writeFileSync(path, text);
  const log = createLog('debug', systemClock, (line) => said.push(line));
  settings = new Settings({ path, config: configOf(text), log, ...(timers === undefined ? {} : { timers }) });
  settings.onChange(({ title }, changed) => heard.push({ title, changed }));
  return settings;
}

const hearsTitle = async (title: string): Promise<true> =>
  await until(`the title ${title}`, () => (settings.current().title === title ? true : null));
const hearsLine = async (text: string): Promise<true> =>
  await until(`a line with ${text}`, () => (said.some((line) => line.includes(text)) ? true : null));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-settings-'));
  path = join(folder, 'porchlight.toml');
  said = [];
  heard = [];
});

afterEach(() => {
  settings.end();
  rmSync(folder, { recursive: true, force: true });
});

describe('a saved file', () => {
  test('is noticed when it is written in place, renamed over, or removed and made again', async () => {
    settingsOf(toml('one')).start();
    writeFileSync(path, toml('two'));
    await hearsTitle('two');
    // As vim, and most tools that manage settings, save.
    writeFileSync(`${path}.new`, toml('three'));
    renameSync(`${path}.new`, path);
    await hearsTitle('three');
    // The file is another one now; that one is watched too.
    writeFileSync(path, toml('four'));
    await hearsTitle('four');
    rmSync(path);
    await hearsLine('Cannot read');
    expect(settings.current().title).toBe('four');
    writeFileSync(path, toml('five'));
    await hearsTitle('five');
    expect(heard.map(({ title }) => title)).toEqual(['two', 'three', 'four', 'five']);
    expect(heard[0]?.changed).toEqual(['title']);
  });

  test('is noticed when it was saved before the watch began', () => {
    settingsOf(toml('one'));
    writeFileSync(path, toml('two'));
    settings.start();
    expect(settings.current().title).toBe('two');
  });

  test('is read once for all that happens within a moment, and for nothing else in the folder', async () => {
    const waiting: (() => void)[] = [];
    let asked = 0;
    const timers: Timers = {
      after: (_, run) => {
        asked += 1;
        waiting.splice(0, waiting.length, run);
        return () => waiting.splice(0);
      },
    };
    settingsOf(toml('one'), timers).start();
    writeFileSync(path, '');
    await until('the first event', () => (asked > 0 ? true : null));
    const before = asked;
    writeFileSync(path, toml('two'));
    writeFileSync(path, toml('three'));
    await until('the next events', () => (asked > before ? true : null));
    expect(heard).toEqual([]);
    expect(waiting).toHaveLength(1);
    waiting[0]?.();
    expect(heard.map(({ title }) => title)).toEqual(['three']);
  });

  test('is told apart from all else that is written beside it', async () => {
    let asked = 0;
    const timers: Timers = {
      after: () => {
        asked += 1;
        return () => undefined;
      },
    };
    settingsOf(toml('one')).end();
    const watch = watchFile({ path, timers, onChange: () => undefined, onTrouble: () => undefined });
    const other = join(folder, 'ledger.sqlite');
    const otherSeen = { count: 0 };
    const beside = watchFile({
      path: other,
      timers: {
        after: () => {
          otherSeen.count += 1;
          return () => undefined;
        },
      },
      onChange: () => undefined,
      onTrouble: () => undefined,
    });
    writeFileSync(other, 'x');
    await until('the other file', () => (otherSeen.count > 0 ? true : null));
    beside.end();
    watch.end();
    expect(asked).toBe(0);
  });

  test('with faults changes nothing, and all of them are told, once', async () => {
    settingsOf(toml('one')).start();
    const faulty = toml('two', 'langauge = "de"\n[log]\nlevel = "loud"\n');
    writeFileSync(path, faulty);
    await hearsLine('2 to mend');
    const faults = said.flatMap((line) => /porchlight\.toml: (line \d+: [\w.]+)/.exec(line)?.[1] ?? []);
    expect(faults).toEqual(['line 3: langauge', 'line 5: log.level']);
    expect([settings.current().title, heard]).toEqual(['one', []]);
    const lines = said.length;
    settings.reread();
    expect(said).toHaveLength(lines);
    writeFileSync(path, toml('three'));
    await hearsTitle('three');
    writeFileSync(path, faulty);
    const told = (): number => said.filter((line) => line.includes('2 to mend')).length;
    await until('the faults again', () => (told() === 2 ? true : null));
    expect(settings.current().title).toBe('three');
  });

  test('that changes what needs a restart is told so, once, and the rest of it holds', () => {
    settingsOf(toml('one'));
    writeFileSync(path, toml('two', 'handle = "me"\nedge = "https://edge.example"\n'));
    settings.reread();
    settings.reread();
    expect(settings.current()).toMatchObject({ title: 'two', handle: 'owner', edge: 'https://a.example' });
    expect(heard).toEqual([{ title: 'two', changed: ['title'] }]);
    expect(said.filter((line) => line.includes('after a restart of the home node: edge, handle.'))).toHaveLength(1);
  });

  test('sets how much is said from then on', () => {
    settingsOf(toml('one'));
    const heardOf: string[] = [];
    const log = createLog(
      () => settings.current().log,
      systemClock,
      (line) => heardOf.push(line),
    );
    log.debug('before');
    writeFileSync(path, toml('one', '[log]\nlevel = "debug"\n'));
    settings.reread();
    log.debug('after');
    expect(heardOf).toEqual([expect.stringContaining('after')]);
  });

  test('that means the same as before is no news', () => {
    settingsOf(toml('one'));
    writeFileSync(path, toml('one', '# a comment\nlanguage = "en"\n'));
    settings.reread();
    expect([heard, said]).toEqual([[], []]);
  });
});

describe('a folder that cannot be watched', () => {
  test('is told as settings-watch, and home runs on with what it has', () => {
    settingsOf(toml('one'));
    rmSync(folder, { recursive: true });
    const timers: Timers = { after: () => () => undefined };
    const watch = { path, timers, onChange: () => undefined, onTrouble: () => undefined };
    expect(() => watchFile(watch)).toThrow(expect.objectContaining({ code: 'settings-watch' }));
    settings.start();
    expect(said.join()).toMatch(/warn {2}Cannot watch .+ changes hold after a restart/);
    expect(settings.current().title).toBe('one');
    mkdirSync(folder);
  });
});
