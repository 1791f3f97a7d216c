// The thread of the ledger's upkeep (ledger-thread.ts), there only while it has something to do: an idle thread costs a
// small machine 10 to 20 MB, and there is work for it once in minutes.

import { Worker } from 'node:worker_threads';
import { causeOf } from '../../shared/errors.ts';
import { programFiles } from '../program-files.ts';
import type { UpkeepReply, UpkeepRequest, UpkeepResult } from './ledger-thread.ts';

interface Asked {
  readonly resolve: (result: UpkeepResult) => void;
  readonly reject: (error: Error) => void;
}

/** Work often comes in company: a thread that is done waits this long for more. */
const idleMs = 2_000;

export class UpkeepThread {
  readonly #path: string;
  readonly #idleMs: number;
  #running: Running | null = null;
  #idle: NodeJS.Timeout | null = null;
  #isClosed = false;
  /** Threads that were told to end and have not yet. */
  readonly #ending = new Set<Promise<void>>();

  /** `path`: the ledger's file. */
  constructor(path: string, idle = idleMs) {
    this.#path = path;
    this.#idleMs = idle;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Rejects with what the thread said, or how it ended; the next question starts another one, unless it was closed. */
  async ask(request: UpkeepRequest): Promise<UpkeepResult> {
    // Another home node may have the file from then on.
    if (this.#isClosed) throw new Error('it is closed');
    if (this.#idle !== null) clearTimeout(this.#idle);
    const running = this.#running ?? new Running(this.#path, () => this.#gone(running));
    this.#running = running;
    try {
      return await running.ask(request);
    } finally {
      if (this.#running === running && running.isDone) {
        this.#idle = setTimeout(() => this.#end(), this.#idleMs).unref();
      }
    }
  }

  /** Resolves when no thread is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#end();
    await Promise.all(this.#ending);
  }

  #gone(running: Running): void {
    if (this.#running === running) this.#running = null;
  }

  #end(): void {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    const ended = running.end().then(() => void this.#ending.delete(ended));
    this.#ending.add(ended);
  }
}

/** One thread, from its start to its end. Its answers come in the order of questions. */
class Running {
  readonly #worker: Worker;
  readonly #asked: Asked[] = [];
  readonly #exited: Promise<void>;

  constructor(path: string, onGone: () => void) {
    this.#worker = new Worker(programFiles.ledgerThread, { workerData: { path } });
    this.#worker.on('message', (reply: UpkeepReply) => {
      const asked = this.#asked.shift();
      if ('result' in reply) asked?.resolve(reply.result);
      else asked?.reject(new Error(reply.error));
    });
    this.#worker.on('error', (cause) => this.#fail(causeOf(cause)));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        onGone();
        this.#fail('its thread has ended');
        resolve();
      });
    });
  }

  get isDone(): boolean {
    return this.#asked.length === 0;
  }

  async ask(request: UpkeepRequest): Promise<UpkeepResult> {
    return await new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  /** It answers what it was asked, closes its connection, and has nothing more to wait for. Never rejects. */
  async end(): Promise<void> {
    this.ask({ op: 'close' }).catch(() => undefined);
    await this.#exited;
  }

  #fail(found: string): void {
    for (const asked of this.#asked.splice(0)) asked.reject(new Error(found));
  }
}
