// The proxy that ends TLS before a real server, as its owner would have one: all goes on as it came, with the scheme named.

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { Certificates } from '../certificates.ts';

/** Listens on 127.0.0.1 until closed. `to`: where the server listens there. */
export async function tlsFront(port: number, to: number, certificates: Certificates): Promise<() => Promise<void>> {
  const tls = { key: readFileSync(certificates.keyFile), cert: readFileSync(certificates.certFile) };
  const front = createServer(tls, (asked, answer) => {
    const headers = { ...asked.headers, 'x-forwarded-proto': 'https' };
    const on = request({ port: to, method: asked.method, path: asked.url, headers }, (said) => {
      answer.writeHead(said.statusCode ?? 502, said.headers);
      said.pipe(answer);
    });
    // The server is down, or being started.
    on.on('error', () => answer.writeHead(502).end());
    asked.pipe(on);
  });
  await new Promise<void>((resolve) => front.listen(port, '127.0.0.1', resolve));
  return async () => {
    front.closeAllConnections();
    await new Promise((resolve) => front.close(resolve));
  };
}
