// What waits at home for a slow service is its own bytes, not the messages of the link in which they came.

import { expect, test } from 'vitest';
import { OpenLink } from '../../../home-node/link/open-link.ts';
import type { LinkRequest } from '../../../home-node/link/serve.ts';
import { limits } from '../../../shared/limits.ts';
import { decodeMessage, encodeFrame, encodeTextFrame } from '../../../shared/link/codec.ts';

const noop = (): void => undefined;

test('a service that is slow with a little of a message does not hold all of it', () => {
  const asked: LinkRequest[] = [];
  const link = new OpenLink({
    sink: { bufferedAmount: 0, send: noop },
    version: 3,
    initialBytes: limits.streamInitialBytes,
    serve: async (request) => {
      asked.push(request);
      return await new Promise(noop);
    },
    onWork: noop,
    onSlept: noop,
    onDrain: noop,
    onRefused: noop,
  });
  const head = JSON.stringify({ method: 'POST', path: '/', host: 'a.example', headers: [] });
  for (const id of [1, 2]) link.receive(decodeMessage(encodeTextFrame('REQUEST', head, id)));
  const little = encodeFrame('DATA', 1, new Uint8Array(100).fill(1));
  const much = encodeFrame('DATA', 2, new Uint8Array(60_000).fill(2));
  const message = new Uint8Array(little.length + much.length);
  message.set(little);
  message.set(much, little.length);
  link.receive(decodeMessage(message));
  const [first, second] = asked.map(({ body }) => body?.take(1e9));
  expect(first?.every((byte) => byte === 1)).toBe(true);
  expect(first?.buffer).not.toBe(message.buffer);
  expect(second?.buffer).toBe(message.buffer);
});
