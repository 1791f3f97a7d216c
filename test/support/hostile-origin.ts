// An origin that hands out keys, honestly on one path and as badly as can be on the others; and a resolver (RFC 8484,
// JSON) that says of some names what an attacker's own name server would say.

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const activityJson = 'application/activity+json';

export interface Listening {
  readonly port: number;
  readonly requests: string[];
  close(): Promise<void>;
}

async function listen(server: Server, requests: string[]): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function actorDocument(uri: string, publicKeyPem: string, inbox = `${uri}/inbox`): string {
  return JSON.stringify({
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    type: 'Person',
    id: uri,
    preferredUsername: 'somebody',
    inbox,
    publicKey: { id: `${uri}#main-key`, owner: uri, publicKeyPem },
  });
}

/** Every actor of this origin has the same key. `/users/<name>` is honest; the others are what their names say. */
export async function hostileOrigin(publicKeyPem: string): Promise<Listening> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    requests.push(path);
    const origin = `http://${request.headers.host ?? ''}`;
    const uri = `${origin}${path}`;
    const redirect = (to: string): void => void response.writeHead(302, { location: to }).end();
    if (path.startsWith('/redirect-loop')) redirect(`${origin}/redirect-loop?${Math.random()}`);
    else if (path === '/redirect-to-loopback') redirect(`http://127.0.0.1:${new URL(origin).port}/users/alice`);
    else if (path === '/redirect-to-private-name') redirect('https://private.example.org/users/alice');
    else if (path === '/huge') huge(response);
    else if (path === '/slow') slow(response);
    else if (path === '/broken') response.writeHead(500).end();
    else if (path === '/page')
      response.writeHead(200, { 'content-type': 'text/html' }).end(actorDocument(uri, publicKeyPem));
    else if (path === '/gone') response.writeHead(410).end();
    else response.writeHead(200, { 'content-type': activityJson }).end(actorDocument(uri, publicKeyPem));
  });
  return await listen(server, requests);
}

/** 50 MB of white space before any key. */
function huge(response: ServerResponse): void {
  const part = Buffer.alloc(1024 * 1024, ' ');
  let left = 50;
  response.writeHead(200, { 'content-type': activityJson });
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= 1;
      if (!response.write(part)) {
        response.once('drain', more);
        return;
      }
    }
    response.end('{}');
  };
  more();
}

/** A byte now and then, for as long as anybody listens. */
function slow(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': activityJson });
  const drip = setInterval(() => response.write(' '), 200);
  response.on('close', () => clearInterval(drip));
}

export async function hostileResolver(answers: Readonly<Record<string, readonly string[]>>): Promise<Listening> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://resolver');
    const name = url.searchParams.get('name') ?? '';
    requests.push(name);
    const wantsSix = ['28', 'AAAA'].includes(url.searchParams.get('type') ?? '');
    const addresses = (answers[name] ?? []).filter((address) => address.includes(':') === wantsSix);
    const body = {
      Status: answers[name] === undefined ? 3 : 0,
      Answer: addresses.map((data) => ({ name, type: wantsSix ? 28 : 1, TTL: 60, data })),
    };
    response.writeHead(200, { 'content-type': 'application/dns-json' }).end(JSON.stringify(body));
  });
  return await listen(server, requests);
}
