// A wire between home and edge that counts: bytes each way, HTTP requests by their first line, connections. Plain HTTP on
// loopback, so that requests can be seen; TLS adds about 5 % to frames of this size (22 bytes for each record, RFC 8446).

import { connect, createServer, type Server } from 'node:net';

export interface Counted {
  readonly up: number;
  readonly down: number;
  readonly requests: number;
  readonly connections: number;
}

const requestLine = /^(?:GET|HEAD|POST|PUT|DELETE) \/\S* HTTP\/1\.1\r\n/gm;

export class CountingWire {
  readonly #server: Server;
  #counted = { up: 0, down: 0, requests: 0, connections: 0 };

  private constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      this.#counted.connections += 1;
      near.on('data', (part: Buffer) => {
        this.#counted.up += part.byteLength;
        this.#counted.requests += part.toString('latin1').match(requestLine)?.length ?? 0;
      });
      far.on('data', (part: Buffer) => {
        this.#counted.down += part.byteLength;
      });
      near.pipe(far).pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
    });
  }

  static async open(port: number, target: number): Promise<CountingWire> {
    const wire = new CountingWire(target);
    await new Promise<void>((resolve, reject) => {
      wire.#server.once('error', reject);
      wire.#server.listen(port, '127.0.0.1', resolve);
    });
    return wire;
  }

  get counted(): Counted {
    return { ...this.#counted };
  }

  close(): void {
    this.#server.close();
  }
}
