// The embedded home as a process: one for one folder, gone with whoever started it.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FolderLock } from '../../../home-node/folder-lock.ts';
import { EmbeddedHomeUnderTest } from './running.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('the process of the embedded home', () => {
  let home: EmbeddedHomeUnderTest;
  beforeEach(async () => {
    home = await EmbeddedHomeUnderTest.make();
    await home.start(['--allow-private-addresses', '--tethered']);
  });
  afterEach(async () => await home.end());

  test('ends well when it is told to', async () => {
    expect(await home.stop()).toBe(0);
  });

  test('ends when its standard input does', async () => {
    home.program.child.stdin?.end();
    expect(await home.program.exited).toBe(0);
  });

  test('keeps its identity over a SIGKILL', async () => {
    const key = async (): Promise<unknown> => {
      const answer = await fetch(home.actor, { headers: { accept: 'application/activity+json' } });
      return ((await answer.json()) as { publicKey: unknown }).publicKey;
    };
    const before = await key();
    await home.kill();
    await home.start();
    expect(await key()).toEqual(before);
  });

  test('does not start on the database of a newer Porchlight, and says why', async () => {
    await home.stop();
    const database = new DatabaseSync(home.databaseFile, { timeout: 10_000 });
    database.exec('PRAGMA user_version = 999');
    database.close();
    await expect(home.start()).rejects.toThrow(/update Porchlight/);
  });

  test('answers beside another one that works on its folder, and sends only when that one is gone', async () => {
    await home.stop();
    const other = FolderLock.take(join(home.folder, 'actor'));
    const database = new DatabaseSync(home.databaseFile, { timeout: 10_000 });
    database.exec(`INSERT INTO queue (message, due_at) VALUES ('no message', 0)`);
    const tries = (): number => Number(database.prepare('SELECT failures FROM queue').get()?.failures);
    await home.start();
    for (let n = 0; n < 20; n += 1) expect((await fetch(home.origin)).status).toBe(200);
    expect(tries()).toBe(0);
    other.release();
    await vi.waitUntil(() => tries() > 0, { timeout: 20_000 });
    database.close();
  });

  test('on a database that another one would have to change waits for it to be gone', async () => {
    await home.stop();
    const other = FolderLock.take(join(home.folder, 'actor'));
    const database = new DatabaseSync(home.databaseFile, { timeout: 10_000 });
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
    database.exec('PRAGMA user_version = 998');
    const started = home.start();
    const first = await Promise.race([started.then(() => 'listens'), new Promise((done) => setTimeout(done, 1_500))]);
    expect(first).toBeUndefined();
    database.exec(`PRAGMA user_version = ${version}`);
    database.close();
    other.release();
    await started;
  });

  test('gives nobody but home what home asks for', async () => {
    const status = async (authorization?: string): Promise<number> => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await fetch(`${home.origin}/.porchlight/leavings`, { headers })).status;
    };
    expect([await status(), await status('Bearer x'), await status('Bearer ')]).toEqual([401, 401, 401]);
  });
});
