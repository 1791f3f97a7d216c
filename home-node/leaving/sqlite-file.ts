// Reads a service's SQLite file by a thread of its own (sqlite-thread.ts), so that home's event loop, and the link with it,
// goes on meanwhile.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { programFiles } from '../program-files.ts';
import { turn } from '../turn.ts';
import { within } from '../within.ts';
import type { Row } from './database.ts';
import type { SqliteFile, SqliteReply, SqliteRequest } from './sqlite-thread.ts';

interface Waiting {
  readonly resolve: (reply: SqliteReply) => void;
  readonly reject: (cause: Error) => void;
}

export class SqliteReader {
  readonly #worker: Worker;
  readonly #exited: Promise<unknown>;
  /** Of the one question that is asked. */
  #waiting: Waiting | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** Why it answers nothing any more. */
  #over: string | null = null;

  constructor(path: string) {
    const workerData: SqliteFile = { path, busyMs: limits.databaseMs };
    this.#worker = new Worker(programFiles.sqliteThread, { workerData });
    this.#exited = once(this.#worker, 'exit');
    this.#worker.on('message', (reply: SqliteReply) => {
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting?.resolve(reply);
    });
    this.#worker.on('error', (thrown) => this.#end(causeOf(thrown)));
    this.#worker.on('exit', () => this.#end('its thread has ended'));
  }

  /** null: a table or column is not there. Throws what SQLite says, and after limits.databaseMs. */
  async rows(sql: string): Promise<readonly Row[] | null> {
    const asking = this.#last.then(async () => await this.#rows(sql));
    this.#last = asking.catch(() => undefined);
    return await asking;
  }

  /** Resolves when the file is closed. */
  async close(): Promise<void> {
    // One that stands still hears nothing, and has been told to end.
    if (this.#over !== null) return;
    this.#tell({ op: 'close' });
    if ((await within(limits.databaseMs, this.#exited)) === undefined) await this.#worker.terminate();
  }

  async #rows(sql: string): Promise<readonly Row[] | null> {
    const reading = this.#slices(sql);
    const found = await within(limits.databaseMs, reading);
    if (found !== undefined) return found;
    // Whoever comes next is not kept waiting behind it.
    reading.catch(() => undefined);
    this.#end(`it takes longer than ${limits.databaseMs / 1000} s`);
    void this.#worker.terminate();
    throw new Error(this.#over ?? '');
  }

  async #slices(sql: string): Promise<readonly Row[] | null> {
    const rows: Row[] = [];
    for (let request: SqliteRequest = { op: 'ask', sql }; ; request = { op: 'more' }) {
      const reply = await this.#ask(request);
      if ('error' in reply) {
        if (reply.missing) return null;
        throw new Error(reply.error);
      }
      for (const row of reply.rows) rows.push(row);
      if (reply.isLast) return rows;
      await turn();
    }
  }

  async #ask(request: SqliteRequest): Promise<SqliteReply> {
    if (this.#over !== null) throw new Error(this.#over);
    return await new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#tell(request);
    });
  }

  #tell(request: SqliteRequest): void {
    this.#worker.postMessage(request);
  }

  #end(why: string): void {
    this.#over ??= why;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(new Error(this.#over));
  }
}
