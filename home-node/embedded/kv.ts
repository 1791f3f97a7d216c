// Fedify's key-value store on SQLite: a memory of peers' keys, documents and habits. Everything in it can be had again,
// so commits do not wait for the disk, and everything expires: who signs once is not remembered for ever.

import type { KvKey, KvStore, KvStoreListEntry, KvStoreSetOptions } from '@fedify/fedify';
import type { Clock } from '../../shared/clock.ts';
import type { Database } from './database.ts';

/** For what Fedify stores without a time to live (keys of peers). Danger: a row for every signer there ever was. */
const longestMs = 30 * 24 * 60 * 60 * 1000;
const writesBetweenSweeps = 256;

export class SqliteKvStore implements KvStore {
  readonly #database: Database;
  readonly #clock: Clock;
  #writes = 0;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.sweep();
  }

  async get<T = unknown>(key: KvKey): Promise<T | undefined> {
    const text = this.#read(key);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  async set(key: KvKey, value: unknown, options?: KvStoreSetOptions): Promise<void> {
    this.#write(key, value, options);
  }

  async delete(key: KvKey): Promise<void> {
    this.#database.sql.prepare('DELETE FROM kv WHERE key = ?').run(JSON.stringify(key));
  }

  /** Compares as JSON; `undefined` expects that there is none. */
  async cas(key: KvKey, expected: unknown, value: unknown, options?: KvStoreSetOptions): Promise<boolean> {
    return this.#database.transaction(() => {
      if (this.#read(key) !== JSON.stringify(expected)) return false;
      this.#write(key, value, options);
      return true;
    });
  }

  async *list(prefix?: KvKey): AsyncIterable<KvStoreListEntry> {
    const exact = JSON.stringify(prefix ?? []);
    const longer = prefix === undefined ? '[' : `${exact.slice(0, -1)},`;
    const rows = this.#database.sql
      .prepare('SELECT key, value FROM kv WHERE (key = ? OR substr(key, 1, length(?)) = ?) AND expires_at > ?')
      .all(exact, longer, longer, this.#clock.now());
    for (const row of rows) {
      yield { key: JSON.parse(String(row.key)) as KvKey, value: JSON.parse(String(row.value)) as unknown };
    }
  }

  /** Removes what has expired. */
  sweep(): void {
    this.#database.sql.prepare('DELETE FROM kv WHERE expires_at <= ?').run(this.#clock.now());
  }

  #read(key: KvKey): string | undefined {
    const row = this.#database.sql
      .prepare('SELECT value FROM kv WHERE key = ? AND expires_at > ?')
      .get(JSON.stringify(key), this.#clock.now());
    return row === undefined ? undefined : String(row.value);
  }

  #write(key: KvKey, value: unknown, options?: KvStoreSetOptions): void {
    const text = JSON.stringify(value);
    // `undefined` has no JSON; for a store it means that there is nothing.
    if (text === undefined) {
      this.#database.sql.prepare('DELETE FROM kv WHERE key = ?').run(JSON.stringify(key));
      return;
    }
    const lastsMs = Math.min(options?.ttl?.total('millisecond') ?? longestMs, longestMs);
    this.#database.sql
      .prepare('INSERT OR REPLACE INTO kv (key, value, expires_at) VALUES (?, ?, ?)')
      .run(JSON.stringify(key), text, Math.ceil(this.#clock.now() + lastsMs));
    this.#writes += 1;
    if (this.#writes % writesBetweenSweeps === 0) this.sweep();
  }
}
