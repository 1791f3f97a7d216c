import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ledger } from '../../../home-node/intake/ledger.ts';
import { UpkeepThread } from '../../../home-node/intake/upkeep-thread.ts';
import { until } from '../../support/processes.ts';

let folder: string;
let path: string;
let ledger: Ledger;
let thread: UpkeepThread;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-upkeep-'));
  path = join(folder, 'ledger.sqlite');
  ledger = await Ledger.open(path);
  ledger.mark([
    { mark: 'begin', id: 'a', service: 'home', sender: 'of a', at: 1 },
    { mark: 'answer', id: 'a', outcome: 'delivered', at: 2 },
  ]);
});

afterEach(async () => {
  await thread.close();
  await ledger.close();
  rmSync(folder, { recursive: true });
});

const ended = async (): Promise<true> => await until('no thread', () => (thread.isRunning ? null : true));

describe('the thread of the upkeep', () => {
  test('is there only while there is work, as often as there is some', async () => {
    thread = new UpkeepThread(path, 0);
    expect(thread.isRunning).toBe(false);
    expect(await thread.ask({ op: 'senders' })).toEqual(['of a']);
    await ended();
    expect(await thread.ask({ op: 'senders' })).toEqual(['of a']);
    await ended();
  });

  test('answers all that is asked at once, each with its own answer', async () => {
    thread = new UpkeepThread(path, 0);
    const asked = [
      thread.ask({ op: 'senders' }),
      thread.ask({ op: 'prune', before: 3 }),
      thread.ask({ op: 'senders' }),
    ];
    expect(await Promise.all(asked)).toEqual([['of a'], 1, []]);
  });

  test('stays for what comes in company, and is gone when it is closed', async () => {
    thread = new UpkeepThread(path, 60_000);
    await thread.ask({ op: 'senders' });
    expect(thread.isRunning).toBe(true);
    await thread.close();
    expect(thread.isRunning).toBe(false);
    // Another home node may have the file by then.
    await expect(thread.ask({ op: 'senders' })).rejects.toThrow('closed');
    expect(thread.isRunning).toBe(false);
    // Closing again, and closing what never ran, is no fault.
    await thread.close();
  });

  test('answers what it was asked before it was closed', async () => {
    thread = new UpkeepThread(path, 60_000);
    const asked = thread.ask({ op: 'senders' });
    await thread.close();
    expect(await asked).toEqual(['of a']);
  });

  test('says why it could not, and is tried anew the next time', async () => {
    const broken = join(folder, 'broken.sqlite');
    writeFileSync(broken, 'This is no database, and it is long enough to be seen as none: '.repeat(100));
    thread = new UpkeepThread(broken, 0);
    await expect(thread.ask({ op: 'senders' })).rejects.toThrow('file is not a database');
    rmSync(broken);
    await ended();
    await expect(thread.ask({ op: 'senders' })).rejects.toThrow('no such table');
  });
});
