// Bodies from outside: whole, or refused before they fill the memory.

import { describe, expect, test } from 'vitest';
import { readBody, readRequestBody } from '../../../edge/http/read-body.ts';

/** A body that goes on for ever, and what was taken of it. */
function endless(chunkBytes: number) {
  const seen = { pulled: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      seen.pulled += chunkBytes;
      controller.enqueue(new Uint8Array(chunkBytes));
    },
    cancel() {
      seen.cancelled = true;
    },
  });
  return { seen, body };
}

describe('readBody()', () => {
  test('gives the bytes of a body up to exactly the limit', async () => {
    for (const length of [0, 1, 9, 10]) {
      const request = new Request('https://a.example', { method: 'POST', body: new Uint8Array(length).fill(7) });
      expect(await readBody(request, 10)).toEqual(new Uint8Array(length).fill(7));
    }
  });

  test('gives no bytes for a request without a body', async () => {
    expect(await readBody(new Request('https://a.example'), 10)).toEqual(new Uint8Array(0));
  });

  test('joins what comes in pieces', async () => {
    const pieces = ['por', '', 'ch', 'light'].map((text) => new TextEncoder().encode(text));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
    const bytes = await readBody({ body, headers: new Headers() }, 10);
    expect(new TextDecoder().decode(bytes as Uint8Array)).toBe('porchlight');
  });

  test('refuses a declared length over the limit before it reads', async () => {
    const { seen, body } = endless(1);
    const before = seen.pulled;
    expect(await readBody({ body, headers: new Headers({ 'Content-Length': '11' }) }, 10)).toBe('too-large');
    expect(seen.pulled - before).toBeLessThanOrEqual(1);
    expect(seen.cancelled).toBe(true);
  });

  test('cuts off a body that is longer than it said, or said nothing', async () => {
    for (const headers of [
      new Headers(),
      new Headers({ 'Content-Length': '5' }),
      new Headers({ 'Content-Length': 'x' }),
    ]) {
      const { seen, body } = endless(1000);
      expect(await readBody({ body, headers }, 10_000)).toBe('too-large');
      expect(seen.pulled).toBeLessThanOrEqual(13_000);
      expect(seen.cancelled).toBe(true);
    }
  });

  test('rejects when the sender goes away in the middle', async () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('gone'));
      },
    });
    await expect(readBody({ body, headers: new Headers() }, 10)).rejects.toThrow('gone');
  });
});

// How the platform holds to a declared length is shown in test/journey/forgeries.test.ts, over real sockets.
describe('readRequestBody()', () => {
  const post = (body: BodyInit, headers: HeadersInit = {}) =>
    new Request('https://a.example', { method: 'POST', body, headers });
  const streamed = (length: number) => new Response(new Uint8Array(length).fill(7)).body as ReadableStream<Uint8Array>;

  test('gives the bytes of a body up to exactly the limit, whether it declares its length or not', async () => {
    for (const length of [0, 1, 10]) {
      const bytes = new Uint8Array(length).fill(7);
      expect(await readRequestBody(post(bytes, { 'Content-Length': String(length) }), 10)).toEqual(bytes);
      expect(await readRequestBody(post(streamed(length)), 10)).toEqual(bytes);
    }
  });

  test('gives no bytes for a request without a body, and none of a longer one', async () => {
    expect(await readRequestBody(new Request('https://a.example', { method: 'POST' }), 10)).toEqual(new Uint8Array(0));
    expect(await readRequestBody(post(new Uint8Array(11), { 'Content-Length': '11' }), 10)).toBe('too-large');
    expect(await readRequestBody(post(streamed(11)), 10)).toBe('too-large');
    // Not even where nobody held it to its word.
    expect(await readRequestBody(post(streamed(11), { 'Content-Length': '5' }), 10)).toBe('too-large');
  });

  test('refuses a declared length over the limit before it reads', async () => {
    const { seen, body } = endless(1);
    const before = seen.pulled;
    expect(await readRequestBody(post(body, { 'Content-Length': '11' }), 10)).toBe('too-large');
    expect(seen.pulled - before).toBeLessThanOrEqual(1);
  });

  test.each(['', 'x', '-5', '5, 5', '5.5', '0x5', '1e1', ' '])(
    'cuts off what declares no length that is one: %j',
    async (length) => {
      const { seen, body } = endless(1000);
      expect(await readRequestBody(post(body, { 'Content-Length': length }), 10_000)).toBe('too-large');
      expect(seen.pulled).toBeLessThanOrEqual(13_000);
    },
  );
});
