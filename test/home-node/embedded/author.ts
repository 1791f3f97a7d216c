// Somebody on another server who proves what they write in the body itself, with the real library: by a Linked Data
// signature or an object integrity proof. Their server shows the actor, and each of their keys at an address of its own.

import { generateKeyPairSync, type KeyObject, type webcrypto } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { signJsonLd, signObject } from '@fedify/fedify';
import { Activity, Multikey } from '@fedify/vocab';
import { vi } from 'vitest';

export type Json = Readonly<Record<string, unknown>>;
export type ProofKind = 'a Linked Data signature' | 'an object integrity proof';
export const proofKinds: readonly ProofKind[] = ['a Linked Data signature', 'an object integrity proof'];

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
}

export interface Author {
  readonly origin: string;
  readonly actor: string;
  /** As in an HTTP signature: its RSA key at an address of its own, and how it is written for our forger. */
  readonly keyId: string;
  readonly keys: { readonly privateKey: string; readonly publicKey: string };
  /** The status of answers about keys and actor; 200 at first. */
  status: number;
  /** Of answers about the actor alone; null: as `status`. */
  actorStatus: number | null;
  /** What came to its inbox, as it came. */
  readonly received: readonly Received[];
  /** The activity as JSON, proven by this author's key. `madeAt`: ms since the epoch; now if left out. */
  prove(kind: ProofKind, activity: Json, madeAt?: number): Promise<Json>;
  stop(): void;
}

/** `owner`: what its keys say whose they are; its own actor if left out. */
export async function startAuthor(owner?: string): Promise<Author> {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ed25519 = generateKeyPairSync('ed25519');
  const publicKeyPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (request.method === 'POST') {
      void json(request).then((body) => {
        received.push({ headers: request.headers, body: body as Json });
        response.writeHead(202).end();
      });
      return;
    }
    const status = path === '/actor' ? (author.actorStatus ?? author.status) : author.status;
    void documentAt(path).then((document) => {
      response.statusCode = document === null ? 404 : status;
      if (response.statusCode !== 200) response.end();
      else response.setHeader('content-type', 'application/activity+json').end(JSON.stringify(document));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const actor = `${origin}/actor`;
  const [keyId, multikeyId] = [`${origin}/key`, `${origin}/multikey`];
  const key = { id: keyId, type: 'CryptographicKey', owner: owner ?? actor, publicKeyPem };
  const context = [
    'https://www.w3.org/ns/activitystreams',
    'https://w3id.org/security/v1',
    'https://w3id.org/security/multikey/v1',
  ];

  async function documentAt(path: string): Promise<unknown> {
    const publicKey = await imported(ed25519.publicKey, 'Ed25519', 'verify');
    const controller = new URL(owner ?? actor);
    const multikey = (await new Multikey({ id: new URL(multikeyId), controller, publicKey }).toJsonLd()) as Json;
    switch (path) {
      case '/key':
        return { '@context': context, ...key };
      case '/multikey':
        return multikey;
      case '/actor':
        return {
          '@context': context,
          id: actor,
          type: 'Person',
          inbox: `${origin}/inbox`,
          publicKey: key,
          assertionMethod: [multikey],
        };
      default:
        return null;
    }
  }

  const author: Author = {
    origin,
    actor,
    keyId,
    keys: {
      privateKey: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      publicKey: publicKeyPem,
    },
    status: 200,
    actorStatus: null,
    received,
    prove: async (kind, activity, madeAt = Date.now()) => {
      vi.useFakeTimers({ toFake: ['Date'], now: madeAt });
      try {
        if (kind === 'a Linked Data signature') {
          const privateKey = await imported(rsa.privateKey, 'RSASSA-PKCS1-v1_5', 'sign');
          return (await signJsonLd(activity, privateKey, new URL(keyId), {})) as Json;
        }
        const privateKey = await imported(ed25519.privateKey, 'Ed25519', 'sign');
        const signed = await signObject(await Activity.fromJsonLd(activity), privateKey, new URL(multikeyId));
        return (await signed.toJsonLd({ format: 'compact' })) as Json;
      } finally {
        vi.useRealTimers();
      }
    },
    stop: () => server.close(),
  };
  return author;
}

async function imported(key: KeyObject, name: string, use: 'sign' | 'verify'): Promise<webcrypto.CryptoKey> {
  const algorithm = name === 'Ed25519' ? { name } : { name, hash: 'SHA-256' };
  return await crypto.subtle.importKey('jwk', key.export({ format: 'jwk' }), algorithm, true, [use]);
}
