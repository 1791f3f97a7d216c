// Whoever stops reading, workerd's memory stays where it is: nothing but the link's own credit stands between a stopped
// reader and a Durable Object that dies of its buffers.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LinkStage } from './link-stage.ts';

const MB = 1_000_000;
const bodyBytes = 200 * MB;
const blockBytes = 50_000;
const mayGrowBytes = 32 * MB;
let stage: LinkStage;
/** Bytes that the service has written to its connections. */
let given = 0;
/** The upload that the service does not read until it is told to. */
let upload: IncomingMessage | null = null;

function block(n: number): Buffer {
  return Buffer.alloc(blockBytes, createHash('sha256').update(String(n)).digest());
}

function digest(): string {
  const hash = createHash('sha256');
  for (let n = 0; n < bodyBytes / blockBytes; n++) hash.update(block(n));
  return hash.digest('hex');
}

function give(response: ServerResponse): void {
  let n = 0;
  response.writeHead(200, { 'Content-Length': bodyBytes });
  const write = (): void => {
    while (n < bodyBytes / blockBytes) {
      const isRoomy = response.write(block(n++));
      given += blockBytes;
      if (!isRoomy) {
        response.once('drain', write);
        return;
      }
    }
    response.end();
  };
  write();
}

function edgeBytes(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${stage.edgePid}/status`, 'utf8'))?.[1]) * 1024;
}

async function answered(): Promise<void> {
  expect(await (await stage.get('/small')).text()).toBe('small');
}

/** Until `count` does not change any more while fifty other requests are answered. */
async function stalled(count: () => number): Promise<void> {
  for (let same = 0, before = -1; same < 50; ) {
    await answered();
    same = count() === before ? same + 1 : 0;
    before = count();
  }
}

beforeAll(async () => {
  stage = await LinkStage.open((request, response) => {
    if (request.url === '/small') response.end('small');
    else if (request.method === 'GET') give(response);
    else upload = request;
  });
  await stage.openHome();
  // The first requests grow the heap of any fresh isolate.
  for (let n = 0; n < 500; n++) await answered();
}, 120_000);
afterAll(async () => await stage?.close());

describe('the memory of workerd', () => {
  test('does not grow with a visitor who stops reading 200 MB, and all of it arrives when the visitor goes on', async () => {
    const before = edgeBytes();
    given = 0;
    const socket = stage.visitor(`GET /large HTTP/1.1\r\nHost: ${stage.host}\r\nConnection: close\r\n\r\n`);
    socket.pause();
    await stalled(() => given);
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThan(bodyBytes / 4);
    const grown = edgeBytes() - before;
    console.log(
      `stopped reader: ${(given / MB).toFixed(1)} MB left the service, workerd grew by ${(grown / MB).toFixed(1)} MB`,
    );
    expect(grown).toBeLessThan(mayGrowBytes);
    expect(await read(socket)).toEqual([bodyBytes, digest()]);
  }, 180_000);

  test('does not grow with a service that stops reading 200 MB, and all of it arrives when the service goes on', async () => {
    const before = edgeBytes();
    const socket = stage.visitor(
      `POST /upload HTTP/1.1\r\nHost: ${stage.host}\r\nConnection: close\r\nContent-Length: ${bodyBytes}\r\n\r\n`,
    );
    let n = 0;
    const write = (): void => {
      while (n < bodyBytes / blockBytes) {
        if (!socket.write(block(n++))) {
          socket.once('drain', write);
          return;
        }
      }
    };
    write();
    await stalled(() => socket.bytesWritten - socket.writableLength);
    expect(n * blockBytes).toBeGreaterThan(0);
    expect(n * blockBytes).toBeLessThan(bodyBytes / 4);
    const grown = edgeBytes() - before;
    console.log(
      `stopped service: ${((n * blockBytes) / MB).toFixed(1)} MB left the visitor, workerd grew by ${(grown / MB).toFixed(1)} MB`,
    );
    expect(grown).toBeLessThan(mayGrowBytes);
    const request = upload as IncomingMessage | null;
    if (request === null) throw new Error('the upload did not reach the service');
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of request) {
      hash.update(part as Buffer);
      bytes += (part as Buffer).length;
    }
    expect([bytes, hash.digest('hex')]).toEqual([bodyBytes, digest()]);
    socket.destroy();
  }, 180_000);
});

/** Length and digest of an answer's body. */
async function read(socket: Socket): Promise<[number, string]> {
  const hash = createHash('sha256');
  let bytes = 0;
  let head: Buffer | null = Buffer.alloc(0);
  for await (const part of socket) {
    let body = part as Buffer;
    if (head !== null) {
      head = Buffer.concat([head, body]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) continue;
      body = head.subarray(end + 4);
      head = null;
    }
    bytes += body.length;
    hash.update(body);
  }
  return [bytes, hash.digest('hex')];
}
