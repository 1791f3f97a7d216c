// A service that remembers every request as it came over the wire, and how many of each sender were before it at once.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** The answer to one delivery. */
export type Behaviour = (received: Received, response: ServerResponse) => Promise<void> | void;

export class SmallService {
  readonly received: Received[] = [];
  behave: Behaviour = (_received, response) => void response.writeHead(202).end();
  /** Answers of deliveries that are not yet given. */
  pending = 0;
  mostAtOnce = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => void this.#take(request, response));
  }

  static async start(port = 0): Promise<SmallService> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new SmallService(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  bodies(): string[] {
    return this.received.map(({ body }) => body.toString());
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = '', url: path = '', rawHeaders } = request;
    if (method !== 'POST') {
      response.writeHead(200).end();
      return;
    }
    const received = { method, path, rawHeaders, body: Buffer.concat(parts) };
    this.received.push(received);
    this.pending += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.pending);
    response.once('close', () => {
      this.pending -= 1;
    });
    await this.behave(received, response);
  }
}
