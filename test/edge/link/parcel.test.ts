// A message holds bytes of many visitors: its memory goes when those of the last are gone, and nobody who reads slowly
// holds the bytes of others.

import { describe, expect, test, vi } from 'vitest';
import { Carried } from '../../../edge/link/carried.ts';
import { Parcel } from '../../../edge/link/parcel.ts';
import type { Frame } from '../../../shared/link/codec.ts';

const KiB = 1024;
/** So many of DATA. */
const frames = (count: number): readonly Frame[] =>
  Array.from({ length: count }, () => ({ name: 'DATA', flags: 0, stream: 1, payload: new Uint8Array(1) }));
const events = { taken: () => undefined, done: () => undefined };

/** A visitor's answer that has begun. */
async function begun(): Promise<{ carried: Carried; response: Response }> {
  const carried = new Carried(false, events);
  carried.head({ status: 200, headers: [] });
  carried.settle(false);
  return { carried, response: await carried.response };
}

describe('a message with little for a visitor who stops, and much for others', () => {
  test('goes when the others have theirs', async () => {
    const memory = new ArrayBuffer(256 * KiB);
    const parcel = Parcel.of(new Uint8Array(memory), frames(2));
    const { carried, response } = await begun();
    const bytes = new Uint8Array(memory, 10, 16 * KiB).fill(7);
    carried.data(bytes, parcel);
    expect(memory.byteLength).toBe(256 * KiB);
    parcel?.spent();
    expect(memory.byteLength).toBe(256 * KiB);
    // Whoever went through it has come to its end.
    parcel?.spent();
    expect(memory.byteLength).toBe(0);
    carried.settle(true);
    const body = new Uint8Array(await response.arrayBuffer());
    expect([body.length, body.every((byte) => byte === 7)]).toEqual([16 * KiB, true]);
  });

  test('leaves a copy of the little, which goes when it was taken', async () => {
    const copies: Uint8Array[] = [];
    const alone = vi.spyOn(Parcel, 'alone').mockImplementation((piece) => {
      copies.push(piece);
      alone.mockRestore();
      return Parcel.alone(piece);
    });
    const memory = new ArrayBuffer(256 * KiB);
    const { carried, response } = await begun();
    carried.data(new Uint8Array(memory, 10, 16 * KiB).fill(7), Parcel.of(new Uint8Array(memory), frames(2)));
    expect(copies.map(({ byteLength }) => byteLength)).toEqual([16 * KiB]);
    carried.settle(true);
    expect((await response.arrayBuffer()).byteLength).toBe(16 * KiB);
    await vi.waitUntil(() => copies[0]?.byteLength === 0);
  });

  test('is not copied for whom most of it is', async () => {
    const memory = new ArrayBuffer(256 * KiB);
    const parcel = Parcel.of(new Uint8Array(memory), frames(1));
    const { carried, response } = await begun();
    carried.data(new Uint8Array(memory, 10, 200 * KiB).fill(7), parcel);
    expect(memory.byteLength).toBe(256 * KiB);
    carried.settle(true);
    expect((await response.arrayBuffer()).byteLength).toBe(200 * KiB);
    parcel?.spent();
    expect(memory.byteLength).toBe(0);
  });
});
