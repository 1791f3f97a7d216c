// Peers that show their actors only to who signs the question, each verifying with a library of its own: what they send
// while home sleeps is proven, because the edge asks them as its own actor, whose key they fetch from the edge. Plain HTTP
// on loopback: what is shown is who is answered, not TLS.

import type { webcrypto } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFederation, exportJwk, importJwk, MemoryKvStore, verifyRequest } from '@fedify/fedify';
import { Person } from '@fedify/vocab';
import { getRequestListener } from '@hono/node-server';
import httpSignature from '@peertube/http-signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { House } from '../../bench/activitypub/house.ts';
import { cavage, rsaSigner, type Signer } from '../shared/signature/signing.ts';

/** A peer with one actor, `/people/me`, behind `guard`. */
interface Peer {
  readonly origin: string;
  readonly signer: Signer;
  /** Status of each answer to a question for the actor. */
  readonly answered: number[];
  close(): Promise<void>;
}

type Guard = (request: Request, incoming: IncomingMessage, peer: string) => Promise<boolean>;

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

function closing(server: Server): () => Promise<void> {
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}

/** A plain document behind what decides by a signature library whether the question is proven. */
async function guarded(isProven: Guard): Promise<Peer> {
  const answered: number[] = [];
  const server = createServer();
  const origin = await listening(server);
  const id = `${origin}/people/me`;
  const signer = await rsaSigner(`${id}#main-key`);
  const publicKey = { id: signer.keyId, owner: id, publicKeyPem: signer.pem };
  const actor = JSON.stringify({ id, type: 'Person', preferredUsername: 'me', inbox: `${id}/inbox`, publicKey });
  server.on('request', (incoming, response) => {
    const headers = new Headers(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
    const request = new Request(`${origin}${incoming.url}`, { headers });
    void isProven(request, incoming, origin).then((proven) => {
      answered.push(proven ? 200 : 401);
      if (!proven) response.writeHead(401).end();
      else response.writeHead(200, { 'content-type': 'application/activity+json' }).end(actor);
    });
  });
  return { origin, signer, answered, close: closing(server) };
}

/** Fedify with its own authorized fetch. */
async function fedifyPeer(): Promise<Peer> {
  const answered: number[] = [];
  const server = createServer();
  const origin = await listening(server);
  const id = `${origin}/people/me`;
  const signer = await rsaSigner(`${id}#main-key`);
  const privateKey = await importJwk(await exportJwk(signer.privateKey as webcrypto.CryptoKey), 'private');
  const { kty, n, e, alg } = await exportJwk(privateKey);
  const publicKey = await importJwk(
    { kty, n, e, alg, ext: true, key_ops: ['verify'] } as webcrypto.JsonWebKey,
    'public',
  );
  const federation = createFederation<void>({ kv: new MemoryKvStore(), origin, allowPrivateAddress: true });
  federation
    .setActorDispatcher('/people/{identifier}', async (context, identifier) => {
      const [pair] = await context.getActorKeyPairs(identifier);
      return new Person({
        id: context.getActorUri(identifier),
        preferredUsername: identifier,
        inbox: new URL(`${id}/inbox`),
        publicKey: pair?.cryptographicKey ?? null,
      });
    })
    .setKeyPairsDispatcher(async () => await Promise.resolve([{ privateKey, publicKey }]))
    .authorize(async (context) => (await context.getSignedKeyOwner()) !== null);
  server.on(
    'request',
    getRequestListener(async (request) => {
      const response = await federation.fetch(request, { contextData: undefined });
      answered.push(response.status);
      return response;
    }),
  );
  return { origin, signer, answered, close: closing(server) };
}

/** Fedify's own verification, of RFC 9421 alone. */
async function rfc9421Peer(): Promise<Peer> {
  return await guarded(async (request, _, origin) => {
    if (!request.headers.has('signature-input')) return false;
    const federation = createFederation<void>({ kv: new MemoryKvStore(), origin, allowPrivateAddress: true });
    const { documentLoader, contextLoader } = federation.createContext(new URL(origin), undefined);
    return (await verifyRequest(request, { documentLoader, contextLoader })) !== null;
  });
}

/** The library of PeerTube and Misskey. */
async function httpSignaturePeer(): Promise<Peer> {
  return await guarded(async (request, incoming) => {
    if (!request.headers.has('signature')) return false;
    const parsed = httpSignature.parseRequest(incoming, {
      clockSkew: 300,
      headers: ['(request-target)', 'host', 'date'],
      authorizationHeaderName: 'signature',
    });
    const actor = (await (await fetch(parsed.keyId)).json()) as { publicKey: { publicKeyPem: string } };
    return httpSignature.verifySignature(parsed, actor.publicKey.publicKeyPem);
  });
}

const peers = new Map<string, Peer>();
let nobody: Peer;
let house: House;
beforeAll(async () => {
  peers.set('Fedify, authorized fetch', await fedifyPeer());
  peers.set('Fedify, RFC 9421 alone', await rfc9421Peer());
  peers.set('@peertube/http-signature', await httpSignaturePeer());
  nobody = await guarded(async () => await Promise.resolve(false));
  house = await House.open(
    [...peers.values(), nobody].map(({ origin }) => origin),
    '',
  );
  await house.startHome();
  await house.stopHome();
});
afterAll(async () => {
  await house?.close();
  for (const peer of [...peers.values(), nobody]) await peer?.close();
});

/** Delivers a note of the peer's actor; its status, and the sender under which the spool holds it. */
async function deliver({ signer, origin }: Peer, n: number): Promise<readonly [status: number, sender: unknown]> {
  const actor = `${origin}/people/me`;
  const note = { id: `${actor}/notes/${n}`, type: 'Like', actor, object: `http://${house.host}/users/owner` };
  const body = new TextEncoder().encode(JSON.stringify(note));
  const signed = await cavage(signer, { host: house.host, path: '/inbox', body, at: Date.now(), scheme: 'http' });
  const headers = Object.fromEntries(signed.headers.filter(([name]) => !['host', 'content-length'].includes(name)));
  const answer = await fetch(`${house.edge.origin}/inbox`, { method: 'POST', headers, body });
  const [home] = await house.edge.query<{ home_id: string }>('select home_id from homes');
  const last = 'select sender from delivery where place > 0 order by place desc limit 1';
  const [row] = await house.edge.queryObject<{ sender: string }>('SpoolObject', home?.home_id ?? '', last);
  return [answer.status, row?.sender];
}

describe('what is sent while home sleeps by a peer that answers only who signs', () => {
  test.each([
    ['Fedify, authorized fetch', [401, 200]],
    ['Fedify, RFC 9421 alone', [401, 401, 200]],
    ['@peertube/http-signature', [401, 200]],
  ])('is proven: %s', async (name, answers) => {
    const peer = peers.get(name);
    if (peer === undefined) throw new Error(`There is no peer ${name}.`);
    expect(await deliver(peer, 1)).toEqual([202, `${peer.origin}/people/me`]);
    expect(peer.answered).toEqual(answers);
    expect(await deliver(peer, 2)).toEqual([202, `${peer.origin}/people/me`]);
    expect(peer.answered).toEqual(answers);
  });

  test('is left to home when the peer answers nobody', async () => {
    expect(await deliver(nobody, 1)).toEqual([202, `unproven ${nobody.origin}/people/me`]);
    expect(nobody.answered).toEqual([401, 401, 401]);
  });
});
