// Reads share memory; no byte of one may ever be another's, whatever pieces a service sends, however its reader pauses.

import { createHash, randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createLoopback, type Loopback } from '../../../home-node/carry/loopback.ts';
import type { LinkResponse } from '../../../home-node/link/serve.ts';
import { limits } from '../../../shared/limits.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A service that is told of each request of a connection, and writes what it likes. */
async function service(answer: (socket: Socket, path: string) => void): Promise<Loopback> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay();
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      for (const [, path] of bytes.toString('latin1').matchAll(/^GET (\S+) /gm)) answer(socket, path ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const loopback = createLoopback([{ name: 'a', hosts: ['a.example'], url }]);
  cleanups.push(async () => {
    await loopback.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return loopback;
}

async function ask(to: Loopback, path = '/'): Promise<LinkResponse> {
  const request = { method: 'GET', path, host: 'a.example', headers: [], body: null };
  return await to.serve(request, new AbortController().signal);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

/** Takes `bite` bytes now and then, so that the service's connection is paused again and again. */
async function readSlowly({ body }: LinkResponse, bite: number): Promise<string> {
  const hash = createHash('sha256');
  while (body !== null && !(body.hasEnded && body.length === 0)) {
    const bytes = body.take(bite);
    if (bytes !== undefined) hash.update(bytes);
    await turn();
  }
  return hash.digest('hex');
}

const sizedHead = (length: number, more = ''): string => `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n${more}\r\n`;

describe('what a service sends', () => {
  test.each([
    ['at once', 1e9],
    ['in pieces that fill no read', 30_000],
    ['in odd pieces', 70_001],
  ])('%s comes whole to a reader that pauses', async (_, piece) => {
    const bytes = randomBytes(12 * 1024 * 1024);
    const to = await service((socket) => {
      socket.write(sizedHead(bytes.length));
      for (let at = 0; at < bytes.length; at += piece) socket.write(bytes.subarray(at, at + piece));
    });
    for (const bite of [1e9, 300_000, 65_536]) expect(await readSlowly(await ask(to), bite)).toBe(sha256(bytes));
  });

  test('in chunks comes whole to a reader that pauses in the middle of a read', async () => {
    const bytes = randomBytes(6 * 1024 * 1024);
    const to = await service((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      for (let at = 0; at < bytes.length; at += 1_000) {
        const chunk = bytes.subarray(at, at + 1_000);
        socket.write(Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]));
      }
      socket.write('0\r\n\r\n');
    });
    for (const bite of [200_000, 65_536]) expect(await readSlowly(await ask(to), bite)).toBe(sha256(bytes));
  });

  test('on many connections at once is never mixed', async () => {
    const answers = new Map(Array.from({ length: 40 }, (_, n) => [`/${n}`, randomBytes(400_000 + n)]));
    const to = await service((socket, path) => {
      const bytes = answers.get(path) ?? Buffer.alloc(0);
      socket.write(sizedHead(bytes.length));
      socket.write(bytes);
    });
    const read = [...answers].map(async ([path, bytes], n) => {
      expect(await readSlowly(await ask(to, path), 20_000 + n * 10_000)).toBe(sha256(bytes));
    });
    await Promise.all(read);
  });

  test('as a head in many pieces, on a connection that brought much before, keeps each name and value', async () => {
    const bytes = randomBytes(3 * 1024 * 1024);
    const value = (n: number): string => `${n}-`.repeat(400);
    const names = Array.from({ length: 50 }, (_, n) => `x-name-${n}`);
    const lines = names.map((name, n) => `${name}: ${value(n)}\r\n`).join('');
    expect(lines.length).toBeLessThan(limits.frameHeadBytes);
    const to = await service((socket, path) => {
      if (path === '/bulk') {
        socket.write(sizedHead(bytes.length));
        socket.write(bytes);
        return;
      }
      const head = sizedHead(2, lines);
      let at = 0;
      const write = (): void => {
        socket.write(head.slice(at, at + 9_000));
        at += 9_000;
        // Not at once: each piece is to be a read of its own.
        if (at < head.length) setTimeout(write, 2);
        else socket.write('ok');
      };
      write();
    });
    expect(await readSlowly(await ask(to, '/bulk'), 1e9)).toBe(sha256(bytes));
    const { headers, body } = await ask(to, '/head');
    for (const [n, name] of names.entries()) expect(headers[headers.indexOf(name) + 1]).toBe(value(n));
    expect(await readSlowly({ status: 200, headers, body }, 1e9)).toBe(sha256(Buffer.from('ok')));
  });
});

describe('a service that cannot be reached', () => {
  test('is down, by address and by name', async () => {
    for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
      const to = createLoopback([{ name: 'a', hosts: ['a.example'], url: `http://${host}:1` }]);
      cleanups.push(async () => await to.close());
      await expect(ask(to)).rejects.toMatchObject({ code: 'service-down' });
    }
  });
});
