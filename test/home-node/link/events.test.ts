// Live streams through everything: each event is at the visitor before the service writes the next. Shown by the order
// of things, not by a clock: the service waits for the visitor's word.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { LinkStage } from './link-stage.ts';

let stage: LinkStage;
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

let stream: Exchange | null = null;
/** What the visitor said that it has. */
const confirmed: string[] = [];
let streamHeaders: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  stage = await LinkStage.open((request, response) => {
    if (request.url?.startsWith('/confirm/') === true) {
      confirmed.push(request.url.slice('/confirm/'.length));
      response.end();
      return;
    }
    stream = { request, response };
    response.writeHead(200, streamHeaders).flushHeaders();
  });
  await stage.openHome();
}, 60_000);
afterAll(async () => await stage?.close());

async function open(headers: string): Promise<{ text: string }> {
  stream = null;
  confirmed.length = 0;
  const visitor = { text: '' };
  const socket = stage.visitor(`GET /events HTTP/1.1\r\nHost: ${stage.host}\r\n${headers}\r\n`);
  socket.on('data', (part: Buffer) => {
    visitor.text += part.toString('latin1');
  });
  socket.on('error', () => undefined);
  await vi.waitUntil(() => stream !== null && visitor.text.includes('\r\n\r\n'), { timeout: 10_000, interval: 2 });
  return visitor;
}

async function tellAll(visitor: { text: string }, event: (n: number) => string): Promise<void> {
  for (let n = 0; n < 50; n++) {
    stream?.response.write(event(n));
    await vi.waitUntil(() => visitor.text.includes(event(n)), { timeout: 10_000, interval: 1 });
    await stage.get(`/confirm/${n}`);
    expect(confirmed.at(-1)).toBe(String(n));
  }
}

test('each event comes before the next is written, to a visitor who would take it compressed', async () => {
  streamHeaders = { 'Content-Type': 'text/event-stream' };
  const visitor = await open('Accept: text/event-stream\r\nAccept-Encoding: gzip, br\r\n');
  expect(stream?.request.headers['accept-encoding']).toBe('identity');
  expect(visitor.text).toMatch(/^cache-control: no-transform\r$/im);
  expect(visitor.text).not.toMatch(/^content-(encoding|length):/im);
  await tellAll(visitor, (n) => `id: ${n}\ndata: event ${n}\n\n`);
  stream?.response.end();
  await vi.waitUntil(() => visitor.text.endsWith('\r\n0\r\n\r\n'), { timeout: 10_000 });
});

test('so does each piece of any other stream, down to a byte', async () => {
  streamHeaders = { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'no-store' };
  const visitor = await open('');
  expect(visitor.text).toMatch(/^cache-control: no-store\r$/im);
  await tellAll(visitor, (n) => String.fromCharCode(n + 0x30));
});

test('the head alone comes before anything is written behind it', async () => {
  streamHeaders = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' };
  const visitor = await open('Accept: text/event-stream\r\n');
  expect(visitor.text).toMatch(/^cache-control: no-cache, no-transform\r$/im);
  expect(visitor.text.endsWith('\r\n\r\n')).toBe(true);
});

test('a body goes up piece by piece too, while its answer already comes', async () => {
  stream = null;
  const visitor = { text: '' };
  const socket = stage.visitor(
    `POST /echo HTTP/1.1\r\nHost: ${stage.host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n`,
  );
  socket.on('data', (part: Buffer) => {
    visitor.text += part.toString('latin1');
  });
  const { request, response } = await vi.waitUntil<Exchange | null>(() => stream, { timeout: 10_000, interval: 2 });
  request.on('data', (part: Buffer) => response.write(part));
  await vi.waitUntil(() => visitor.text.includes('first'), { timeout: 10_000, interval: 2 });
  for (const piece of ['again', 'and-a', 'third']) {
    socket.write(`5\r\n${piece}\r\n`);
    await vi.waitUntil(() => visitor.text.includes(piece), { timeout: 10_000, interval: 2 });
  }
  socket.destroy();
});
