// Memory for long pieces of answers on their way through home, used again and again: a fresh buffer for each made the
// garbage collector the largest part of home's CPU time on a download. A piece lies behind room for its frame's header,
// so that it goes out as it lies there, without being copied once more.

import { limits } from '../../shared/limits.ts';
import { frameHeaderBytes } from '../../shared/link/codec.ts';

/** Shorter pieces get memory of their own length: a block for each would be mostly air. */
export const leastBlockBytes = limits.framePayloadBytes / 2;
const blockBytes = frameHeaderBytes + limits.framePayloadBytes;
/** More than one link has on its way to the socket at once. */
const keptBlocks = 16;

export class Blocks {
  /** Known by what they are and not by their length: others make buffers of any length, and theirs are not ours to use. */
  readonly #own = new WeakSet<ArrayBufferLike>();
  readonly #free: ArrayBuffer[] = [];
  /** Pieces of a block that are still used, where it was cut. */
  readonly #pieces = new WeakMap<ArrayBufferLike, number>();

  /** A copy of the bytes, which the caller may lose afterwards. */
  copyOf(bytes: Uint8Array): Uint8Array {
    if (bytes.length < leastBlockBytes || bytes.length > limits.framePayloadBytes) return Buffer.from(bytes);
    const block = this.#free.pop() ?? this.#make();
    const piece = new Uint8Array(block, frameHeaderBytes, bytes.length);
    piece.set(bytes);
    return piece;
  }

  /** The piece with room before it for its frame's header; null if there is none. */
  framed(piece: Uint8Array): Uint8Array | null {
    if (!this.#isBlock(piece) || piece.byteOffset !== frameHeaderBytes) return null;
    return new Uint8Array(piece.buffer, 0, frameHeaderBytes + piece.length);
  }

  /** A piece was cut in two: both must be released. */
  wasCut(piece: Uint8Array): void {
    if (this.#isBlock(piece)) this.#pieces.set(piece.buffer, (this.#pieces.get(piece.buffer) ?? 1) + 1);
  }

  /** Nobody reads this piece any more. */
  release(piece: Uint8Array): void {
    if (!this.#isBlock(piece)) return;
    const pieces = this.#pieces.get(piece.buffer) ?? 1;
    this.#pieces.delete(piece.buffer);
    if (pieces > 1) this.#pieces.set(piece.buffer, pieces - 1);
    else if (this.#free.length < keptBlocks) this.#free.push(piece.buffer as ArrayBuffer);
  }

  #make(): ArrayBuffer {
    const block = new ArrayBuffer(blockBytes);
    this.#own.add(block);
    return block;
  }

  #isBlock(piece: Uint8Array): boolean {
    return this.#own.has(piece.buffer);
  }
}

/** Those of this process. */
export const blocks = new Blocks();
