// A carried request's body as the stream that undici reads: it takes from the queue only when the service's connection
// has room, and taking is what gives the visitor credit for more.

import { Readable } from 'node:stream';
import type { ByteQueue } from '../link/byte-queue.ts';

export class RequestBody extends Readable {
  readonly #queue: ByteQueue;
  #isAsked = false;

  constructor(queue: ByteQueue) {
    super({ highWaterMark: 64 * 1024 });
    this.#queue = queue;
    queue.onChange = () => this.#give();
    // undici listens only while it reads; what breaks off afterwards concerns nobody.
    this.on('error', () => undefined);
  }

  override _read(): void {
    this.#isAsked = true;
    this.#give();
  }

  #give(): void {
    const { failure } = this.#queue;
    if (failure !== null) {
      this.destroy(failure);
      return;
    }
    while (this.#isAsked) {
      const bytes = this.#queue.take(Number.POSITIVE_INFINITY);
      if (bytes === undefined) break;
      this.#isAsked = this.push(bytes);
    }
    if (this.#isAsked && this.#queue.hasEnded && this.#queue.length === 0) {
      this.#isAsked = false;
      this.push(null);
    }
  }
}
