import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fellBack, replayed } from '../../../home-node/intake/fallen-back.ts';
import { Ledger } from '../../../home-node/intake/ledger.ts';
import type { Mark } from '../../../home-node/intake/ledger-store.ts';
import { MarkGroup } from '../../../home-node/intake/mark-group.ts';

const probe = await open(import.meta.filename);
const fileHandlePrototype = Object.getPrototypeOf(probe) as FileHandle;
await probe.close();

let folder: string;
let ledger: Ledger;
const path = (): string => join(folder, 'ledger.sqlite');
const begin = (id: string, at = 1): Mark => ({ mark: 'begin', id, service: 'home', sender: `of ${id}`, at });
const answer = (id: string, outcome: 'delivered' | 'later' | 'dead' | 'released', at = 2): Mark => ({
  mark: 'answer',
  id,
  outcome,
  at,
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-ledger-'));
  ledger = await Ledger.open(path());
});

afterEach(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true });
});

describe('a delivery in the ledger', () => {
  test('is fresh when it was never begun', () => {
    expect(ledger.mark([begin('a')])).toEqual(['fresh']);
  });

  test('is in doubt when it was begun and never answered', () => {
    ledger.mark([begin('a')]);
    expect(ledger.mark([begin('a')])).toEqual(['in-doubt']);
  });

  test('is never begun again once it is delivered', () => {
    ledger.mark([begin('a'), answer('a', 'delivered')]);
    expect(ledger.mark([begin('a')])).toEqual(['delivered']);
    expect(ledger.mark([begin('a')])).toEqual(['delivered']);
  });

  test('is fresh again after any other answer: the owner may retry a dead letter', () => {
    for (const outcome of ['later', 'dead', 'released'] as const) {
      ledger.mark([begin(outcome), answer(outcome, outcome)]);
      expect(ledger.mark([begin(outcome)])).toEqual(['fresh']);
    }
  });

  test('makes its sender known only when a service took it', async () => {
    ledger.mark([begin('a'), answer('a', 'delivered'), begin('b'), answer('b', 'dead'), begin('c')]);
    expect(await ledger.senders()).toEqual(['of a']);
  });

  test('makes its sender known without a thread while the ledger is small, and by one when reading takes long', async () => {
    ledger.mark([begin('a'), answer('a', 'delivered')]);
    expect(await ledger.senders()).toEqual(['of a']);
    expect(ledger.hasThread).toBe(false);
    const many = Array.from({ length: 12_000 }, (_, at) => `a-delivery-with-a-name-as-long-as-theirs-${at}`);
    ledger.mark(many.flatMap((id) => [begin(id), answer(id, 'dead')]));
    expect(await ledger.senders()).toEqual(['of a']);
    expect(ledger.hasThread).toBe(true);
  });

  test('is forgotten when its answer is old, and kept while it is in doubt', async () => {
    ledger.mark([begin('old'), answer('old', 'delivered', 10), begin('doubt'), begin('new')]);
    ledger.mark([answer('new', 'delivered', 20)]);
    expect(await ledger.prune(20)).toBe(1);
    expect(ledger.mark([begin('old'), begin('doubt'), begin('new')])).toEqual(['fresh', 'in-doubt', 'delivered']);
  });
});

describe('one commit', () => {
  test('gives each mark its standing', () => {
    ledger.mark([begin('a'), answer('a', 'delivered')]);
    expect(ledger.mark([answer('x', 'later'), begin('a'), begin('fresh')])).toEqual([null, 'delivered', 'fresh']);
  });

  test('holds for none of its marks when one fails, and says so', () => {
    const bad = { mark: 'answer', id: 'b', outcome: 'nonsense', at: 1 } as unknown as Mark;
    ledger.mark([begin('b')]);
    expect(() => ledger.mark([begin('a'), bad])).toThrow(expect.objectContaining({ code: 'ledger' }));
    expect(ledger.mark([begin('a')])).toEqual(['fresh']);
  });
});

describe('durable', () => {
  test('syncs the disk once for everything that was marked before, however many wait', async () => {
    const before = ledger.syncs;
    for (let n = 0; n < 100; n += 1) ledger.mark([begin(`d${n}`)]);
    await Promise.all(Array.from({ length: 10 }, async () => await ledger.durable()));
    expect(ledger.syncs - before).toBe(1);
  });

  test('syncs again for what was marked while a sync ran', async () => {
    const before = ledger.syncs;
    ledger.mark([begin('first')]);
    const first = ledger.durable();
    await Promise.resolve();
    ledger.mark([begin('second')]);
    const second = ledger.durable();
    await Promise.all([first, second]);
    expect(ledger.syncs - before).toBe(2);
  });

  test('costs nothing when nothing was marked', async () => {
    ledger.mark([begin('a')]);
    await ledger.durable();
    const before = ledger.syncs;
    await ledger.durable();
    expect(ledger.syncs).toBe(before);
  });
});

describe('the write-ahead log', () => {
  const logBytes = (): number => statSync(`${path()}-wal`).size;
  const mark = (from: number, count: number): void => {
    for (let n = from; n < from + count; n += 1) ledger.mark([begin(`d${n}`), answer(`d${n}`, 'delivered')]);
  };

  test('is emptied into the file beside the work, so that it does not grow with every delivery', async () => {
    mark(0, 1_000);
    await ledger.checkpoint();
    const first = logBytes();
    mark(1_000, 1_000);
    await ledger.checkpoint();
    expect(first).toBeGreaterThan(0);
    // The first thousand's place is used again.
    expect(logBytes()).toBeLessThan(1.5 * first);
    expect(ledger.mark([begin('d0'), begin('d1999')])).toEqual(['delivered', 'delivered']);
  });

  test('begins anew under steady load, and nobody who writes meanwhile waits for its lock', async () => {
    const group = new MarkGroup(
      (marks) => ledger.mark(marks),
      () => ledger.pause,
    );
    const impatient = new DatabaseSync(path(), { timeout: 0 });
    let paused = 0;
    for (let n = 0; n < 12_000; n += 1) {
      impatient.exec('BEGIN IMMEDIATE; ROLLBACK');
      if (ledger.pause !== null) paused += 1;
      await group.mark([begin(`d${n}`), answer(`d${n}`, 'delivered')]);
      void ledger.checkpoint();
      // The upkeep's thread is heard.
      if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    impatient.close();
    expect(paused).toBeGreaterThan(0);
    // A page and its head; each mark is at least one page.
    expect(logBytes()).toBeLessThan(12_000 * (4096 + 24));
    expect(ledger.mark([begin('d0'), begin('d11999')])).toEqual(['delivered', 'delivered']);
  });

  test('takes marks while much is forgotten beside them', async () => {
    mark(0, 2_000);
    const pruned = ledger.prune(1_000);
    mark(2_000, 500);
    expect(await pruned).toBeGreaterThanOrEqual(2_000);
    expect(ledger.mark([begin('d0')])).toEqual(['fresh']);
  });
});

describe('the ledger file', () => {
  test('has every mark that was made before SIGKILL', async () => {
    await ledger.close();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'ledger-program.ts'), path()], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const durable: string[] = [];
    const enough = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (id) => {
        durable.push(id);
        if (durable.length === 200) resolve();
      });
    });
    await enough;
    child.kill('SIGKILL');
    await once(child, 'close');
    ledger = await Ledger.open(path());
    const standings = ledger.mark(durable.map((id) => begin(id)));
    expect(new Set(standings)).toEqual(new Set(['delivered']));
  });

  test('of a newer program is refused by an older one', async () => {
    await ledger.close();
    const database = new DatabaseSync(path());
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(Ledger.open(path())).rejects.toMatchObject({ code: 'ledger-newer' });
    rmSync(path());
    ledger = await Ledger.open(path());
  });

  test('is a write-ahead log, so that readers of it never stop a delivery', async () => {
    const database = new DatabaseSync(path());
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    database.close();
  });

  test('keeps numbers that never go back', async () => {
    expect(ledger.number('version')).toBe(0);
    expect(await ledger.raise('version', 7)).toBe(7);
    expect(await ledger.raise('version', 5)).toBe(7);
    await ledger.close();
    ledger = await Ledger.open(path());
    expect(ledger.number('version')).toBe(7);
  });
});

describe('what was delivered', () => {
  test('is sent again when it comes again after the owner said that the service lost it, and only then', async () => {
    // Whatever the clock said then, and says now.
    for (const at of [0, 1_000, 4_000_000_000_000]) {
      const id = `at ${at}`;
      ledger.mark([begin(id, at), answer(id, 'delivered', at)]);
      expect(ledger.mark([begin(id, at)])).toEqual(['delivered']);
      await ledger.doubtDelivered();
      await ledger.close();
      ledger = await Ledger.open(path());
      expect(ledger.mark([begin(id, 0)])).toEqual(['in-doubt']);
      ledger.mark([answer(id, 'delivered', 0)]);
      expect(ledger.mark([begin(id, 1)])).toEqual(['delivered']);
    }
  });

  test('and is doubted still makes its sender known, and is forgotten when it is old', async () => {
    ledger.mark([begin('old', 10), answer('old', 'delivered', 11), begin('new', 30), answer('new', 'delivered', 31)]);
    await ledger.doubtDelivered();
    expect(await ledger.senders()).toEqual(['of new', 'of old']);
    expect(await ledger.prune(20)).toBe(1);
    expect(await ledger.senders()).toEqual(['of new']);
  });
});

describe('a disk that failed to sync', () => {
  test('is believed again only when everything was written once more', async () => {
    const file = vi.spyOn(fileHandlePrototype, 'datasync').mockRejectedValueOnce(new Error('EIO: i/o error'));
    ledger.mark([begin('a')]);
    await expect(ledger.durable()).rejects.toMatchObject({ code: 'ledger' });
    const logBytes = statSync(`${path()}-wal`).size;
    await ledger.durable();
    expect(file).toHaveBeenCalledTimes(1);
    expect([logBytes > 0, statSync(`${path()}-wal`).size]).toEqual([true, 0]);
    ledger.mark([begin('b')]);
    await ledger.durable();
    expect(file).toHaveBeenCalledTimes(2);
    file.mockRestore();
  });
});

describe('upkeep that fails', () => {
  test('does not keep others from writing', async () => {
    ledger.mark([begin('a'), answer('a', 'delivered')]);
    const database = new DatabaseSync(path());
    database.exec("CREATE TRIGGER fails BEFORE DELETE ON marks BEGIN SELECT raise(FAIL, 'no'); END");
    database.close();
    await expect(ledger.prune(1_000)).rejects.toMatchObject({ code: 'ledger' });
    expect(ledger.mark([begin('after')])).toEqual(['fresh']);
  });
});

describe('a data folder that fell back', () => {
  test('is not suspected when processes came and went, nor when one of them dials again', async () => {
    for (const epoch of [1, 1, 2, 3, 3, 4]) expect(await fellBack(ledger, epoch)).toBe(false);
  });

  test('is noticed by the processes that it has forgotten, however often it was started offline since, once', async () => {
    await fellBack(ledger, 1);
    // Three more processes ran elsewhere, and this is the next that reaches the edge.
    expect(await fellBack(ledger, 5)).toBe(true);
    await replayed(ledger, 5);
    expect(await fellBack(ledger, 5)).toBe(false);
    expect(await fellBack(ledger, 6)).toBe(false);
  });

  test('owes a replay until it was asked for, over the end of the process', async () => {
    await fellBack(ledger, 1);
    expect(await fellBack(ledger, 5)).toBe(true);
    await ledger.close();
    ledger = await Ledger.open(path());
    expect(await fellBack(ledger, 6)).toBe(true);
    await replayed(ledger, 6);
    expect(await fellBack(ledger, 7)).toBe(false);
  });

  test('is noticed when it is new and the edge has known this home before', async () => {
    expect(await fellBack(ledger, 41)).toBe(true);
  });
});
