// What services left, across restarts: written at once where it matters, and not with each thing that a server met.

import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Leavings } from '../../../home-node/adapters/adapter.ts';
import { LeavingsFile } from '../../../home-node/bedtime/leavings-file.ts';
import { createLog } from '../../../home-node/log.ts';

const log = createLog(
  () => ({ level: 'error', format: 'text' }),
  { now: () => 0 },
  () => undefined,
);
const hour = 3_600_000;
let folder: string;
let path: string;
let now: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-leavings-'));
  path = join(folder, 'leavings.json');
  now = 1_790_000_000_000;
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (): LeavingsFile => new LeavingsFile(path, log, { now: () => now });
const knowing = (knownActors: readonly string[], inbox = '/inbox'): Leavings => ({
  inboxes: [inbox],
  accounts: [],
  nodeinfo: null,
  documents: [],
  knownActors,
  pages: [],
});

test('whom a server meets is written once an hour, and when home ends', () => {
  const file = open();
  file.keep('social', knowing(['a']));
  const first = statSync(path).mtimeMs;
  for (let met = 0; met < 10; met += 1) file.keep('social', knowing(['a', `${met}`]));
  expect(statSync(path).mtimeMs).toBe(first);
  expect(file.of('social')?.knownActors).toEqual(['a', '9']);
  now += hour;
  file.keep('social', knowing(['b']));
  expect(open().of('social')?.knownActors).toEqual(['b']);
  file.keep('social', knowing(['c']));
  expect(open().of('social')?.knownActors).toEqual(['b']);
  file.close();
  expect(open().of('social')?.knownActors).toEqual(['c']);
  // The folder is another's now.
  file.keep('social', knowing(['d'], '/other'));
  expect(open().of('social')?.knownActors).toEqual(['c']);
});

test('where deliveries are taken is written at once', () => {
  const file = open();
  file.keep('social', knowing(['a']));
  file.keep('social', knowing(['a', 'b'], '/other'));
  expect(open().of('social')).toEqual(knowing(['a', 'b'], '/other'));
});

test('nothing is written of what is the same', () => {
  const file = open();
  file.keep('social', knowing(['a']));
  rmSync(path);
  now += hour;
  file.keep('social', knowing(['a']));
  file.close();
  expect(existsSync(path)).toBe(false);
});
