// WebSockets at home's end of a link whose other end is the test: what becomes of
// one that opens while home leaves.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createLoopback } from '../../../home-node/carry/loopback.ts';
import { OpenLink } from '../../../home-node/link/open-link.ts';
import { limits } from '../../../shared/limits.ts';
import { type Closing, closingOf, decodeMessage, encodeTextFrame, type Frame } from '../../../shared/link/codec.ts';

const patience = { timeout: 20_000, interval: 5 };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A service's end of a WebSocket, and how it was closed. */
interface ServiceEnd {
  readonly socket: WebSocket;
  closed: Closing | null;
}

class Edge {
  readonly frames: Frame[] = [];
  readonly ends: ServiceEnd[] = [];
  /** Handshakes that the service has not answered, while it holds them back. */
  readonly held: (() => void)[] = [];
  isHolding = false;
  readonly link: OpenLink;
  #streams = 0;

  private constructor(url: string) {
    const loopback = createLoopback([{ name: 'a', hosts: ['a.example'], url }]);
    cleanups.push(async () => await loopback.close());
    this.link = new OpenLink({
      sink: {
        bufferedAmount: 0,
        send: (message, sent) => {
          this.frames.push(...decodeMessage(new Uint8Array(message)));
          sent();
        },
      },
      version: 3,
      initialBytes: limits.streamInitialBytes,
      serve: loopback.serve,
      onWork: () => undefined,
      onSlept: () => undefined,
      onDrain: () => undefined,
      onRefused: () => undefined,
    });
    cleanups.push(() => this.link.end());
  }

  static async open(): Promise<Edge> {
    const server = createServer();
    const sockets = new WebSocketServer({ noServer: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const edge = new Edge(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('upgrade', (request: IncomingMessage, connection: Socket, head) => {
      const accept = (): void =>
        sockets.handleUpgrade(request, connection, head, (socket) => {
          const end: ServiceEnd = { socket, closed: null };
          socket.on('close', (code, reason) => {
            end.closed = { code, reason: reason.toString() };
          });
          edge.ends.push(end);
        });
      if (edge.isHolding) edge.held.push(accept);
      else accept();
    });
    cleanups.push(() => {
      for (const { socket } of edge.ends) socket.terminate();
      server.close();
    });
    return edge;
  }

  /** Number of the stream. */
  request(): number {
    const head = { method: 'GET', path: '/', host: 'a.example', headers: [], upgrade: 'websocket' };
    this.#streams += 1;
    this.receive(encodeTextFrame('REQUEST', JSON.stringify(head), this.#streams));
    return this.#streams;
  }

  async pair(): Promise<{ readonly id: number; readonly service: ServiceEnd }> {
    const before = this.ends.length;
    const id = this.request();
    await vi.waitUntil(() => this.of(id, 'RESPONSE').length === 1, patience);
    return { id, service: await vi.waitUntil(() => this.ends[before], patience) };
  }

  receive(message: Uint8Array<ArrayBuffer>): void {
    this.link.receive(decodeMessage(message));
  }

  of(id: number, name: Frame['name']): readonly Frame[] {
    return this.frames.filter((frame) => frame.stream === id && frame.name === name);
  }

  closing(id: number): Closing | null {
    const [frame] = this.of(id, 'CLOSE');
    return frame === undefined ? null : closingOf(frame);
  }
}

describe('a WebSocket that opens', () => {
  test.for([
    ['while home goes to sleep', { code: 1001, reason: 'home goes to sleep' }],
    ['while another link takes over', { code: 1012, reason: 'a newer link takes over' }],
  ] as const)('%s is closed like those that were open', async ([, closing]) => {
    const edge = await Edge.open();
    edge.isHolding = true;
    const id = edge.request();
    const accept = await vi.waitUntil(() => edge.held[0], patience);
    if (closing.code === 1001) edge.link.sleep(null);
    else edge.link.closeWebSockets(closing);
    accept();
    await vi.waitUntil(() => edge.closing(id) !== null && edge.ends[0]?.closed, patience);
    expect([edge.closing(id), edge.ends[0]?.closed]).toEqual([closing, closing]);
    const names = edge.frames.filter((frame) => frame.stream === id).map(({ name }) => name);
    expect(names).toEqual(['RESPONSE', 'CLOSE']);
  });
});
