// Memory of a large message, given back as soon as its last byte has gone on. Left to the garbage collector, which is
// in no hurry about buffers, a download made the object several times as large as all that was on its way. Whoever
// goes through the message is one of its users: what is copied out of it at once must not take it away from the frames
// behind.

import type { Frame } from '../../shared/link/codec.ts';

/** Shorter messages are not worth the trouble. */
const largeBytes = 16 * 1024;

export class Parcel {
  /** Length of the message. */
  readonly bytes: number;
  readonly #memory: ArrayBuffer;
  #uses: number;

  private constructor(memory: ArrayBuffer, uses: number) {
    this.bytes = memory.byteLength;
    this.#memory = memory;
    this.#uses = uses;
  }

  /** For a message whose bytes are used by these frames' DATA, and by who goes through them; null when it is small. */
  static of(message: Uint8Array<ArrayBuffer>, frames: readonly Frame[]): Parcel | null {
    const uses = frames.filter(({ name, payload }) => name === 'DATA' && payload.length > 0).length;
    return message.length < largeBytes || uses === 0 ? null : new Parcel(message.buffer, uses + 1);
  }

  /** Memory of one piece alone, which is given back when it has gone on. */
  static alone(piece: Uint8Array<ArrayBuffer>): Parcel {
    return new Parcel(piece.buffer, 1);
  }

  /** One of its uses is over. After the last, no view of the message holds anything. */
  spent(): void {
    this.#uses -= 1;
    if (this.#uses === 0) letGo(this.#memory);
  }
}

/** Detaches the memory from every view of it, which frees it now (ECMA-262, ArrayBuffer.prototype.transfer). */
export function letGo(memory: ArrayBuffer): void {
  memory.transfer(0);
}
