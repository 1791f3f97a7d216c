import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fellBack, replayed } from '../../../home-node/intake/fallen-back.ts';
import { Ledger } from '../../../home-node/intake/ledger.ts';
import type { Mark } from '../../../home-node/intake/ledger-store.ts';
import { doubtBefore } from '../../../home-node/intake/ledger-store.ts';

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
  test('is fresh when it was never begun', async () => {
    expect(await ledger.mark([begin('a')])).toEqual(['fresh']);
  });

  test('is in doubt when it was begun and never answered', async () => {
    await ledger.mark([begin('a')]);
    expect(await ledger.mark([begin('a')])).toEqual(['in-doubt']);
  });

  test('is never begun again once it is delivered', async () => {
    await ledger.mark([begin('a'), answer('a', 'delivered')]);
    expect(await ledger.mark([begin('a')])).toEqual(['delivered']);
    expect(await ledger.mark([begin('a')])).toEqual(['delivered']);
  });

  test('is fresh again after any other answer: the owner may retry a dead letter', async () => {
    for (const outcome of ['later', 'dead', 'released'] as const) {
      await ledger.mark([begin(outcome), answer(outcome, outcome)]);
      expect(await ledger.mark([begin(outcome)])).toEqual(['fresh']);
    }
  });

  test('makes its sender known only when a service took it', async () => {
    await ledger.mark([begin('a'), answer('a', 'delivered'), begin('b'), answer('b', 'dead'), begin('c')]);
    expect(await ledger.senders()).toEqual(['of a']);
  });

  test('is forgotten when its answer is old, and kept while it is in doubt', async () => {
    await ledger.mark([begin('old'), answer('old', 'delivered', 10), begin('doubt'), begin('new')]);
    await ledger.mark([answer('new', 'delivered', 20)]);
    expect(await ledger.prune(20)).toBe(1);
    expect(await ledger.mark([begin('old'), begin('doubt'), begin('new')])).toEqual(['fresh', 'in-doubt', 'delivered']);
  });
});

describe('group commit', () => {
  test('puts the marks of all senders of one moment into one commit', async () => {
    const before = ledger.commits;
    await Promise.all(Array.from({ length: 100 }, async (_, n) => await ledger.mark([begin(`d${n}`)])));
    expect(ledger.commits - before).toBe(1);
  });

  test('gathers what comes while the disk is busy for the next commit', async () => {
    const before = ledger.commits;
    const first = ledger.mark([begin('first')]);
    await new Promise((resolve) => setImmediate(resolve));
    const rest = Array.from({ length: 50 }, async (_, n) => await ledger.mark([begin(`d${n}`)]));
    await Promise.all([first, ...rest]);
    expect(ledger.commits - before).toBe(2);
  });

  test('gives each its own standings', async () => {
    await ledger.mark([begin('a'), answer('a', 'delivered')]);
    const [one, two] = await Promise.all([
      ledger.mark([answer('x', 'later'), begin('a')]),
      ledger.mark([begin('fresh')]),
    ]);
    expect(one).toEqual([null, 'delivered']);
    expect(two).toEqual(['fresh']);
  });

  test('holds for none of them when the commit fails, and says so', async () => {
    const bad = { mark: 'answer', id: 'b', outcome: 'nonsense', at: 1 } as unknown as Mark;
    await ledger.mark([begin('b')]);
    const together = await Promise.allSettled([ledger.mark([begin('a')]), ledger.mark([bad])]);
    expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((together[0] as PromiseRejectedResult).reason).toMatchObject({ code: 'ledger' });
    expect(await ledger.mark([begin('a')])).toEqual(['fresh']);
  });
});

describe('the ledger file', () => {
  test('has every mark that was said to be durable after SIGKILL', async () => {
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
    const standings = await ledger.mark(durable.map((id) => begin(id)));
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
    expect(await ledger.number('version')).toBe(0);
    expect(await ledger.raise('version', 7)).toBe(7);
    expect(await ledger.raise('version', 5)).toBe(7);
    await ledger.close();
    ledger = await Ledger.open(path());
    expect(await ledger.number('version')).toBe(7);
  });
});

describe('what was delivered', () => {
  test('is sent again when it comes again after the owner said that the service lost it, and only then', async () => {
    const begin = (at: number) => [{ mark: 'begin', id: 'd1', service: 'home', sender: 'a', at }] as const;
    const answer = (at: number) => [{ mark: 'answer', id: 'd1', outcome: 'delivered', at }] as const;
    await ledger.mark(begin(1_000));
    await ledger.mark(answer(1_001));
    expect(await ledger.mark(begin(2_000))).toEqual(['delivered']);
    await ledger.raise(doubtBefore, 3_000);
    await ledger.close();
    ledger = await Ledger.open(path());
    expect(await ledger.mark(begin(3_001))).toEqual(['in-doubt']);
    await ledger.mark(answer(3_002));
    expect(await ledger.mark(begin(3_003))).toEqual(['delivered']);
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
