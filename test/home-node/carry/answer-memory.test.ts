// Answers that nobody reads, many at once: what home holds of them together stays bounded, whoever still reads gets all
// of its own, and nothing stays behind.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AnswerMemory } from '../../../home-node/carry/answer-memory.ts';
import { createLoopback } from '../../../home-node/carry/loopback.ts';
import type { LinkResponse } from '../../../home-node/link/serve.ts';
import { limits } from '../../../shared/limits.ts';

/** One read of a connection. */
const readBytes = 64 * 1024;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

interface Stage {
  readonly memory: AnswerMemory;
  /** Connections on which the service is still answering. */
  readonly answering: () => number;
  readonly ask: (path: string, signal: AbortSignal) => Promise<LinkResponse>;
}

async function open(listener: RequestListener): Promise<Stage> {
  let answering = 0;
  const server = createServer((request, response) => {
    answering += 1;
    response.on('close', () => {
      answering -= 1;
    });
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const memory = new AnswerMemory();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const loopback = createLoopback([{ name: 'a', hosts: ['a.example'], url }], memory);
  cleanups.push(async () => {
    await loopback.close();
    server.closeAllConnections();
    server.close();
  });
  const ask: Stage['ask'] = async (path, signal) =>
    await loopback.serve({ method: 'GET', path, host: 'a.example', headers: [], body: null }, signal);
  return { memory, answering: () => answering, ask };
}

const block = Buffer.alloc(16 * 1024);
/** `/endless` has no end; any other path names how many bytes there are. */
const give: RequestListener = (request, response) => {
  if (request.url !== '/endless') {
    response.end(Buffer.alloc(Number(request.url?.slice(1))));
    return;
  }
  const write = (): void => {
    while (response.write(block));
  };
  response.on('drain', write);
  write();
};

/** Until home holds no more than a moment ago. */
async function still(memory: AnswerMemory): Promise<void> {
  let before = -1;
  await vi.waitUntil(
    () => {
      const isStill = memory.bytes === before;
      before = memory.bytes;
      return isStill;
    },
    { interval: 300, timeout: 30_000 },
  );
}

async function lengthOf({ body }: LinkResponse): Promise<number> {
  let bytes = 0;
  for await (const part of body ?? []) bytes += part.length;
  return bytes;
}

describe('answers that nobody reads', () => {
  test('hold a bounded sum, let others through, and leave nothing when their visitors are gone', async () => {
    const { memory, answering, ask } = await open(give);
    const ends = new AbortController();
    const unread: LinkResponse[] = [];
    const many = Math.ceil((1.5 * limits.answersBytes) / limits.answerBytes);
    for (let n = 0; n < many; n++) unread.push(await ask('/endless', ends.signal));
    await still(memory);
    const held = unread.map(({ body }) => body?.length ?? 0);
    expect(memory.bytes).toBe(held.reduce((sum, bytes) => sum + bytes, 0));
    expect(memory.bytes).toBeGreaterThanOrEqual(limits.answersBytes);
    expect(memory.bytes).toBeLessThanOrEqual(limits.answersBytes + many * readBytes);
    expect(Math.max(...held)).toBeLessThanOrEqual(limits.answerBytes + readBytes);
    const own = 3 * limits.answerBytes + 1;
    expect(await lengthOf(await ask(`/${own}`, new AbortController().signal))).toBe(own);
    ends.abort();
    await vi.waitUntil(() => memory.bytes === 0 && answering() === 0, { timeout: 10_000 });
  }, 60_000);

  test('of a service that has said all are let go as well', async () => {
    const { memory, answering, ask } = await open(give);
    const ends = new AbortController();
    const response = await ask('/1000', ends.signal);
    await vi.waitUntil(() => response.body?.hasEnded === true && answering() === 0);
    expect(memory.bytes).toBe(1000);
    ends.abort();
    expect(memory.bytes).toBe(0);
    await expect(lengthOf(response)).rejects.toMatchObject({ code: 'request-cancelled' });
  });
});

describe('an answer that has no body', () => {
  test('holds none, however much the service sends behind it, and the service is cut off', async () => {
    const { memory, answering, ask } = await open((_, response) => {
      // Node leaves a body out of 204 and 304 by itself.
      response.writeHead(205, { 'Content-Length': 2 ** 30 });
      while (response.write(Buffer.alloc(readBytes)));
      response.on('drain', () => response.write(Buffer.alloc(readBytes)));
    });
    const response = await ask('/', new AbortController().signal);
    expect([response.status, response.body]).toEqual([205, null]);
    await vi.waitUntil(() => answering() === 0, { timeout: 10_000 });
    expect(memory.bytes).toBe(0);
  });
});

describe('an answer that is read', () => {
  test('leaves nothing, whether it came whole or the service broke off', async () => {
    const { memory, ask } = await open((request, response) => {
      if (request.url !== '/broken') return give(request, response);
      response.writeHead(200, { 'Content-Length': 100_000 });
      response.write(Buffer.alloc(50_000), () => response.destroy());
    });
    const { signal } = new AbortController();
    const bytes = 2 * limits.answerBytes;
    expect(await lengthOf(await ask(`/${bytes}`, signal))).toBe(bytes);
    expect(memory.bytes).toBe(0);
    await expect(lengthOf(await ask('/broken', signal))).rejects.toThrow();
    expect(memory.bytes).toBe(0);
  });
});
