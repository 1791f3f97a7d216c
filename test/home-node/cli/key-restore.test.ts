// A key is put back: whatever happens meanwhile, there is a key.

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alertFacts } from '../../../home-node/alerts/facts.ts';
import { openHomeKey } from '../../../home-node/key.ts';
import { porchlight, type Ran } from '../../support/porchlight.ts';
import { homeReport, nodeReport } from '../doctor/exams.ts';

let base: string;
let folder: string;
let saved: string;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'porchlight-key-restore-'));
  folder = join(base, 'home');
  for (const name of ['home', 'other']) mkdirSync(join(base, name));
  writeFileSync(join(folder, 'porchlight.toml'), 'domain = "a.example"\n');
  await openHomeKey(folder);
  await openHomeKey(join(base, 'other'));
  saved = join(base, 'other', 'home-key.json');
});

afterEach(() => rmSync(base, { recursive: true }));

const restore = async (): Promise<Ran> => await porchlight(['key', 'restore', saved, '--home', folder]);
const key = (path = join(folder, 'home-key.json')): string => readFileSync(path, 'utf8');

test('the key that was there lies beside it', async () => {
  const before = key();
  expect(await restore()).toMatchObject({ code: 0 });
  expect(key()).toBe(key(saved));
  const kept = readdirSync(folder).filter((name) => name.startsWith('home-key-before-'));
  expect(kept.map((name) => key(join(folder, name)))).toEqual([before]);
});

test('a restore that breaks off in the middle leaves the key that was there', async () => {
  const before = key();
  // Nothing can be written in the key's place.
  mkdirSync(join(folder, 'home-key.json.part'));
  expect((await restore()).code).not.toBe(0);
  expect(key()).toBe(before);
});

describe('the age of a key', () => {
  const file = (): string => join(folder, 'home-key.json');
  const old = Date.UTC(2024, 0, 2);
  const age = async (): Promise<number> => {
    const { out } = await porchlight(['key', 'show', '--json', '--home', folder]);
    return (JSON.parse(out) as { madeAt: number }).madeAt;
  };
  const alertsJudge = async (): Promise<number | undefined> =>
    (await alertFacts(nodeReport({ folder, home: homeReport() })))?.keyMadeAt;

  /** As a home of an earlier version has it. */
  const withoutAge = (): void => {
    const { madeAt: _, ...jwk } = JSON.parse(key()) as Record<string, unknown>;
    writeFileSync(file(), `${JSON.stringify(jwk)}\n`);
    utimesSync(file(), old / 1000, old / 1000);
  };

  test('stays with it in a backup of the key and back, and is what alerts and key show go by', async () => {
    withoutAge();
    expect([await age(), await alertsJudge()]).toEqual([old, old]);
    const kept = join(base, 'kept.json');
    expect(await porchlight(['key', 'backup', kept, '--home', folder])).toMatchObject({ code: 0 });
    rmSync(file());
    expect(await porchlight(['key', 'restore', kept, '--home', folder])).toMatchObject({ code: 0 });
    expect([await age(), await alertsJudge()]).toEqual([old, old]);
    // Restored from a file that says nothing, it is as old as that.
    withoutAge();
    renameSync(file(), kept);
    expect(await porchlight(['key', 'restore', kept, '--home', folder])).toMatchObject({ code: 0 });
    expect(await age()).toBe(old);
  });

  test('is in the file from the beginning, and what stands there instead of a time is none', async () => {
    const { madeAt } = JSON.parse(key()) as { madeAt: number };
    expect(await age()).toBe(madeAt);
    for (const odd of ['"yesterday"', '1.5', 'null', '1e99']) {
      withoutAge();
      writeFileSync(file(), key().replace('{', `{"madeAt":${odd},`));
      utimesSync(file(), old / 1000, old / 1000);
      expect(await age()).toBe(old);
    }
  });
});
