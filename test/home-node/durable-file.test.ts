// Small files that are written whole: what lies where the new one is made is neither followed nor kept.

import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeDurably } from '../../home-node/durable-file.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-durable-'));
  path = join(folder, 'key.json');
});

afterEach(() => rmSync(folder, { recursive: true }));

test('a link that waits where the file is made leads nowhere', () => {
  const other = join(folder, 'other');
  writeFileSync(other, 'mine');
  symlinkSync(other, `${path}.part`);
  writeDurably(path, 'secret', 0o600);
  expect(readFileSync(other, 'utf8')).toBe('mine');
  expect(readFileSync(path, 'utf8')).toBe('secret');
});

test('who holds a file open where a secret is made reads nothing of it', () => {
  writeFileSync(`${path}.part`, '');
  const spy = openSync(`${path}.part`, 'r');
  writeDurably(path, 'secret', 0o600);
  expect(readSync(spy, Buffer.alloc(10))).toBe(0);
  closeSync(spy);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('without a mode a file is as private as the process says, and with one exactly so', () => {
  const before = process.umask(0o077);
  try {
    writeDurably(path, 'what');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeDurably(path, 'unit', 0o644);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  } finally {
    process.umask(before);
  }
});
