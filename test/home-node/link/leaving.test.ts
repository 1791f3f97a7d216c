// Who leaves is not worked for any longer, at whatever moment: within a second the service's connection is closed when
// the visitor is gone, and the visitor's answer is broken off when the service is.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { LinkStage } from './link-stage.ts';

let stage: LinkStage;
/** Requests at the service, by their path. */
const came = new Map<string, { request: IncomingMessage; response: ServerResponse; closedAt: number }>();
/** Bytes of bodies that the service has read, by path. */
const read = new Map<string, number>();
/** Paths of requests that home was told to give up. */
const givenUp = new Set<string>();

beforeAll(async () => {
  stage = await LinkStage.open((request, response) => {
    const path = request.url ?? '';
    const one = { request, response, closedAt: 0 };
    came.set(path, one);
    request.on('error', () => undefined);
    request.on('data', (part: Buffer) => read.set(path, (read.get(path) ?? 0) + part.length));
    response.on('close', () => {
      one.closedAt = performance.now();
    });
    if (path === '/small') response.end('small');
  });
  await stage.openHome({
    serve: async (request, signal) => {
      signal.addEventListener('abort', () => givenUp.add(request.path));
      return await stage.loopback.serve(request, signal);
    },
  });
}, 60_000);
afterAll(async () => await stage?.close());

const waitFor = async (condition: () => boolean, timeout = 10_000): Promise<boolean> =>
  await vi.waitUntil(() => condition(), { timeout, interval: 5 });

class Visitor {
  readonly socket: Socket;
  text = '';
  isClosed = false;

  constructor(method: string, path: string, rest = '\r\n') {
    this.socket = stage.visitor(`${method} ${path} HTTP/1.1\r\nHost: ${stage.host}\r\n${rest}`);
    this.socket.on('data', (part: Buffer) => {
      this.text += part.toString('latin1');
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }
}

/** Leaves as a visitor does whom the platform sees leave: this runtime does not notice a connection that is only closed. */
async function leavesUnserved(visitor: Visitor, path: string): Promise<void> {
  const at = performance.now();
  visitor.socket.resetAndDestroy();
  await waitFor(() => (came.get(path)?.closedAt ?? 0) > 0);
  expect((came.get(path)?.closedAt ?? 0) - at).toBeLessThan(1000);
}

describe('a visitor who leaves is noticed at the service within a second', () => {
  test('before the head of the answer', async () => {
    const visitor = new Visitor('GET', '/before-head');
    await waitFor(() => came.has('/before-head'));
    await leavesUnserved(visitor, '/before-head');
  });

  test('in a long poll whose question had a body', async () => {
    const visitor = new Visitor('POST', '/poll', 'Content-Length: 4\r\n\r\nfrom');
    await waitFor(() => read.get('/poll') === 4);
    await leavesUnserved(visitor, '/poll');
  });

  test('in a live stream that has been silent since its head', async () => {
    const visitor = new Visitor('GET', '/silent');
    await waitFor(() => came.has('/silent'));
    came.get('/silent')?.response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
    await waitFor(() => visitor.text.includes('\r\n\r\n'));
    await leavesUnserved(visitor, '/silent');
  });

  test('in a live stream between two events', async () => {
    const visitor = new Visitor('GET', '/events');
    await waitFor(() => came.has('/events'));
    came.get('/events')?.response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
    await waitFor(() => visitor.text.includes('data: 1'));
    await leavesUnserved(visitor, '/events');
  });

  test('in a download that it has stopped to read', async () => {
    const visitor = new Visitor('GET', '/download');
    visitor.socket.pause();
    await waitFor(() => came.has('/download'));
    let isFull = false;
    const { response } = came.get('/download') ?? {};
    response?.writeHead(200, { 'Content-Length': 2 ** 30 });
    response?.on('drain', () => {
      isFull = false;
    });
    while (!isFull) isFull = response?.write(Buffer.alloc(2 ** 20)) === false;
    await leavesUnserved(visitor, '/download');
  });

  test('in an upload that it still owes the rest of', async () => {
    const visitor = new Visitor('PUT', '/upload', `Content-Length: ${2 ** 30}\r\n\r\n${'x'.repeat(100_000)}`);
    await waitFor(() => read.get('/upload') === 100_000);
    await leavesUnserved(visitor, '/upload');
  });

  test('in an upload of which the service reads nothing', async () => {
    const visitor = new Visitor('PUT', '/unread', `Content-Length: ${2 ** 30}\r\n\r\nx`);
    await waitFor(() => came.has('/unread'));
    came.get('/unread')?.request.pause();
    visitor.socket.write(Buffer.alloc(16 * 2 ** 20));
    await waitFor(() => visitor.socket.writableLength > 0);
    const at = performance.now();
    visitor.socket.resetAndDestroy();
    // A service that does not read cannot notice that its connection was closed.
    await waitFor(() => givenUp.has('/unread'));
    expect(performance.now() - at).toBeLessThan(1000);
    came.get('/unread')?.request.resume();
    await waitFor(() => (came.get('/unread')?.closedAt ?? 0) > 0);
    expect(came.get('/unread')?.request.complete).toBe(false);
  });
});

test('visitors who leave, as many as streams there are, leave room for as many others', async () => {
  const visitors: Visitor[] = [];
  for (let n = 0; n < limits.linkStreams; n++) visitors.push(new Visitor('GET', `/crowd/${n}`));
  await waitFor(() => visitors.every((_, n) => came.has(`/crowd/${n}`)));
  expect(await (await stage.get('/small')).json()).toEqual({ failed: 'busy' });
  for (const { socket } of visitors) socket.resetAndDestroy();
  await vi.waitUntil(async () => (await stage.get('/small')).status === 200, { timeout: 10_000, interval: 20 });
  await waitFor(() => visitors.every((_, n) => (came.get(`/crowd/${n}`)?.closedAt ?? 0) > 0));
}, 60_000);

describe('a service that goes is noticed by the visitor within a second', () => {
  async function seesTheEnd(visitor: Visitor, path: string): Promise<void> {
    const at = performance.now();
    came.get(path)?.request.socket.destroy();
    await waitFor(() => visitor.isClosed || /^HTTP\/1.1 502/.test(visitor.text));
    expect(performance.now() - at).toBeLessThan(1000);
  }

  test('before the head of the answer', async () => {
    const visitor = new Visitor('GET', '/gone-before-head');
    await waitFor(() => came.has('/gone-before-head'));
    await seesTheEnd(visitor, '/gone-before-head');
    expect(visitor.text).toContain('"failed"');
  });

  test.each([
    ['/gone-chunked', {}],
    ['/gone-long', { 'Content-Length': 100 }],
  ])('in the middle of the answer: %s', async (path, headers) => {
    const visitor = new Visitor('GET', path);
    await waitFor(() => came.has(path));
    came.get(path)?.response.writeHead(200, headers).write('half');
    await waitFor(() => visitor.text.includes('half'));
    await seesTheEnd(visitor, path);
    expect(visitor.text).not.toContain('\r\n0\r\n');
  });

  test('while it takes an upload', async () => {
    const visitor = new Visitor('PUT', '/gone-upload', `Content-Length: ${2 ** 30}\r\n\r\n${'x'.repeat(100_000)}`);
    await waitFor(() => read.get('/gone-upload') === 100_000);
    await seesTheEnd(visitor, '/gone-upload');
  });
});
