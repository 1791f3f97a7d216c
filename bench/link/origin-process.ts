// The service of the benchmark, a process of its own: GET /kib answers 1 KiB, GET /bytes/<n> answers n bytes, GET /events
// is a stream of events, each with the moment of its writing, POST /upload counts what it was sent, POST /held reads
// nothing; a WebSocket is sent back what it sends. Says its port by IPC, and answers "arrived" with bytes uploaded so far.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const kib = Buffer.alloc(1024, 'a');
const block = Buffer.alloc(256 * 1024, 'b');
const eventEveryMs = 10;

let arrived = 0;

function give(response: ServerResponse, bytes: number): void {
  let left = bytes;
  const write = (): void => {
    while (left > 0) {
      const part = block.subarray(0, Math.min(left, block.length));
      left -= part.length;
      if (!response.write(part)) {
        response.once('drain', write);
        return;
      }
    }
    response.end();
  };
  write();
}

function take(request: IncomingMessage, response: ServerResponse): void {
  let bytes = 0;
  request.on('data', (part: Buffer) => {
    bytes += part.length;
    arrived += part.length;
  });
  request.on('end', () => response.end(String(bytes)));
}

/** The moment by the clock that all processes of a machine share (CLOCK_MONOTONIC), in nanoseconds. */
function tellEvents(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' });
  response.flushHeaders();
  const timer = setInterval(() => response.write(`data: ${process.hrtime.bigint()}\n\n`), eventEveryMs);
  response.on('close', () => clearInterval(timer));
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'POST') {
    if (request.url !== '/held') take(request, response);
    return;
  }
  if (request.url === '/events') {
    tellEvents(response);
    return;
  }
  const bytes = Number(/^\/bytes\/(\d+)$/.exec(request.url ?? '')?.[1] ?? kib.length);
  response.setHeader('content-type', 'application/octet-stream');
  response.setHeader('content-length', bytes);
  if (bytes === kib.length) response.end(kib);
  else give(response, bytes);
}

const server = createServer(answer);
const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (accepted) => {
    accepted.on('message', (data, isBinary) => accepted.send(data, { binary: isBinary }));
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', () => process.send?.({ arrived }));
process.on('disconnect', () => process.exit());
