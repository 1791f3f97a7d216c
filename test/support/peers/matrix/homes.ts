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

/** The status that the software answers. */
type Verify = (request: IncomingMessage, body: Buffer) => Promise<number>;

const keys = new Map<string, string>();

async function keyOf(keyId: string): Promise<string> {
  const known = keys.get(keyId);
  if (known !== undefined) return known;
  const answer = await fetch(keyId, { headers: { accept: 'application/activity+json' } });
  const { publicKey } = (await answer.json()) as { publicKey: { publicKeyPem: string } };
  keys.set(keyId, publicKey.publicKeyPem);
  return publicKey.publicKeyPem;
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
    const holds = digestHolds(request, body) && httpSignature.verifySignature(parsed, await keyOf(parsed.keyId));
    return holds ? 204 : refused;
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
  return (await verifyDraftSignature(value, await keyOf(value.keyId))) === true ? 202 : 401;
};

/** draft-cavage's own verification, whenever it was signed. */
const dateBlind = peertubeLibrary({ clockSkew: 10 * 365 * 24 * 3600, headers: ['(request-target)', 'host'] }, 401);

const verifiers: Readonly<Record<string, Verify>> = {
  peertube: peertubeLibrary({ clockSkew: 1800, headers: ['(request-target)', 'host', 'digest'] }, 403),
  misskey: peertubeLibrary({ headers: ['(request-target)', 'host', 'date'] }, 401),
  'misskey-dev': misskeyDevLibrary,
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

type Answer = (request: IncomingMessage) => Promise<number>;

function verifying(home: string, verify: Verify): Answer {
  return async (request) => {
    if (request.method !== 'POST') return 200;
    const body = await bodyOf(request);
    const status = await verify(request, body);
    if (status < 300) taken(home, (JSON.parse(body.toString('utf8')) as { id: string }).id);
    return status;
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
    return (await federation.fetch(asked, { contextData: undefined })).status;
  };
}

for (const home of served) {
  const verify = verifiers[home.software];
  const answer = verify === undefined ? fedify(home) : verifying(home.name, verify);
  const server = createServer((request, response) => {
    answer(request)
      .then((status) => response.writeHead(status).end())
      .catch((thrown: unknown) => {
        console.error(thrown);
        response.writeHead(500).end();
      });
  });
  await new Promise<void>((resolve) => server.listen(home.port, '127.0.0.1', resolve));
}
console.log(JSON.stringify({ ready: true }));
process.stdin.resume().on('close', () => process.exit(0));
