// Homes of the matrix, each verifying with the library of its own software and by that software's own window and rules, an
// origin on loopback for each. Whatever is taken is written down: {"home", "id"}, in its order.
//
//   node homes.ts --homes '[{"name": "peertube", "software": "peertube", "port": 1234, "origin": "https://…"}, …]'
//                 --record FILE

import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { parseArgs } from 'node:util';
import { createFederation, MemoryKvStore } from '@fedify/fedify';
import { Activity, Person } from '@fedify/vocab';
import { parseRequestSignature, verifyDraftSignature } from '@misskey-dev/node-http-message-signatures';
import httpSignature from '@peertube/http-signature';
import { cavage, createVerifier, httpbis } from 'http-message-signatures';
import { judgedHeader, judgedValue } from '../../../../home-node/receipts/receipt.ts';
import { isProven, type PublicKey } from './linked-data.ts';

const { values } = parseArgs({
  options: { homes: { type: 'string' }, record: { type: 'string' } },
});

interface Served {
  readonly name: string;
  readonly software: string;
  readonly port: number;
  /** As the world knows it. */
  readonly origin: string;
}

const served = JSON.parse(values.homes ?? '[]') as readonly Served[];

/** The key that the request was signed with, or the status that the software answers when it will not have it. */
type Verify = (request: IncomingMessage, body: Buffer) => Promise<PublicKey | number>;

const keys = new Map<string, PublicKey>();

async function keyOf(keyId: string): Promise<PublicKey> {
  const known = keys.get(keyId);
  if (known !== undefined) return known;
  const answer = await fetch(keyId, { headers: { accept: 'application/activity+json' } });
  const { publicKey } = (await answer.json()) as { publicKey: { owner: string; publicKeyPem: string } };
  const key = { owner: publicKey.owner, pem: publicKey.publicKeyPem };
  keys.set(keyId, key);
  return key;
}

function digestHolds(request: IncomingMessage, body: Buffer): boolean {
  return request.headers.digest === `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
}

/** `refused`: what the software answers to a signature that it will not have. */
function peertubeLibrary(
  options: { readonly clockSkew?: number; readonly headers: readonly string[] },
  refused: number,
): Verify {
  return async (request, body) => {
    const given = { ...options, headers: [...options.headers], authorizationHeaderName: 'signature' };
    let parsed: ReturnType<typeof httpSignature.parseRequest>;
    try {
      parsed = httpSignature.parseRequest(request, given);
    } catch (thrown) {
      console.error(String(thrown));
      return refused;
    }
    const { headers } = parsed.params;
    if (!headers.includes('date') && !headers.includes('(created)')) return refused;
    const key = await keyOf(parsed.keyId);
    return digestHolds(request, body) && httpSignature.verifySignature(parsed, key.pem) ? key : refused;
  };
}

const misskeyDevLibrary: Verify = async (request, body) => {
  const draft = ['(request-target)', 'host', 'date', 'digest'];
  const clockSkew = { forward: 300_000, delay: 300_000 };
  let parsed: ReturnType<typeof parseRequestSignature>;
  try {
    parsed = parseRequestSignature(request, { requiredComponents: { draft }, clockSkew });
  } catch (thrown) {
    console.error(String(thrown));
    return 401;
  }
  if (parsed.version !== 'draft' || !digestHolds(request, body)) return 401;
  const { value } = parsed;
  const key = await keyOf(value.keyId);
  return (await verifyDraftSignature(value, key.pem)) === true ? key : 401;
};

/** Both kinds, whenever it was signed: what Mastodon looks at with its own hook, but for its rule of time. */
const bothKinds: Verify = async (request, body) => {
  let signer: PublicKey | null = null;
  const keyLookup = async ({ keyid = '' }: { readonly keyid?: string }) => {
    const key = await keyOf(keyid);
    signer = key;
    return { id: keyid, verify: createVerifier(key.pem, 'rsa-v1_5-sha256') };
  };
  const { 'signature-input': input, 'content-digest': contentDigest } = request.headers;
  const isCavage = input === undefined;
  const message = {
    method: request.method ?? '',
    url: `https://${request.headers.host}${request.url}`,
    headers: request.headers as Record<string, string>,
  };
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  if (isCavage ? !digestHolds(request, body) : contentDigest !== digest) return 401;
  const holds = await (isCavage ? cavage : httpbis).verifyMessage({ keyLookup }, message);
  return holds === true && signer !== null ? signer : 401;
};

/** draft-cavage's own verification, whenever it was signed. */
const dateBlind = peertubeLibrary({ clockSkew: 10 * 365 * 24 * 3600, headers: ['(request-target)', 'host'] }, 401);

const verifiers: Readonly<Record<string, Verify>> = {
  peertube: peertubeLibrary({ clockSkew: 1800, headers: ['(request-target)', 'host', 'digest'] }, 403),
  misskey: peertubeLibrary({ headers: ['(request-target)', 'host', 'date'] }, 401),
  'misskey-dev': misskeyDevLibrary,
  mastodon: bothKinds,
  gotosocial: dateBlind,
};

function taken(home: string, id: string): void {
  appendFileSync(values.record ?? '', `${JSON.stringify({ home, id })}\n`);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

type Answer = (request: IncomingMessage) => Promise<number | Response>;

/** Who signed must be the actor; else the activity itself must be proven, where the software asks for that. */
function verifying({ name, software }: Served, verify: Verify): Answer {
  return async (request) => {
    if (request.method !== 'POST') return 200;
    const body = await bodyOf(request);
    const signer = await verify(request, body);
    if (typeof signer === 'number') return signer;
    const activity = JSON.parse(body.toString('utf8')) as Readonly<Record<string, unknown>>;
    const isItsActors =
      activity.actor === signer.owner || (software !== 'gotosocial' && (await isProven(activity, keyOf)));
    if (!isItsActors) return software === 'peertube' ? 403 : 401;
    taken(name, String(activity.id));
    return 202;
  };
}

/** A Fedify application as its authors make it, behind a proxy that ends TLS: the default window of an hour. */
function fedify({ name, origin }: Served): Answer {
  const federation = createFederation<void>({ kv: new MemoryKvStore(), origin, allowPrivateAddress: true });
  federation.setActorDispatcher('/users/{identifier}', (context, identifier) => {
    return new Person({ id: context.getActorUri(identifier), inbox: context.getInboxUri(identifier) });
  });
  federation
    .setInboxListeners('/users/{identifier}/inbox', '/inbox')
    .on(Activity, (_context, activity) => taken(name, activity.id?.href ?? ''));
  return async (request) => {
    const body = await bodyOf(request);
    const headers = new Headers(request.headers as Record<string, string>);
    const init = { method: request.method ?? 'GET', headers, ...(request.method === 'POST' ? { body } : {}) };
    const asked = new Request(`${origin}${request.url}`, init as RequestInit);
    return await federation.fetch(asked, { contextData: undefined });
  };
}

/** Mastodon's hook is Ruby's and has no place here: time is not looked at, and home is told so as the hook would. */
function saysOf({ software }: Served): Readonly<Record<string, string>> {
  return software === 'mastodon' ? { [judgedHeader]: judgedValue } : {};
}

for (const home of served) {
  const verify = verifiers[home.software];
  const answer = verify === undefined ? fedify(home) : verifying(home, verify);
  const server = createServer((request, response) => {
    answer(request)
      .then((said) => {
        if (typeof said === 'number') response.writeHead(said, saysOf(home)).end();
        else response.writeHead(said.status, Object.fromEntries(said.headers)).end();
      })
      .catch((thrown: unknown) => {
        console.error(thrown);
        response.writeHead(500).end();
      });
  });
  await new Promise<void>((resolve) => server.listen(home.port, '127.0.0.1', resolve));
}
console.log(JSON.stringify({ ready: true }));
process.stdin.resume().on('close', () => process.exit(0));
