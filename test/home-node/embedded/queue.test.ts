// The queue of what is to be sent: nothing is forgotten by dying, nothing is done while something before it waits.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageQueueEnqueueOptions } from '@fedify/fedify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../home-node/embedded/database.ts';
import { SqliteMessageQueue } from '../../../home-node/embedded/queue.ts';
import { createLog } from '../../../home-node/log.ts';
import { until } from '../../support/processes.ts';
import { makeFolder } from './running.ts';

interface Message {
  readonly name: string;
}

/** As much of a Temporal.Duration as a queue asks for. */
function later(ms: number, orderingKey?: string): MessageQueueEnqueueOptions {
  return {
    delay: { total: () => ms },
    ...(orderingKey === undefined ? {} : { orderingKey }),
  } as unknown as MessageQueueEnqueueOptions;
}

const plain = {
  close: (message: unknown) => JSON.stringify(message),
  open: (text: string) => JSON.parse(text) as unknown,
};

describe('the queue', () => {
  let folder: string;
  let database: Database;
  let queue: SqliteMessageQueue;
  let log: string;
  let now = 0;
  let ending: AbortController;

  const makeQueue = (): SqliteMessageQueue =>
    new SqliteMessageQueue(
      database,
      { now: () => now },
      plain,
      createLog('info', { now: () => now }, (line) => {
        log += line;
      }),
    );
  beforeEach(() => {
    folder = makeFolder();
    log = '';
    now = 1_000_000;
    ending = new AbortController();
    database = openDatabase(join(folder, 'actor.sqlite'), 'always');
    queue = makeQueue();
  });
  test('does not wait for years for what a wrong clock put off', async () => {
    now = 2_500_000_000_000;
    await queue.enqueue({ name: 'put off' }, later(60_000));
    now = 1_800_000_000_000;
    const done: string[] = [];
    void queue.listen(async (message) => void done.push(await Promise.resolve((message as Message).name)), {
      signal: ending.signal,
    });
    await until('it was sent', () => (done.includes('put off') ? true : null));
  });

  afterEach(() => {
    ending.abort();
    database.close();
    rmSync(folder, { recursive: true });
  });

  /** Names in the order in which they were handled. */
  function listen(handle: (message: Message) => Promise<void> | void = () => undefined, on = queue): string[] {
    const handled: string[] = [];
    const work = async (message: unknown): Promise<void> => {
      handled.push((message as Message).name);
      await handle(message as Message);
    };
    void on.listen(work, { signal: ending.signal });
    return handled;
  }

  const emptied = async (): Promise<void> => {
    await until('the queue is empty', () => (queue.depth() === 0 ? true : null));
  };

  test('hands over what is enqueued before and after it is listened to', async () => {
    await queue.enqueue({ name: 'before' });
    const handled = listen();
    await queue.enqueueMany([{ name: 'after' }, { name: 'last' }]);
    await emptied();
    expect(handled).toEqual(['before', 'after', 'last']);
  });

  test('hands over again what was being worked on when the process died', async () => {
    await queue.enqueue({ name: 'one' });
    const first = listen(() => new Promise(() => undefined));
    await until('it is being worked on', () => (first.length === 1 ? true : null));
    const reborn = makeQueue();
    const second = listen(undefined, reborn);
    await until('it came again', () => (second.length === 1 ? true : null));
    expect(second).toEqual(['one']);
  });

  test('waits for the time of a delayed message', async () => {
    await queue.enqueue({ name: 'late' }, later(60_000));
    await queue.enqueue({ name: 'now' });
    const handled = listen();
    await until('the first is done', () => (queue.depth() === 1 ? true : null));
    expect(handled).toEqual(['now']);
    now += 60_000;
    await queue.enqueue({ name: 'wake' });
    await emptied();
    expect(handled).toContain('late');
  });

  test('stores what a message leads to in the commit that removes it', async () => {
    await queue.enqueue({ name: 'one' });
    const seen: number[] = [];
    const handled = listen(async ({ name }) => {
      if (name !== 'one') return;
      await queue.enqueueMany([{ name: 'two' }, { name: 'three' }]);
      seen.push(queue.depth());
      throw new Error('died after enqueuing');
    });
    await until('it failed once', () => (log.includes('died after enqueuing') ? true : null));
    expect({ handled, seen, waiting: queue.depth() }).toEqual({ handled: ['one'], seen: [1], waiting: 1 });
  });

  test('keeps the order of one key, one at a time, while others go on', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await queue.enqueue({ name: 'a1' }, { orderingKey: 'a' });
    await queue.enqueue({ name: 'a2' }, { orderingKey: 'a' });
    await queue.enqueue({ name: 'b1' }, { orderingKey: 'b' });
    await queue.enqueue({ name: 'free' });
    const handled = listen(async ({ name }) => {
      if (name === 'a1') await held;
    });
    await until('only those of a wait', () => (queue.depth() === 2 ? true : null));
    expect([...handled].sort((x, y) => x.localeCompare(y))).toEqual(['a1', 'b1', 'free']);
    release();
    await emptied();
    expect(handled.at(-1)).toBe('a2');
  });

  test('lets nothing of the same key overtake a retry', async () => {
    await queue.enqueue({ name: 'a1' }, { orderingKey: 'a' });
    await queue.enqueue({ name: 'a2' }, { orderingKey: 'a' });
    let tries = 0;
    const handled = listen(async ({ name }) => {
      tries += 1;
      // Fedify enqueues a retry as a new message of the same key.
      if (name === 'a1' && tries === 1) await queue.enqueue({ name: 'a1' }, later(60_000, 'a'));
    });
    await until('the first try is over', () => (tries === 1 && queue.depth() === 2 ? true : null));
    now += 60_000;
    await queue.enqueue({ name: 'wake' });
    await emptied();
    expect(handled.filter((name) => name !== 'wake')).toEqual(['a1', 'a1', 'a2']);
  });

  test('tries a message again on which the handler throws, later each time, and says so', async () => {
    await queue.enqueue({ name: 'poison' });
    let tries = 0;
    listen(({ name }) => {
      if (name !== 'poison') return;
      tries += 1;
      if (tries < 3) throw new Error(`failure ${tries}`);
    });
    for (const [failures, waitMs] of [
      [1, 2_000],
      [2, 4_000],
    ] as const) {
      await until('it failed', () => (log.includes(`failure ${failures}`) ? true : null));
      now += waitMs - 1;
      await queue.enqueue({ name: 'wake' });
      await until('only it waits', () => (queue.depth() === 1 ? true : null));
      expect(tries).toBe(failures);
      now += 1;
      await queue.enqueue({ name: 'wake' });
    }
    await emptied();
    expect(tries).toBe(3);
  });

  test('gives what was collected to its caller, who stores it or does not', async () => {
    const collected = await queue.collect(async () => await queue.enqueue({ name: 'promised' }));
    expect(queue.depth()).toBe(0);
    database.transaction(() => queue.store(collected));
    expect(queue.depth()).toBe(1);
  });

  test('ends when it is told to, after what is under way', async () => {
    let done = false;
    await queue.enqueue({ name: 'slow' });
    const listening = queue.listen(
      async () => {
        ending.abort();
        await new Promise((resolve) => setImmediate(resolve));
        done = true;
      },
      { signal: ending.signal },
    );
    await listening;
    expect(done).toBe(true);
    expect(queue.depth()).toBe(0);
  });
});
