// Memory of a message is given back while its visitors may not have their bytes yet: whatever they are handed is whole
// all the same, in a stream, in one piece or as a message of a WebSocket.

import { describe, expect, test } from 'vitest';
import { Carried } from '../../../edge/link/carried.ts';
import { letGo } from '../../../edge/link/let-go.ts';

const KiB = 1024;
const events = { taken: () => undefined, done: () => undefined };

/** Bytes that tell where they lie. */
function message(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => at % 251);
}

async function bodyOf(carried: Carried): Promise<Uint8Array> {
  return new Uint8Array(await (await carried.response).arrayBuffer());
}

function answering(): Carried {
  const carried = new Carried(false, events);
  carried.head({ status: 200, headers: [] });
  return carried;
}

describe('a message whose memory is let go', () => {
  test('leaves a body that goes on', async () => {
    const carried = answering();
    carried.settle(false);
    const first = message(256 * KiB);
    carried.data(first.subarray(10, 200 * KiB));
    carried.data(first.subarray(200 * KiB, 200 * KiB + 100));
    carried.settle(false);
    letGo(first.buffer);
    expect(first.length).toBe(0);
    const second = message(64 * KiB);
    carried.data(second);
    carried.settle(true);
    letGo(second.buffer);
    const expected = [...message(256 * KiB).subarray(10, 200 * KiB + 100), ...message(64 * KiB)];
    expect(await bodyOf(carried)).toEqual(Uint8Array.from(expected));
  });

  test.for([20, 200])('leaves a body of %i KiB that came with its head', async (kib) => {
    const carried = answering();
    const whole = message((kib + 1) * KiB);
    carried.data(whole.subarray(KiB));
    carried.settle(true);
    letGo(whole.buffer);
    expect(whole.length).toBe(0);
    expect(await bodyOf(carried)).toEqual(message((kib + 1) * KiB).subarray(KiB));
  });

  test('leaves a message of a WebSocket', async () => {
    const { 0: visitor, 1: ours } = new WebSocketPair();
    visitor.accept();
    visitor.binaryType = 'arraybuffer';
    const heard = new Promise<ArrayBuffer>((resolve) => {
      visitor.addEventListener('message', ({ data }) => resolve(data as ArrayBuffer));
    });
    ours.accept();
    const whole = message(64 * KiB);
    ours.send(whole.subarray(10));
    letGo(whole.buffer);
    expect(whole.length).toBe(0);
    expect(new Uint8Array(await heard)).toEqual(message(64 * KiB).subarray(10));
  });

  test('is a long one: short ones are left to the collector', () => {
    const short = message(KiB);
    letGo(short.buffer);
    expect(short.length).toBe(KiB);
  });
});
