// Home's servers as far as an inbox goes, over real HTTP. Those whose verifying library is at hand call it as the server does
// (PeerTube, Misskey, and Hollo by Fedify). The others (`likeness`) are stood in for: their window and their statuses, with
// a library of somebody else for the signature. None of them is the whole server.

import { createHash, createPublicKey, type webcrypto } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyRequest } from '@fedify/fedify';
import { CryptographicKey } from '@fedify/vocab';
import type { SoftwareKind } from '../../shared/config/software.ts';

export interface Peer {
  readonly keyId: string;
  readonly actor: string;
  readonly publicKey: string;
}

export interface Came {
  readonly request: IncomingMessage;
  readonly body: Buffer;
}

/** true: 2xx is due. What it throws is a no. */
type Verify = (came: Came, peer: Peer) => boolean | Promise<boolean>;

interface Likeness {
  readonly verify: Verify;
  readonly taken: number;
  readonly refused: number;
}

const ages = 10 * 365 * 86_400;

async function peertubeLibrary({ request }: Came, { publicKey }: Peer, clockSkew: number): Promise<boolean> {
  const { default: httpSignature } = await import('@peertube/http-signature');
  const parsed = httpSignature.parseRequest(request, { clockSkew, headers: ['(request-target)', 'host', 'digest'] });
  return httpSignature.verifySignature(parsed, publicKey);
}

function digestHolds({ request, body }: Came): boolean {
  return request.headers.digest === `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
}

function dateWithin({ request }: Came, pastMs: number, futureMs: number): boolean {
  const age = Date.now() - Date.parse(request.headers.date ?? '');
  return age <= pastMs && -age <= futureMs;
}

async function cryptoKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return await crypto.subtle.importKey('spki', new Uint8Array(der), rsa, true, ['verify']);
}

const minute = 60_000;
const hour = 60 * minute;

const servers: Readonly<Record<SoftwareKind, Likeness>> = {
  peertube: {
    verify: async (came, peer) => digestHolds(came) && (await peertubeLibrary(came, peer, 1800)),
    taken: 204,
    refused: 403,
  },
  misskey: {
    verify: async (came, peer) => {
      const { parseRequestSignature, verifyDraftSignature } = await import('@misskey-dev/node-http-message-signatures');
      const parsed = parseRequestSignature(came.request, {
        requiredComponents: { draft: ['(request-target)', 'host', 'date', 'digest'] },
        clockSkew: { forward: 300_000, delay: 300_000 },
      });
      if (parsed.version !== 'draft' || !digestHolds(came)) return false;
      return (await verifyDraftSignature(parsed.value, peer.publicKey)) === true;
    },
    taken: 202,
    refused: 401,
  },
  hollo: {
    verify: async ({ request, body }, { keyId, actor, publicKey }) => {
      const headers = new Headers(Object.entries(request.headers) as [string, string][]);
      const url = `https://${request.headers.host}${request.url}`;
      const key = new CryptographicKey({
        id: new URL(keyId),
        owner: new URL(actor),
        publicKey: await cryptoKey(publicKey),
      });
      const loader = async (): Promise<never> => await Promise.reject(new Error('nothing is asked of the network'));
      const found = await verifyRequest(new Request(url, { method: 'POST', headers, body: new Uint8Array(body) }), {
        documentLoader: loader,
        contextLoader: loader,
        keyCache: { get: async () => await Promise.resolve(key), set: async () => await Promise.resolve() },
      });
      return found !== null;
    },
    taken: 202,
    refused: 401,
  },
  mastodon: {
    verify: async (came, peer) =>
      dateWithin(came, 65 * minute, hour) && digestHolds(came) && (await peertubeLibrary(came, peer, ages)),
    taken: 202,
    refused: 401,
  },
  gotosocial: { verify: async (came, peer) => await peertubeLibrary(came, peer, ages), taken: 202, refused: 401 },
  lemmy: {
    verify: async (came, peer) =>
      dateWithin(came, hour, hour) && digestHolds(came) && (await peertubeLibrary(came, peer, ages)),
    taken: 200,
    refused: 400,
  },
  // It says 200 whatever it thinks of it.
  pixelfed: { verify: () => true, taken: 200, refused: 200 },
};

export interface HomeServer {
  readonly origin: string;
  readonly came: Came[];
  /** Instead of what it would answer by itself. */
  answer: { readonly status: number; readonly retryAfter?: string; readonly isJudged?: boolean } | null;
  stop(): Promise<void>;
}

export async function startServer(kind: SoftwareKind, peer: Peer): Promise<HomeServer> {
  const { verify, taken, refused } = servers[kind];
  const listener = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const came = { request, body: Buffer.concat(parts) };
      server.came.push(came);
      const finish = (status: number): void => {
        const { retryAfter, isJudged } = server.answer ?? {};
        if (isJudged === true) response.setHeader('Porchlight-Hook', 'v1 judged-at-arrival');
        response.writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': retryAfter }).end();
      };
      if (server.answer !== null) finish(server.answer.status);
      else
        Promise.resolve(came)
          .then(async (each) => await verify(each, peer))
          .then(
            (holds) => finish(holds ? taken : refused),
            () => finish(refused),
          );
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const server: HomeServer = {
    origin: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    came: [],
    answer: null,
    stop: async () => {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
  return server;
}
