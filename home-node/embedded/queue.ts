// Fedify's message queue on SQLite: what is to be sent to peers. A row leaves the table in the same commit that stores
// what its sending led to (a retry, a fan-out's messages), so a SIGKILL at any moment repeats a sending at worst and
// never forgets one. Which rows are being worked on is known in memory only: after a crash they are simply still there.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { MessageQueue, MessageQueueEnqueueOptions, MessageQueueListenOptions } from '@fedify/fedify';
import type { Clock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';
import type { Log } from '../log.ts';
import type { Database } from './database.ts';
import type { KeySeal } from './key-seal.ts';

/** A message that was handed in and is not yet in the table. */
export interface PendingMessage {
  readonly message: string;
  readonly orderingKey: string | null;
  readonly dueAt: number;
}

interface Row extends PendingMessage {
  readonly id: number;
  readonly failures: number;
}

type Handler = (message: unknown) => Promise<void> | void;

const workers = 4;
/** A machine that slept has late timers: look at the clock again this often while something waits. */
const lookAgainMs = 30_000;
/** Fedify retries what peers refuse; this is for messages on which it throws itself. */
const failuresBeforeDropped = 40;
const longestWaitMs = 60 * 60 * 1000;

/** Nothing is put off for longer (federation.ts: 12 hours, and as much for dice). */
const furthestMs = 24 * 3600 * 1000;

export class SqliteMessageQueue implements MessageQueue {
  readonly nativeRetrial = false;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #seal: KeySeal;
  readonly #log: Log;
  readonly #collecting = new AsyncLocalStorage<PendingMessage[]>();
  readonly #working = new Map<number, Promise<void>>();
  #wake: () => void = () => undefined;

  constructor(database: Database, clock: Clock, seal: KeySeal, log: Log) {
    this.#database = database;
    this.#clock = clock;
    this.#seal = seal;
    this.#log = log;
  }

  async enqueue(message: unknown, options?: MessageQueueEnqueueOptions): Promise<void> {
    await this.enqueueMany([message], options);
  }

  /** Resolves when the messages are on the disk; inside `collect`, when they are collected. */
  async enqueueMany(messages: readonly unknown[], options?: MessageQueueEnqueueOptions): Promise<void> {
    const dueAt = Math.ceil(this.#clock.now() + (options?.delay?.total('millisecond') ?? 0));
    const orderingKey = options?.orderingKey ?? null;
    const pending = messages.map((message) => ({ message: this.#seal.close(message), orderingKey, dueAt }));
    const collected = this.#collecting.getStore();
    if (collected === undefined) this.#database.transaction(() => this.store(pending));
    else collected.push(...pending);
  }

  /** Runs `work` and keeps what it enqueues for the caller to `store` in a commit of its own. */
  async collect(work: () => Promise<void>): Promise<readonly PendingMessage[]> {
    const collected: PendingMessage[] = [];
    await this.#collecting.run(collected, work);
    return collected;
  }

  /** To be called within a transaction. */
  store(pending: readonly PendingMessage[]): void {
    const insert = this.#database.sql.prepare('INSERT INTO queue (message, ordering_key, due_at) VALUES (?, ?, ?)');
    for (const { message, orderingKey, dueAt } of pending) insert.run(message, orderingKey, dueAt);
    // The commit follows in this same turn of the event loop.
    if (pending.length > 0) setImmediate(() => this.#wake());
  }

  /** Works until `signal` is aborted, and then until what is under way has ended. Never rejects. */
  async listen(handler: Handler, options: MessageQueueListenOptions = {}): Promise<void> {
    const { signal } = options;
    while (signal?.aborted !== true) {
      const nextDueAt = this.#startDue(handler);
      await this.#nextChange(nextDueAt, signal);
    }
    await Promise.all(this.#working.values());
  }

  /** Rows that wait, whenever they are due. */
  depth(): number {
    return Number(this.#database.sql.prepare('SELECT count(*) AS rows FROM queue').get()?.rows);
  }

  /** Sets idle workers to what is due; says when the next row will be, null if none waits for its time. */
  #startDue(handler: Handler): number | null {
    try {
      for (const row of this.#due(workers - this.#working.size)) {
        const work = this.#work(row, handler).finally(() => {
          this.#working.delete(row.id);
          this.#wake();
        });
        this.#working.set(row.id, work);
      }
      const next = this.#database.sql.prepare('SELECT min(due_at) AS due FROM queue WHERE due_at > ?');
      const due = next.get(this.#clock.now())?.due;
      return typeof due === 'number' ? due : null;
    } catch (thrown) {
      this.#log.error(`Cannot look into the queue: ${causeOf(thrown)}; trying again in a second.`);
      return this.#clock.now() + 1000;
    }
  }

  /** Due rows (those too far off, too: a clock was wrong when they were put off) that nobody works on, the longest due first; of one ordering key only the first of all. */
  #due(wanted: number): readonly Row[] {
    if (wanted <= 0) return [];
    const now = this.#clock.now();
    const rows = this.#database.sql
      .prepare(
        `SELECT id, message, ordering_key, due_at, failures FROM queue
         WHERE (due_at <= ? OR due_at > ?) AND (ordering_key IS NULL OR id =
           (SELECT min(id) FROM queue AS other WHERE other.ordering_key = queue.ordering_key))
         ORDER BY due_at, id LIMIT ?`,
      )
      .all(now, now + furthestMs, wanted + this.#working.size);
    return rows
      .map((row) => ({
        id: Number(row.id),
        message: String(row.message),
        orderingKey: row.ordering_key === null ? null : String(row.ordering_key),
        dueAt: Number(row.due_at),
        failures: Number(row.failures),
      }))
      .filter((row) => !this.#working.has(row.id))
      .slice(0, wanted);
  }

  async #work(row: Row, handler: Handler): Promise<void> {
    try {
      const led = await this.collect(async () => await handler(this.#seal.open(row.message)));
      this.#database.transaction(() => this.#replace(row, led));
    } catch (thrown) {
      this.#defer(row, thrown);
    }
  }

  /** A retry under the same ordering key takes its predecessor's place, so that nothing overtakes it. */
  #replace(row: Row, led: readonly PendingMessage[]): void {
    const retry = row.orderingKey === null ? undefined : led.find((message) => message.orderingKey === row.orderingKey);
    if (retry === undefined) {
      this.#database.sql.prepare('DELETE FROM queue WHERE id = ?').run(row.id);
    } else {
      this.#database.sql
        .prepare('UPDATE queue SET message = ?, due_at = ? WHERE id = ?')
        .run(retry.message, retry.dueAt, row.id);
    }
    this.store(led.filter((message) => message !== retry));
  }

  #defer(row: Row, thrown: unknown): void {
    const failures = row.failures + 1;
    const dropped = failures >= failuresBeforeDropped;
    this.#log.error(
      `Cannot send a queued message (try ${failures}): ${causeOf(thrown)}; ${dropped ? 'it is dropped' : 'it stays queued'}.`,
    );
    const waitMs = Math.min(1000 * 2 ** failures, longestWaitMs);
    try {
      if (dropped) this.#database.sql.prepare('DELETE FROM queue WHERE id = ?').run(row.id);
      else {
        this.#database.sql
          .prepare('UPDATE queue SET failures = ?, due_at = ? WHERE id = ?')
          .run(failures, this.#clock.now() + waitMs, row.id);
      }
    } catch (cause) {
      // The disk is full or held by another process. The row stays as it was and is tried again.
      this.#log.error(`Cannot defer a queued message: ${causeOf(cause)}; it is tried again.`);
    }
  }

  /** Resolves on something new, when the next row is due, or when it is time to look at the clock again. */
  async #nextChange(nextDueAt: number | null, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const waitMs = nextDueAt === null ? null : Math.max(0, Math.min(nextDueAt - this.#clock.now(), lookAgainMs));
      const timer = waitMs === null ? undefined : setTimeout(done, waitMs);
      signal?.addEventListener('abort', done, { once: true });
      this.#wake = done;
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}
