// The service of the benchmark, a process of its own: GET /kib answers 1 KiB, GET /bytes/<n> answers n bytes, POST
// counts what it was sent. Says its port by IPC.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const kib = Buffer.alloc(1024, 'a');
const block = Buffer.alloc(256 * 1024, 'b');

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

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'POST') {
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
    });
    request.on('end', () => response.end(String(bytes)));
    return;
  }
  const bytes = Number(/^\/bytes\/(\d+)$/.exec(request.url ?? '')?.[1] ?? kib.length);
  response.setHeader('content-type', 'application/octet-stream');
  response.setHeader('content-length', bytes);
  if (bytes === kib.length) response.end(kib);
  else give(response, bytes);
}

const server = createServer(answer);
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
