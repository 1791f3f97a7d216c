// The thread that reads a service's SQLite file: SQLite answers while it is called, and to sort a hundred thousand rows takes
// as long as the link may be held up. It answers one question at a time, in slices, each when it is asked for: what has
// piled up at the other end would hold that one up just so.

import { parentPort, workerData } from 'node:worker_threads';
import { causeOf } from '../../shared/errors.ts';
import { DatabaseSync } from '../sqlite.ts';
import type { Row } from './database.ts';

export type SqliteRequest = { readonly op: 'ask'; readonly sql: string } | { readonly op: 'more' | 'close' };

export type SqliteReply =
  | { readonly rows: readonly Row[]; readonly isLast: boolean }
  /** `missing`: a table or column is not there. */
  | { readonly error: string; readonly missing: boolean };

export interface SqliteFile {
  readonly path: string;
  /** How long a writer at work is waited for, ms. */
  readonly busyMs: number;
}

/** Rows of one slice: a few milliseconds of the other end's time. */
const sliceRows = 1_000;

class File {
  readonly #file: SqliteFile;
  #database: DatabaseSync | null = null;
  #rows: Iterator<Row> | null = null;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  ask(sql: string): SqliteReply {
    const { path, busyMs } = this.#file;
    this.#database ??= new DatabaseSync(path, { readOnly: true, timeout: busyMs });
    this.#rows = this.#database.prepare(sql).iterate() as unknown as Iterator<Row>;
    return this.more();
  }

  more(): SqliteReply {
    const rows: Row[] = [];
    while (this.#rows !== null && rows.length < sliceRows) {
      const { value, done } = this.#rows.next();
      if (done === true) this.#rows = null;
      // Without SQLite's own prototype, which another thread cannot be given.
      else rows.push({ ...value });
    }
    return { rows, isLast: this.#rows === null };
  }

  close(): void {
    this.#rows = null;
    this.#database?.close();
  }
}

function attempt(work: () => SqliteReply): SqliteReply {
  try {
    return work();
  } catch (thrown) {
    const error = causeOf(thrown);
    return { error, missing: /no such (table|column)/.test(error) };
  }
}

if (parentPort !== null) {
  const port = parentPort;
  const file = new File(workerData as SqliteFile);
  port.on('message', (request: SqliteRequest) => {
    switch (request.op) {
      case 'ask':
        port.postMessage(attempt(() => file.ask(request.sql)));
        break;
      case 'more':
        port.postMessage(attempt(() => file.more()));
        break;
      case 'close':
        file.close();
        port.close();
        break;
    }
  });
}
