// The link between a visitor and a service of whom both are bytes: what no HTTP library would send can be sent, and what
// arrives is seen as it arrives.

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { vi } from 'vitest';
import { createLoopback, type Loopback } from '../../../home-node/carry/loopback.ts';
import { LinkStage } from './link-stage.ts';

/** What the service does with a request: the bytes of its answer, after which it closes, or whatever it likes. */
export type Answer = string | ((socket: Socket, request: string) => void);

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

export class RawStage {
  readonly stage: LinkStage;
  /** Requests as the service got them, head and body, in ISO 8859-1. */
  readonly seen: string[] = [];
  answer: Answer = ok;
  readonly #service: Server;
  readonly #loopback: Loopback;

  private constructor(stage: LinkStage, service: Server) {
    this.stage = stage;
    this.#service = service;
    service.on('connection', (socket) => this.#connected(socket));
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    this.#loopback = createLoopback([{ name: 'raw', hosts: [stage.host], url }]);
  }

  static async open(): Promise<RawStage> {
    const service = createServer();
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const raw = new RawStage(await LinkStage.open((_, response) => response.end()), service);
    await raw.stage.openHome({ serve: raw.#loopback.serve });
    return raw;
  }

  /**
   * Everything that the visitor gets until the edge closes, which it is asked to. `@` in the request stands for the
   * stage's host.
   */
  async ask(request: string, answer: Answer = ok): Promise<string> {
    this.seen.length = 0;
    this.answer = answer;
    const socket = this.visitor(request);
    return await new Promise((resolve) => {
      let text = '';
      socket.on('data', (part: Buffer) => {
        text += part.toString('latin1');
      });
      socket.on('close', () => resolve(text));
    });
  }

  async get(answer: Answer, path = '/'): Promise<string> {
    return await this.ask(`GET ${path} HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n`, answer);
  }

  visitor(request: string): Socket {
    const socket = this.stage.visitor(Buffer.from(request.replaceAll('Host: @', `Host: ${this.stage.host}`), 'latin1'));
    socket.on('error', () => undefined);
    return socket;
  }

  /** The one request that the service got. */
  async request(): Promise<string> {
    return await vi.waitUntil(() => this.seen[0], { timeout: 10_000, interval: 5 });
  }

  async close(): Promise<void> {
    await this.#loopback.close();
    this.#service.close();
    await this.stage.close();
  }

  #connected(socket: Socket): void {
    let text = '';
    let isAnswered = false;
    const index = this.seen.length;
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
      this.seen[index] = text;
      const { answer } = this;
      if (typeof answer === 'function') {
        if (isAnswered || !text.includes('\r\n\r\n')) return;
        isAnswered = true;
        answer(socket, text);
      } else if (isWhole(text)) {
        socket.end(Buffer.from(answer, 'latin1'));
      }
    });
  }
}

function isWhole(request: string): boolean {
  const end = request.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const head = request.slice(0, end);
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  if (length !== undefined) return request.length >= end + 4 + Number(length);
  return !/^transfer-encoding: chunked$/im.test(head) || request.endsWith('0\r\n\r\n');
}
