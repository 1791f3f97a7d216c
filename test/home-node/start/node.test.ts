// What a home node says that does not run: never claimed, asleep, or at its end.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HomeOptions } from '../../../home-node/config.ts';
import { FolderLock } from '../../../home-node/folder-lock.ts';
import { HomeNode } from '../../../home-node/node.ts';

let folder: string;
let node: HomeNode;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-node-'));
  writeFileSync(join(folder, 'porchlight.toml'), 'domain = "home.example"\n[log]\nlevel = "error"\n');
  const options: HomeOptions = { folder, claimCode: null, logLevel: null, wakeAt: null, replaySince: null };
  node = await HomeNode.hold(options);
});

afterEach(async () => {
  await node.stop();
  rmSync(folder, { recursive: true });
});

describe('a home node', () => {
  test('that was never claimed does not start, says what to run, and frees its folder', async () => {
    await expect(node.begin()).rejects.toMatchObject({
      code: 'not-claimed',
      message: expect.stringContaining('porchlight claim CODE'),
    });
    FolderLock.take(folder).release();
  });

  test('that is not awake does nothing that needs a home', () => {
    expect(() => node.awake).toThrow(
      expect.objectContaining({ code: 'home-asleep', message: expect.stringContaining('porchlight wake') }),
    );
  });

  test('that has ended takes no command any more', async () => {
    await node.end();
    for (const asked of [node.sleep(null), node.wake(), node.claim('x'), node.end()]) {
      await expect(asked).rejects.toMatchObject({ code: 'ending' });
    }
  });
});
