// The embedded home as a process: one for one folder, gone with whoever started it.

import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

  test('gives nobody but home what home asks for', async () => {
    const status = async (authorization?: string): Promise<number> => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await fetch(`${home.origin}/.porchlight/leavings`, { headers })).status;
    };
    expect([await status(), await status('Bearer x'), await status('Bearer ')]).toEqual([401, 401, 401]);
  });
});
