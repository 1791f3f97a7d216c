// A stage whose service takes WebSockets: both ends of each are at hand, and what they heard.

import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { vi } from 'vitest';
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws';
import { LinkStage } from './link-stage.ts';

const MiB = 1024 * 1024;
export const patience = { timeout: 10_000, interval: 5 };

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** One end of a WebSocket, and all that it heard. */
export class End {
  readonly socket: WebSocket;
  readonly heard: (string | Buffer)[] = [];
  closed: Closed | null = null;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary) => this.heard.push(isBinary ? data : data.toString()));
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    socket.on('error', () => undefined);
  }

  async hears(count: number): Promise<(string | Buffer)[]> {
    await vi.waitUntil(() => this.heard.length >= count, { ...patience, timeout: 60_000 });
    return this.heard.splice(0, count);
  }

  async closing(): Promise<Closed> {
    return await vi.waitUntil(() => this.closed, { ...patience, timeout: 30_000 });
  }
}

/**
 * The runtime leaves a connection open for long after it has closed and was answered (docs/compatibility.md); browsers do
 * not wait for that.
 */
export const asBrowsers = { closeTimeout: 2_000 } as ClientOptions;

export class WebSocketStage {
  readonly link: LinkStage;
  /** The service's ends, as they came. */
  readonly atService: End[];
  /** All that came to the service, with and without Upgrade. */
  readonly requests: IncomingMessage[];
  /** Ended after each test. */
  readonly visitors: WebSocket[] = [];

  private constructor(link: LinkStage, atService: End[], requests: IncomingMessage[]) {
    this.link = link;
    this.atService = atService;
    this.requests = requests;
  }

  /** With a home whose link is open. */
  static async open(): Promise<WebSocketStage> {
    const atService: End[] = [];
    const requests: IncomingMessage[] = [];
    const link = await LinkStage.open((request, response) => {
      requests.push(request);
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end('a page');
    });
    const server = new WebSocketServer({
      noServer: true,
      maxPayload: 64 * MiB,
      handleProtocols: (offered) => (offered.has('v2') ? 'v2' : false),
    });
    server.on('headers', (headers) => headers.push('Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-Service: here'));
    link.service.on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
      socket.on('error', () => undefined);
      requests.push(request);
      if (request.url?.startsWith('/refused') === true) {
        const body = 'who are you?';
        socket.end(
          `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
      } else if (request.url === '/foreign-protocol') {
        socket.end(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
            'Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: never-offered\r\n\r\n',
        );
      } else {
        server.handleUpgrade(request, socket, head, (accepted) => atService.push(new End(accepted)));
      }
    });
    await link.openHome();
    return new WebSocketStage(link, atService, requests);
  }

  get #origin(): string {
    return this.link.stage.edge.origin.replace('http', 'ws');
  }

  /** A visitor's WebSocket and the service's end of it. */
  async pair(): Promise<{ visitor: End; service: End }> {
    const before = this.atService.length;
    const socket = new WebSocket(this.#origin, { maxPayload: 64 * MiB, ...asBrowsers });
    this.visitors.push(socket);
    const visitor = new End(socket);
    await vi.waitUntil(() => socket.readyState === WebSocket.OPEN, patience);
    const service = await vi.waitUntil(() => this.atService[before], patience);
    return { visitor, service };
  }

  /** The HTTP answer that a visitor gets instead of a WebSocket. */
  async refusal(
    path: string,
    protocols: string[] = [],
  ): Promise<{ status: number; body: string; answer: IncomingMessage }> {
    const socket = new WebSocket(`${this.#origin}${path}`, protocols);
    this.visitors.push(socket);
    socket.on('error', () => undefined);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      socket.on('unexpected-response', (_, response) => resolve(response));
      socket.on('open', () => reject(new Error('opened')));
    });
    let body = '';
    for await (const part of answer as AsyncIterable<Buffer>) body += part.toString();
    return { status: answer.statusCode ?? 0, body, answer };
  }

  /** Memory that the edge's runtime holds. */
  workerdBytes(): number {
    const status = readFileSync(`/proc/${this.link.edgePid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  }

  /** What a test opened ends with it. */
  hangUp(): void {
    for (const visitor of this.visitors.splice(0)) visitor.terminate();
    for (const { socket } of this.atService.splice(0)) socket.terminate();
  }

  async close(): Promise<void> {
    await this.link.close();
  }
}
