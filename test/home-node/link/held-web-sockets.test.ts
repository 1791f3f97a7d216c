// WebSockets at home's end of a link whose other end is the test: what home holds for visitors who do not read, and what
// becomes of one that opens while home leaves.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createLoopback } from '../../../home-node/carry/loopback.ts';
import { OpenLink } from '../../../home-node/link/open-link.ts';
import { limits } from '../../../shared/limits.ts';
import {
  type Closing,
  closingOf,
  decodeMessage,
  encodeCancel,
  encodeCredit,
  encodeTextFrame,
  type Frame,
} from '../../../shared/link/codec.ts';

const MiB = 1024 * 1024;
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

  bytes(id: number): number {
    return this.of(id, 'BINARY').reduce((sum, { payload }) => sum + payload.length, 0);
  }

  closing(id: number): Closing | null {
    const [frame] = this.of(id, 'CLOSE');
    return frame === undefined ? null : closingOf(frame);
  }
}

const many = 8 * MiB;
const tooMuch = { code: 1013, reason: 'more is waiting than can be kept' };

describe('visitors who do not read', () => {
  test('have no more held for them than limits.webSocketUnsentBytes: the next long message closes its WebSocket', async () => {
    const edge = await Edge.open();
    const full = Math.floor(limits.webSocketUnsentBytes / many) - 1;
    const unread: { readonly id: number; readonly service: ServiceEnd }[] = [];
    for (let n = 0; n < full; n++) unread.push(await edge.pair());
    for (const { service } of unread) service.socket.send(Buffer.alloc(many));
    // What each stream owns goes out with the message's beginning, which is the sign that the message has come.
    await vi.waitUntil(() => unread.every(({ id }) => edge.bytes(id) > 0), patience);
    const last = await edge.pair();
    last.service.socket.send(Buffer.alloc(2 * many));
    await vi.waitUntil(() => edge.closing(last.id) !== null && last.service.closed !== null, patience);
    expect([edge.closing(last.id), last.service.closed]).toEqual([tooMuch, tooMuch]);
    expect(edge.bytes(last.id)).toBe(0);
    expect(unread.map(({ id }) => edge.closing(id))).toEqual(unread.map(() => null));
  }, 60_000);

  test('do not keep small messages from others', async () => {
    const edge = await Edge.open();
    const long = limits.webSocketMessageBytes;
    for (const length of [long, limits.webSocketUnsentBytes - long - 64]) {
      const { id, service } = await edge.pair();
      service.socket.send(Buffer.alloc(length));
      await vi.waitUntil(() => edge.bytes(id) > 0, patience);
    }
    const other = await edge.pair();
    for (let n = 1; n <= 8; n++) {
      other.service.socket.send(Buffer.alloc(1024));
      await vi.waitUntil(() => edge.bytes(other.id) === n * 1024, patience);
    }
  }, 60_000);

  test('give all of it back by reading, and by leaving', async () => {
    const edge = await Edge.open();
    const long = limits.webSocketMessageBytes;
    for (let n = 0; n < 3; n++) {
      const { id, service } = await edge.pair();
      service.socket.send(Buffer.alloc(long));
      await vi.waitUntil(() => edge.bytes(id) > 0, patience);
      if (n === 1) {
        edge.receive(encodeCancel(id, 'enough', 'the visitor is gone'));
        await vi.waitUntil(() => service.closed !== null, patience);
        continue;
      }
      for (let at = 0; at < long; at += MiB) {
        edge.receive(encodeCredit(id, MiB));
        await vi.waitUntil(() => edge.bytes(id) >= Math.min(at + MiB, long), patience);
      }
      expect(edge.closing(id)).toBeNull();
    }
  }, 60_000);
});

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
