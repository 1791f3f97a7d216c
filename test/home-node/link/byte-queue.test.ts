// A body between two sides: every byte once, in order, whatever pieces it is put in and taken out by.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteQueue } from '../../../home-node/link/byte-queue.ts';

describe('a ByteQueue', () => {
  test('gives out what was put in, in order, in pieces of any size', () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 });
    fc.assert(
      fc.property(parts, fc.integer({ min: 1, max: 70 }), (list, bite) => {
        const queue = new ByteQueue();
        let taken = 0;
        queue.onTaken = (bytes) => {
          taken += bytes;
        };
        const out: number[] = [];
        for (const part of list) {
          queue.put(part);
          out.push(...(queue.take(bite) ?? []));
        }
        queue.end();
        for (let bytes = queue.take(bite); bytes !== undefined; bytes = queue.take(bite)) out.push(...bytes);
        expect(out).toEqual(list.flatMap((part) => [...part]));
        expect([taken, queue.length]).toEqual([out.length, 0]);
      }),
    );
  });

  test('waits for bytes and ends when they end', async () => {
    const queue = new ByteQueue();
    const read = (async () => {
      const out: number[] = [];
      for await (const bytes of queue) out.push(...bytes);
      return out;
    })();
    queue.put(Uint8Array.of(1));
    await new Promise((resolve) => setImmediate(resolve));
    queue.put(Uint8Array.of(2, 3));
    queue.end();
    expect(await read).toEqual([1, 2, 3]);
  });

  test('that fails gives what it failed with instead of the rest, and takes no more', async () => {
    const queue = new ByteQueue();
    queue.put(Uint8Array.of(1));
    queue.fail(new Error('broken off'));
    queue.put(Uint8Array.of(2));
    expect([queue.length, queue.failure?.message]).toEqual([0, 'broken off']);
    await expect(queue[Symbol.asyncIterator]().next()).rejects.toThrow('broken off');
  });

  test('that was taken to its end cannot fail any more', () => {
    const queue = new ByteQueue();
    queue.put(Uint8Array.of(1));
    queue.end();
    queue.take(9);
    queue.fail(new Error('too late'));
    expect(queue.failure).toBeNull();
  });
});
