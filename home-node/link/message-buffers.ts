// Memory for outgoing messages, used again and again: a fresh buffer for each made the garbage collector the largest
// part of home's CPU time on a download.

/** Shorter messages come from Node's own pool. */
const smallBytes = 4096;
/** More than are ever in the socket at once. */
const keptBuffers = 8;

export class MessageBuffers {
  readonly #bytes: number;
  /** Known by what they are: a message of the same length may be somebody else's. */
  readonly #own = new WeakSet<ArrayBufferLike>();
  readonly #free: Uint8Array[] = [];

  /** `bytes`: length of a buffer; longer messages get one of their own. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** The parts one after another, in one piece. */
  join(parts: readonly Uint8Array[]): Uint8Array {
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    let length = 0;
    for (const part of parts) length += part.length;
    const message = this.#take(length);
    let at = 0;
    for (const part of parts) {
      message.set(part, at);
      at += part.length;
    }
    return message;
  }

  /** The message has been sent, and nobody reads it any more. */
  release(message: Uint8Array): void {
    if (!this.#own.has(message.buffer) || this.#free.length >= keptBuffers) return;
    this.#free.push(new Uint8Array(message.buffer));
  }

  #take(length: number): Uint8Array {
    if (length <= smallBytes || length > this.#bytes) return Buffer.allocUnsafe(length);
    return (this.#free.pop() ?? this.#make()).subarray(0, length);
  }

  #make(): Uint8Array {
    const { buffer } = Buffer.allocUnsafeSlow(this.#bytes);
    this.#own.add(buffer);
    return new Uint8Array(buffer);
  }
}
