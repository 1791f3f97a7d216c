// A WebSocket before a service: which service is asked and for what, what it may choose, and that home neither follows nor
// waits where it must not.

import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { AnswerMemory } from '../../../home-node/carry/answer-memory.ts';
import { createLoopback, type Loopback } from '../../../home-node/carry/loopback.ts';
import type { LinkRequest, LinkResponse, ServiceSocket } from '../../../home-node/link/serve.ts';
import { limits } from '../../../shared/limits.ts';
import type { Closing } from '../../../shared/link/codec.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Service {
  readonly url: string;
  readonly sockets: WebSocket[];
  readonly requests: IncomingMessage[];
}

/** What would have ended the process from now on. */
function uncaught(): readonly unknown[] {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  process.on('uncaughtException', note);
  cleanups.push(() => process.off('uncaughtException', note));
  return errors;
}

async function listening(server: ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function service(listener: RequestListener = (_, response) => response.end()): Promise<Service> {
  const server = createServer(listener);
  const accepts = new WebSocketServer({ server });
  const made: Service = { url: await listening(server), sockets: [], requests: [] };
  accepts.on('connection', (socket, request) => {
    made.sockets.push(socket);
    made.requests.push(request);
  });
  cleanups.push(() => {
    for (const socket of made.sockets) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  return made;
}

/** A service that answers with these bytes, and its connections. */
async function raw(bytes: string): Promise<{ readonly url: string; readonly connections: Socket[] }> {
  const connections: Socket[] = [];
  const server = createTcpServer((socket) => {
    connections.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(Buffer.from(bytes, 'latin1')));
  });
  cleanups.push(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return { url: await listening(server), connections };
}

function loopback(url: string, memory = new AnswerMemory()): Loopback {
  const made = createLoopback([{ name: 'a', hosts: ['a.example'], url }], memory);
  cleanups.push(async () => await made.close());
  return made;
}

async function ask(
  to: Loopback,
  change: Partial<LinkRequest> = {},
  signal = new AbortController().signal,
): Promise<LinkResponse> {
  const request: LinkRequest = {
    method: 'GET',
    path: '/',
    host: 'a.example',
    headers: [],
    body: null,
    upgrade: 'websocket',
  };
  return await to.serve({ ...request, ...change }, signal);
}

interface Heard {
  readonly said: (string | Buffer)[];
  closed: Closing | null;
  broken: string | null;
}

function listen(socket: ServiceSocket): Heard {
  const heard: Heard = { said: [], closed: null, broken: null };
  socket.listen({
    message: (bytes, isBinary) => heard.said.push(isBinary ? Buffer.from(bytes) : Buffer.from(bytes).toString()),
    closed: (closing) => {
      heard.closed = closing;
    },
    broken: (code) => {
      heard.broken = code;
    },
  });
  return heard;
}

async function opened(
  to: Loopback,
  change: Partial<LinkRequest> = {},
  signal?: AbortSignal,
): Promise<{ socket: ServiceSocket; heard: Heard }> {
  const { status, socket } = await ask(to, change, signal);
  if (status !== 101 || socket === undefined) throw new Error(`answered ${status}`);
  return { socket, heard: listen(socket) };
}

const upgraded = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';

describe('the service', () => {
  test('is asked at its own address for the exact target, with the headers that were carried and no others', async () => {
    const { url, requests } = await service();
    const headers = ['Cookie', 'a=1', 'X-B', '1', 'X-B', 'café', 'Origin', 'https://app.example'];
    const forged = [
      'Sec-WebSocket-Extensions',
      'x',
      'Sec-WebSocket-Key',
      'x',
      'Content-Length',
      '7',
      'Host',
      'evil.example',
    ];
    const path = '/a/../..//b/%2e%2e?u=http://evil.example&%zz';
    await opened(loopback(url), { path, headers: [...headers, ...forged] });
    const [request] = requests;
    expect([request?.url, request?.headers.host, request?.headers.cookie]).toEqual([path, 'a.example', 'a=1']);
    expect(request?.headers['x-b']).toBe(`1, ${Buffer.from('café').toString('latin1')}`);
    expect(request?.headers['sec-websocket-extensions']).toBeUndefined();
    expect(request?.headers['content-length']).toBeUndefined();
    expect(request?.headers['sec-websocket-key']).not.toBe('x');
  });

  test('alone is reached: other hosts and what is no path are refused', async () => {
    const { url, requests } = await service();
    const to = loopback(url);
    for (const host of ['b.example', 'localhost', new URL(url).host, '']) {
      await expect(ask(to, { host })).rejects.toMatchObject({ code: 'not-served' });
    }
    for (const path of ['http://evil.example/', 'evil.example:443', '*', '']) {
      await expect(ask(to, { path })).rejects.toMatchObject({ code: 'bad-request' });
    }
    expect(requests).toEqual([]);
  });

  test('is asked nothing when a header cannot be put into a request, and home outlives that the service goes away', async () => {
    const unhandled = uncaught();
    const { url, connections } = await raw('');
    const to = loopback(url);
    for (const value of ['b\x01c', '\x7f']) {
      await expect(ask(to, { headers: ['X-A', value] })).rejects.toMatchObject({ code: 'bad-request' });
    }
    const told = expect(ask(to)).rejects.toMatchObject({ code: 'failed' });
    const isAsked = ({ bytesRead }: Socket): boolean => bytesRead > 0;
    await vi.waitUntil(() => connections.some(isAsked));
    await vi.waitUntil(() => connections.every((one) => isAsked(one) || one.closed));
    expect(connections.filter(isAsked).length).toBe(1);
    for (const one of connections) one.destroy();
    await told;
    expect(unhandled).toEqual([]);
  });

  test('chooses among what was offered, or nothing', async () => {
    const headers = ['Sec-WebSocket-Protocol', 'v1, v2'];
    const { url } = await service();
    const chosen = await ask(loopback(url), { headers });
    expect(chosen.headers).toEqual(expect.arrayContaining(['Sec-WebSocket-Protocol', 'v1']));
    for (const protocol of ['v3', 'v1, v2', '']) {
      // The key is not looked at: what was chosen is wrong before.
      const { url: wrong } = await raw(
        `${upgraded}Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
      );
      await expect(ask(loopback(wrong), { headers })).rejects.toMatchObject({ code: 'failed' });
    }
    await expect(
      ask(loopback((await raw(`${upgraded}Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: v1\r\n\r\n`)).url)),
    ).rejects.toMatchObject({ code: 'failed' });
  });

  test('whose 101 is not to this handshake, or with an extension, has failed', async () => {
    for (const head of ['Sec-WebSocket-Accept: forged\r\n', '']) {
      const { url } = await raw(`${upgraded}${head}\r\n`);
      await expect(ask(loopback(url))).rejects.toMatchObject({ code: 'failed' });
    }
    const { url } = await raw('HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n');
    await expect(ask(loopback(url))).rejects.toMatchObject({ code: 'failed' });
  });

  test('that redirects is not followed, and one that is not there is said to be down', async () => {
    const elsewhere = await service();
    const { url } = await raw(`HTTP/1.1 302 Found\r\nLocation: ${elsewhere.url}\r\nContent-Length: 0\r\n\r\n`);
    const { status, headers } = await ask(loopback(url));
    expect([status, headers]).toEqual([302, expect.arrayContaining(['Location', elsewhere.url])]);
    expect(elsewhere.requests).toEqual([]);
    await expect(ask(loopback('http://127.0.0.1:1'))).rejects.toMatchObject({ code: 'service-down' });
  });

  test('that says no is quoted, at the reader’s pace', async () => {
    const memory = new AnswerMemory();
    const server = createServer();
    let written = 0;
    server.on('upgrade', (_, socket: Socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 403 Forbidden\r\nX-Why: é\r\nConnection: close, X-Drop\r\nX-Drop: 1\r\n\r\n');
      const more = (): void => {
        while (written < 64 * 1024 * 1024) {
          written += 65_536;
          if (!socket.write(Buffer.alloc(65_536))) break;
        }
      };
      socket.on('drain', more);
      more();
    });
    const url = await listening(server);
    cleanups.push(() => server.close());
    const ends = new AbortController();
    const { status, headers, body } = await ask(loopback(url, memory), {}, ends.signal);
    expect([status, headers]).toEqual([403, ['X-Why', expect.any(String)]]);
    let last = -1;
    await vi.waitUntil(
      () => {
        const isStill = written === last;
        last = written;
        return isStill;
      },
      { interval: 100, timeout: 10_000 },
    );
    expect(body?.length).toBeLessThan(2 * limits.answerBytes);
    expect(memory.bytes).toBe(body?.length);
    ends.abort();
    expect(memory.bytes).toBe(0);
    expect(body?.failure).not.toBeNull();
  });

  test('that says no and is done with it leaves nothing when its visitor goes without reading', async () => {
    const memory = new AnswerMemory();
    const head = 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n';
    const { url, connections } = await raw(head + 'x'.repeat(1000));
    const ends = new AbortController();
    const { body } = await ask(loopback(url, memory), {}, ends.signal);
    await vi.waitUntil(() => body?.hasEnded === true && connections[0]?.closed);
    expect(memory.bytes).toBe(1000);
    ends.abort();
    expect(memory.bytes).toBe(0);
    expect(body?.failure).toMatchObject({ code: 'request-cancelled' });
  });

  test('whose answer is none, or coded for the connection alone, has failed and is let go', async () => {
    const unhandled = uncaught();
    for (const head of [
      '600 Odd\r\nContent-Length: 4',
      '999 Odd\r\nContent-Length: 4',
      '403 Forbidden\r\nTransfer-Encoding: gzip',
      '403 Forbidden\r\nTransfer-Encoding: gzip, chunked',
      '403 Forbidden\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked',
    ]) {
      const { url, connections } = await raw(`HTTP/1.1 ${head}\r\n\r\n`);
      await expect(ask(loopback(url))).rejects.toMatchObject({ code: 'failed' });
      await vi.waitUntil(() => connections.length === 1 && connections[0]?.closed);
    }
    const { url } = await raw('HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n');
    const { status, body } = await ask(loopback(url));
    const parts: Uint8Array[] = [];
    for await (const part of body ?? []) parts.push(part);
    expect([status, Buffer.concat(parts).toString(), unhandled]).toEqual([403, 'no', []]);
  });

  test('that never answers is let go when nobody waits any more', async () => {
    const { url, connections } = await raw('');
    const ends = new AbortController();
    const answer = ask(loopback(url), {}, ends.signal);
    const told = expect(answer).rejects.toThrow();
    await vi.waitUntil(() => connections.length === 1);
    ends.abort();
    await told;
    await vi.waitUntil(
      () => connections[0]?.destroyed === true || connections[0]?.readableEnded === true || connections[0]?.closed,
    );
    await expect(ask(loopback(url), {}, AbortSignal.abort())).rejects.toThrow();
  });
});

describe('an open one', () => {
  test('passes messages and pieces of them both ways', async () => {
    const made = await service();
    const { socket, heard } = await opened(loopback(made.url));
    const seen: string[] = [];
    made.sockets[0]?.on('message', (data: Buffer, isBinary) => seen.push(`${isBinary} ${data.toString()}`));
    const taken: number[] = [];
    socket.send(Buffer.from('a'), false, true, () => taken.push(1));
    socket.send(Buffer.from('b'), false, false, () => taken.push(2));
    socket.send(Buffer.from(''), true, false, () => taken.push(3));
    await vi.waitUntil(() => seen.length === 2 && taken.length === 3);
    expect(seen).toEqual(['false ab', 'true ']);
    made.sockets[0]?.send('text');
    made.sockets[0]?.send(Buffer.from([1]));
    await vi.waitUntil(() => heard.said.length === 2);
    expect(heard.said).toEqual(['text', Buffer.from([1])]);
  });

  test('tells how it ended: with a code, without, broken, by too long a message or by no UTF-8', async () => {
    const made = await service();
    const to = loopback(made.url);
    const ends: [(socket: WebSocket) => void, Partial<Heard>][] = [
      [(socket) => socket.close(4001, 'bye'), { closed: { code: 4001, reason: 'bye' } }],
      [(socket) => socket.close(), { closed: { code: null, reason: '' } }],
      [(socket) => socket.terminate(), { broken: 'service-down' }],
      [
        (socket) => socket.send(Buffer.alloc(limits.webSocketMessageBytes + 1)),
        { closed: { code: 1009, reason: 'a message of the service is too long' } },
      ],
    ];
    for (const [end, seen] of ends) {
      const before = made.sockets.length;
      const { heard } = await opened(to);
      const socket = await vi.waitUntil(() => made.sockets[before]);
      end(socket);
      await vi.waitUntil(() => heard.closed !== null || heard.broken !== null, { timeout: 10_000 });
      expect(heard).toMatchObject(seen);
    }
  });

  test('is cut when nobody is there any more', async () => {
    const made = await service();
    const ends = new AbortController();
    await opened(loopback(made.url), {}, ends.signal);
    const codes: number[] = [];
    made.sockets[0]?.on('close', (code) => codes.push(code));
    ends.abort();
    await vi.waitUntil(() => codes.length === 1);
    expect(codes).toEqual([1006]);
  });
});
