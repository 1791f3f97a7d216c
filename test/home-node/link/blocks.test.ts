// Memory that is used again: never while somebody still reads it.

import { describe, expect, test } from 'vitest';
import { Blocks, leastBlockBytes } from '../../../home-node/link/blocks.ts';
import { limits } from '../../../shared/limits.ts';
import { frameHeaderBytes } from '../../../shared/link/codec.ts';

const long = (fill: number, length: number = limits.framePayloadBytes): Uint8Array => new Uint8Array(length).fill(fill);

describe('a block', () => {
  test('is used again after its piece was released, and not before', () => {
    const blocks = new Blocks();
    const first = blocks.copyOf(long(1));
    const second = blocks.copyOf(long(2));
    expect(second.buffer).not.toBe(first.buffer);
    expect(first.every((byte) => byte === 1)).toBe(true);
    blocks.release(first);
    expect(blocks.copyOf(long(3)).buffer).toBe(first.buffer);
  });

  test('whose piece was cut is used again after both halves were released', () => {
    const blocks = new Blocks();
    const piece = blocks.copyOf(long(1));
    blocks.wasCut(piece);
    blocks.release(piece.subarray(0, 10));
    expect(blocks.copyOf(long(2)).buffer).not.toBe(piece.buffer);
    blocks.release(piece.subarray(10));
    expect(blocks.copyOf(long(3)).buffer).toBe(piece.buffer);
  });

  test('has room before its piece for the header of its frame, which no rest of a piece has', () => {
    const blocks = new Blocks();
    const piece = blocks.copyOf(long(1, leastBlockBytes));
    const framed = blocks.framed(piece);
    expect(framed?.length).toBe(frameHeaderBytes + leastBlockBytes);
    expect(framed?.subarray(frameHeaderBytes)).toEqual(piece);
    expect(blocks.framed(piece.subarray(0, 5))?.length).toBe(frameHeaderBytes + 5);
    expect(blocks.framed(piece.subarray(5))).toBeNull();
  });

  test('is never made of somebody else’s memory, whatever its length', () => {
    const blocks = new Blocks();
    const length = blocks.copyOf(long(1)).buffer.byteLength;
    const foreign = Buffer.allocUnsafeSlow(length).fill(9);
    for (const piece of [foreign.subarray(0, 10), foreign.subarray(10), foreign]) {
      blocks.wasCut(piece);
      expect(blocks.framed(piece)).toBeNull();
      blocks.release(piece);
    }
    for (let n = 0; n < 3; n++) expect(blocks.copyOf(long(n)).buffer).not.toBe(foreign.buffer);
    expect(foreign.every((byte) => byte === 9)).toBe(true);
  });

  test('is not taken for a short piece, nor for one that is longer than a frame', () => {
    const blocks = new Blocks();
    for (const length of [0, 1, leastBlockBytes - 1, limits.framePayloadBytes + 1]) {
      const copy = blocks.copyOf(long(7, length));
      expect([copy.length, blocks.framed(copy)]).toEqual([length, null]);
      blocks.release(copy);
    }
  });
});
