// A key is put back: whatever happens meanwhile, there is a key.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHomeKey } from '../../../home-node/key.ts';
import { porchlight, type Ran } from '../../support/porchlight.ts';

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
