// Who may take a data folder from a home node that runs on it, and who gets it when one of the two dies.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ControlServer } from '../../../home-node/control/server.ts';
import { FolderLock } from '../../../home-node/folder-lock.ts';
import { ended, folderComesBack, isAlive, type TakeOver, takeFolder, untilBack } from '../../../home-node/handover.ts';
import { PorchlightError } from '../../../shared/errors.ts';

const inUse = new Error('in use');

let folder: string;
let server: ControlServer | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-handover-'));
  server = null;
});

afterEach(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
});

/** A home node that says this of itself. */
async function runs(says: object, handOver: () => Promise<unknown> = async () => undefined): Promise<() => unknown[]> {
  const asked: unknown[] = [];
  server = await ControlServer.listen(folder, {
    status: async () => says,
    'hand-over': async ({ to }) => {
      asked.push(to);
      return await handOver();
    },
  });
  return () => asked;
}

async function take(how: TakeOver): Promise<number> {
  return await takeFolder(folder, how, inUse, () => undefined);
}

async function gonePid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('taking a folder', () => {
  test('asks the home node that runs to hand over, and says whose it was', async () => {
    const asked = await runs({ pid: 4242, handsOver: true, isManaged: false });
    expect(await take('unless-managed')).toBe(4242);
    expect(asked()).toEqual([process.pid]);
  });

  test('says whose answers visitors get where the one that runs has not opened its link', async () => {
    await runs({ pid: 4242, handsOver: true }, async () => 41);
    expect(await take('always')).toBe(41);
  });

  test('is refused where nobody may, where nobody can be asked, and by a home node that does not know how', async () => {
    await expect(take('always')).rejects.toBe(inUse);
    const asked = await runs({ pid: 4242 });
    await expect(take('always')).rejects.toBe(inUse);
    await server?.close();
    await runs({ pid: 4242, handsOver: true });
    await expect(take('never')).rejects.toBe(inUse);
    expect(asked()).toEqual([]);
  });

  test('is refused where systemd runs the other, unless it is wanted all the same', async () => {
    const asked = await runs({ pid: 4242, handsOver: true, isManaged: true });
    await expect(take('unless-managed')).rejects.toMatchObject({
      code: 'folder-managed',
      message: expect.stringMatching(/systemctl restart porchlight.*--replace/),
    });
    expect(asked()).toEqual([]);
    expect(await take('always')).toBe(4242);
  });

  test('fails with what the other refuses with, and goes on where it ended meanwhile', async () => {
    const busy = new PorchlightError('key-change-open', 'Cannot hand over now.');
    await runs({ pid: 1, handsOver: true }, async () => await Promise.reject(busy));
    await expect(take('always')).rejects.toMatchObject({ code: 'key-change-open' });
    await server?.close();
    await runs({ pid: 2, handsOver: true }, async () => {
      server?.cut();
      await new Promise(() => undefined);
    });
    expect(await take('always')).toBe(2);
  });
});

/** As it was held by who gives it away. */
function gave(): FolderLock {
  const held = FolderLock.take(folder);
  held.release();
  return held;
}

describe('a folder that was given away', () => {
  test('comes back when the other died before it took it', async () => {
    const lock = await folderComesBack(folder, await gonePid(), gave(), new AbortController().signal);
    expect(() => FolderLock.take(folder)).toThrow('another home node');
    if (lock instanceof FolderLock) lock.release();
  });

  test('does not while the other lives, holds it, or has taken over', async () => {
    const held = gave();
    const theirs = FolderLock.take(folder);
    const over = new AbortController();
    const settled = vi.fn();
    const coming = folderComesBack(folder, process.pid, held, over.signal).then(settled);
    const dead = folderComesBack(folder, await gonePid(), held, over.signal).then(settled);
    theirs.release();
    // Free, but the one who is to take it lives: the other waiter found it first.
    await dead;
    expect(settled).toHaveBeenCalledExactlyOnceWith(expect.any(FolderLock));
    over.abort();
    await coming;
    expect(settled).toHaveBeenLastCalledWith(null);
  });

  test.each([
    ['does not when the other ended in good order', true, 'ended'],
    ['comes back when the other let it go without', false, expect.any(FolderLock)],
  ] as const)('%s', async (_, inGoodOrder, found) => {
    const held = gave();
    FolderLock.take(folder).release(inGoodOrder);
    const back = await folderComesBack(folder, await gonePid(), held, new AbortController().signal);
    expect(back).toEqual(found);
    if (back instanceof FolderLock) back.release();
    FolderLock.take(folder).release();
  });

  test('is left to who answers on the socket by one that has no link, and by one that has, not', async () => {
    await runs({ pid: 4242 });
    const over = new AbortController();
    const given = { folder, to: process.pid, held: gave(), signal: over.signal, onEnded: async () => undefined };
    const [linked, linkless] = [vi.fn(), vi.fn()];
    const answers = untilBack({ ...given, answers: true, onTaken: linked });
    const has = untilBack({ ...given, answers: false, onTaken: linkless });
    await vi.waitFor(() => expect(linkless).toHaveBeenCalledOnce());
    over.abort();
    expect(await Promise.all([answers, has])).toEqual([null, null]);
    expect(linked).not.toHaveBeenCalled();
  });

  test('is nobody’s who ended', async () => {
    const pid = await gonePid();
    expect([isAlive(pid), isAlive(process.pid)]).toEqual([false, true]);
    await ended(pid);
  });
});
