import { chownSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FolderLock } from '../../../home-node/folder-lock.ts';
import { Program } from '../../support/processes.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-lock-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a data folder', () => {
  test('is refused to a second process while the first lives, and free the moment that one is killed', async () => {
    const holder = new Program('holder', [join(import.meta.dirname, 'lock-program.ts'), folder]);
    await holder.line((line) => line.locked === true);
    expect(() => FolderLock.take(folder)).toThrow(/another home node is running on it/);
    holder.child.kill('SIGKILL');
    await holder.exited;
    FolderLock.take(folder).release();
  });

  test('is refused twice in one process too, and free after release', () => {
    const lock = FolderLock.take(folder);
    expect(() => FolderLock.take(folder)).toThrow(expect.objectContaining({ code: 'folder-in-use' }));
    lock.release();
    FolderLock.take(folder).release();
  });

  test('of somebody else is nothing for root, who would leave files in it that its user cannot open', () => {
    if (statSync(folder).uid === 0) chownSync(folder, 12_345, 12_345);
    const { uid } = statSync(folder);
    expect(() => FolderLock.take(folder, 0)).toThrow(
      expect.objectContaining({
        code: 'folder-of-another',
        message: expect.stringContaining(`belongs to user ${uid}`),
      }),
    );
    expect(readdirSync(folder)).toEqual([]);
    FolderLock.take(folder, uid).release();
  });

  test('cannot be locked by others of the machine: they may not read the file that the lock is on', () => {
    writeFileSync(join(folder, 'lock.sqlite'), '', { mode: 0o644 });
    const lock = FolderLock.take(folder);
    expect(statSync(join(folder, 'lock.sqlite')).mode & 0o777).toBe(0o600);
    lock.release();
  });
});
