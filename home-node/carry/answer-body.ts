// The body of one answer at home, between the connection to its service and the link: counted in the memory of all
// answers, the connection paused while there is no room, and let go when nobody waits for it, even after all was said.

import { PorchlightError } from '../../shared/errors.ts';
import { ByteQueue } from '../link/byte-queue.ts';
import type { AnswerMemory } from './answer-memory.ts';

/** Where it comes from. */
export interface AnswerSource {
  pause(): void;
  resume(): void;
  /** Nobody waits for the rest. */
  cut(error: Error): void;
}

export class AnswerBody {
  readonly queue = new ByteQueue();
  readonly #signal: AbortSignal;
  readonly #memory: AnswerMemory;
  readonly #source: AnswerSource;
  /** Length of the queue as the memory knows it. */
  #counted = 0;
  #isPaused = false;

  constructor(signal: AbortSignal, memory: AnswerMemory, source: AnswerSource) {
    this.#signal = signal;
    this.#memory = memory;
    this.#source = source;
    this.queue.onTaken = () => this.#taken();
    if (signal.aborted) this.#abort();
    else signal.addEventListener('abort', this.#abort);
  }

  /** `bytes` are kept as they are, without copying. */
  put(bytes: Uint8Array): void {
    this.queue.put(bytes);
    this.#count();
    if (this.#isPaused || !this.#memory.isFull(this.queue.length)) return;
    this.#isPaused = true;
    this.#source.pause();
  }

  end(): void {
    this.queue.end();
    this.#forgetIfOver();
  }

  fail(error: Error): void {
    this.queue.fail(error);
    this.#count();
    this.#forgetIfOver();
  }

  #taken(): void {
    this.#count();
    this.#forgetIfOver();
    if (!this.#isPaused || !this.#memory.isRoomy(this.queue.length)) return;
    this.#isPaused = false;
    this.#source.resume();
  }

  readonly #abort = (): void => {
    const error = new PorchlightError('request-cancelled', 'Cannot go on: nobody waits for the answer.');
    this.fail(error);
    // After the end, the connection is another answer's.
    if (!this.queue.hasEnded) this.#source.cut(error);
  };

  #count(): void {
    const { length } = this.queue;
    this.#memory.changed(length - this.#counted);
    this.#counted = length;
  }

  /** What has ended and nobody has taken yet is still to be let go when nobody will. */
  #forgetIfOver(): void {
    const { hasEnded, failure, length } = this.queue;
    if (failure !== null || (hasEnded && length === 0)) this.#signal.removeEventListener('abort', this.#abort);
  }
}
