// The ledger: what home remembers of each delivery across any crash. `begin` is on the disk before a delivery is sent,
// `answer` after the service answered and before the edge is told. Marks made while the disk is busy, or in one turn of
// the event loop, share one commit: with many senders at once a commit is paid once for all of them.

import { Worker } from 'node:worker_threads';
import { PorchlightError } from '../../shared/errors.ts';
import type { Mark, Standing } from './ledger-store.ts';
import type { LedgerReply, LedgerRequest, LedgerResult } from './ledger-thread.ts';

interface Waiting<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: Error) => void;
}

interface WaitingMarks extends Waiting<readonly (Standing | null)[]> {
  readonly marks: readonly Mark[];
}

export class Ledger {
  readonly #thread: Worker;
  readonly #asked: Waiting<LedgerResult>[] = [];
  #marks: WaitingMarks[] = [];
  #committing = false;
  #commits = 0;
  #broken: PorchlightError | null = null;

  private constructor(thread: Worker) {
    this.#thread = thread;
    thread.on('message', (reply: LedgerReply) => {
      const waiting = this.#asked.shift();
      if ('result' in reply) waiting?.resolve(reply.result);
      else waiting?.reject(failure(reply.error.code, reply.error.message));
    });
    thread.on('error', (cause) => this.#break(cause.message));
    thread.on('exit', () => this.#break('its thread has ended'));
  }

  /** Opens the ledger's file, making it when there is none. Throws `ledger-newer`, `ledger`. */
  static async open(path: string): Promise<Ledger> {
    const thread = new Worker(new URL('./ledger-thread.ts', import.meta.url), { workerData: { path } });
    const ledger = new Ledger(thread);
    try {
      await new Promise<LedgerResult>((resolve, reject) => ledger.#asked.push({ resolve, reject }));
      return ledger;
    } catch (thrown) {
      await thread.terminate();
      throw thrown;
    }
  }

  /**
   * Resolves when all marks are on the disk, in one commit and in their order: the standing of each `begin`, null for
   * an `answer`. Rejects with `ledger` when they are not; then none of them holds.
   */
  async mark(marks: readonly Mark[]): Promise<readonly (Standing | null)[]> {
    return await new Promise((resolve, reject) => {
      this.#marks.push({ marks, resolve, reject });
      // After this turn of the event loop, so that marks of all answers that it brought are together.
      if (!this.#committing && this.#marks.length === 1) setImmediate(() => this.#commit());
    });
  }

  /** How many commits carried marks so far: what group commit saves is to be seen here. */
  get commits(): number {
    return this.#commits;
  }

  /** Forgets what was answered before `before` (ms since the epoch). Returns how many. */
  async prune(before: number): Promise<number> {
    return Number(await this.#ask({ op: 'prune', before }));
  }

  /** Actors whose deliveries the services have taken. */
  async senders(): Promise<readonly string[]> {
    return (await this.#ask({ op: 'senders' })) as readonly string[];
  }

  /** A number that survives restarts and only rises, 0 if never raised. */
  async number(name: string): Promise<number> {
    return Number(await this.#ask({ op: 'number', name }));
  }

  /** Raises it to at least `value`; returns what it is now. */
  async raise(name: string, value: number): Promise<number> {
    return Number(await this.#ask({ op: 'raise', name, value }));
  }

  async close(): Promise<void> {
    await this.#ask({ op: 'close' });
    await this.#thread.terminate();
  }

  #commit(): void {
    const together = this.#marks;
    if (together.length === 0) return;
    this.#marks = [];
    this.#committing = true;
    this.#commits += 1;
    this.#ask({ op: 'commit', marks: together.flatMap((one) => one.marks) })
      .then(
        (result) => {
          const standings = result as readonly (Standing | null)[];
          let at = 0;
          for (const one of together) {
            one.resolve(standings.slice(at, at + one.marks.length));
            at += one.marks.length;
          }
        },
        (error: Error) => {
          for (const one of together) one.reject(error);
        },
      )
      .finally(() => {
        this.#committing = false;
        this.#commit();
      });
  }

  async #ask(request: LedgerRequest): Promise<LedgerResult> {
    if (this.#broken !== null) throw this.#broken;
    return await new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#thread.postMessage(request);
    });
  }

  #break(found: string): void {
    this.#broken ??= failure('ledger', found);
    for (const waiting of this.#asked.splice(0)) waiting.reject(this.#broken);
  }
}

function failure(code: string, found: string): PorchlightError {
  if (code !== 'ledger') return new PorchlightError(code, found);
  return new PorchlightError(
    'ledger',
    `Cannot write to the ledger: ${found}; see whether its disk is full or failing.`,
  );
}
