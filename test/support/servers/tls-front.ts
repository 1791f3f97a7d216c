// What stands before a server that speaks plain HTTP: HTTPS on a public port, bytes as they are.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer, type Server } from 'node:tls';
import type { Certificates } from '../certificates.ts';

export class TlsFront {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(publicPort: number, port: number, { keyFile, certFile }: Certificates): Promise<TlsFront> {
    const server = createServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, (visitor) => {
      const behind = connect(port, '127.0.0.1');
      visitor.pipe(behind).pipe(visitor);
      visitor.on('error', () => behind.destroy());
      behind.on('error', () => visitor.destroy());
    });
    await new Promise<void>((resolve) => server.listen(publicPort, '127.0.0.1', resolve));
    return new TlsFront(server);
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
