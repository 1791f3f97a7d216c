// The key-value store that Fedify remembers with.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { KvStoreSetOptions } from '@fedify/fedify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../home-node/embedded/database.ts';
import { SqliteKvStore } from '../../../home-node/embedded/kv.ts';
import { makeFolder } from './running.ts';

/** As much of a Temporal.Duration as a store asks for. */
function lasting(ms: number): KvStoreSetOptions {
  return { ttl: { total: () => ms } } as unknown as KvStoreSetOptions;
}

describe('the key-value store', () => {
  let folder: string;
  let database: Database;
  let kv: SqliteKvStore;
  let now = 0;
  beforeEach(() => {
    folder = makeFolder();
    now = 1_000_000;
    database = openDatabase(join(folder, 'actor.sqlite'), 'eventually');
    kv = new SqliteKvStore(database, { now: () => now });
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  test('gives back what was set last, null included, and nothing for what was deleted', async () => {
    await kv.set(['a'], { x: [1] });
    await kv.set(['b'], null);
    await kv.set(['a'], { x: [2] });
    expect(await kv.get(['a'])).toEqual({ x: [2] });
    expect(await kv.get(['b'])).toBeNull();
    await kv.delete(['a']);
    expect(await kv.get(['a'])).toBeUndefined();
  });

  test('keeps keys apart whose parts only look alike when joined', async () => {
    await kv.set(['a', 'b'], 1);
    await kv.set(['a","b'], 2);
    await kv.set(['ab'], 3);
    expect([await kv.get(['a', 'b']), await kv.get(['a","b']), await kv.get(['ab'])]).toEqual([1, 2, 3]);
  });

  test('forgets when the time to live is over, and everything after a month', async () => {
    await kv.set(['short'], 1, lasting(1000));
    await kv.set(['long'], 1);
    now += 999;
    expect(await kv.get(['short'])).toBe(1);
    now += 1;
    expect(await kv.get(['short'])).toBeUndefined();
    now += 30 * 24 * 3_600_000;
    expect(await kv.get(['long'])).toBeUndefined();
  });

  test('removes what has expired from the disk', async () => {
    for (let i = 0; i < 100; i += 1) await kv.set(['early', String(i)], i, lasting(1));
    now += 10;
    for (let i = 0; i < 300; i += 1) await kv.set(['late'], i);
    expect(database.sql.prepare('SELECT count(*) AS n FROM kv').get()).toEqual({ n: 1 });
  });

  test('swaps only what is as expected', async () => {
    expect(await kv.cas(['a'], undefined, 1)).toBe(true);
    expect(await kv.cas(['a'], undefined, 2)).toBe(false);
    expect(await kv.cas(['a'], 1, 3)).toBe(true);
    expect(await kv.get(['a'])).toBe(3);
  });

  test('lists a prefix and nothing beside it', async () => {
    for (const key of [['a'], ['a', 'b'], ['a', 'b', 'c'], ['ab'], ['b']] as const) await kv.set(key, key.length);
    const listed = async (prefix?: [string, ...string[]]): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { key } of kv.list(prefix)) keys.push(key.join('/'));
      return keys.sort((x, y) => x.localeCompare(y));
    };
    expect(await listed(['a'])).toEqual(['a', 'a/b', 'a/b/c']);
    expect(await listed(['a', 'b'])).toEqual(['a/b', 'a/b/c']);
    expect(await listed()).toHaveLength(5);
  });
});
