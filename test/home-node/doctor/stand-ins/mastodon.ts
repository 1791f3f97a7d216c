// Mastodon's inbox as far as a late request of doctor comes, over HTTP in front of its class in Ruby (ruby-program.ts). What
// comes before the class is asked (read in its sources): Rails takes its own host alone and wants HTTPS; the key is looked
// for before anything else (signature_verification.rb, `keypair_from_key_id`), `acct:` of its own domain among its own
// accounts, where the one of the server itself is called as the domain is; any other would be fetched.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ruby } from '../../hooks/ruby-program.ts';

export interface StandIn {
  readonly port: number;
  /** Deliveries that it would have processed. */
  readonly taken: () => number;
  readonly close: () => Promise<void>;
}

export async function mastodonBefore(ruby: Ruby, domain: string, webDomain: string): Promise<StandIn> {
  let taken = 0;
  const server = createServer((request, response) => {
    void answerTo(request).then(({ status, why, judged }) => {
      if (status === 202) taken += 1;
      if (judged !== null) response.setHeader('Porchlight-Hook', judged);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(why === undefined ? '' : JSON.stringify({ error: why }));
    });
  });

  async function answerTo(request: IncomingMessage) {
    const body = await bodyOf(request);
    const { host, signature } = request.headers;
    const no = (status: number, why: string) => ({ status, why, judged: null });
    if (host !== webDomain) return no(403, 'Blocked hosts');
    if (request.headers['x-forwarded-proto'] !== 'https') return no(301, 'https');
    if (typeof signature !== 'string') return no(401, 'Request not signed');
    const keyId = /keyId="([^"]*)"/.exec(signature)?.[1] ?? '';
    if (!keyId.startsWith('acct:')) return no(503, 'Failed to fetch remote data');
    if (keyId !== `acct:${domain}@${domain}`) return no(401, `Public key not found for key ${keyId}`);
    const headers = Array.from({ length: request.rawHeaders.length / 2 }, (_, n): [string, string] => [
      request.rawHeaders[2 * n] ?? '',
      request.rawHeaders[2 * n + 1] ?? '',
    ]);
    return await ruby.ask({ path: request.url ?? '', headers, body });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, taken: () => taken, close: closing(server) };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function closing(server: Server): () => Promise<void> {
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}
