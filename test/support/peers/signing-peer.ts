// A peer that is not ours in what matters: it signs and verifies with @peertube/http-signature, as PeerTube and
// Misskey do. A process with an origin of its own (HTTPS) and as many actors as are asked for, each with a key pair.
// It behaves as honest senders do: one delivery of an actor at a time, tried again with a new signature while the
// other side gives no answer or a temporary error. Spoken to in JSON lines: {"id", "op", ...} → {"id", "result"}.

import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import httpSignature from '@peertube/http-signature';
import type { Span } from '../in-flight.ts';
import { machineMs } from '../machine-clock.ts';

const activityJson = 'application/activity+json';
const { values } = parseArgs({
  options: { port: { type: 'string' }, actors: { type: 'string' }, key: { type: 'string' }, cert: { type: 'string' } },
});
const origin = `https://localhost:${values.port}`;

interface Actor {
  readonly uri: string;
  readonly keyId: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

const actors = new Map<string, Actor>();
for (const name of (values.actors ?? 'alice').split(',')) {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const uri = `${origin}/accounts/${name}`;
  actors.set(name, {
    uri,
    keyId: `${uri}#main-key`,
    privateKey: pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  });
}

function actorNamed(name: unknown): Actor {
  const actor = actors.get(String(name));
  if (actor === undefined) throw new Error(`no actor ${String(name)}`);
  return actor;
}

function document(name: string, actor: Actor): unknown {
  return {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    type: 'Person',
    id: actor.uri,
    preferredUsername: name,
    inbox: `${actor.uri}/inbox`,
    outbox: `${actor.uri}/outbox`,
    endpoints: { sharedInbox: `${origin}/inbox` },
    publicKey: { id: actor.keyId, owner: actor.uri, publicKeyPem: actor.publicKey },
  };
}

interface Received {
  readonly path: string;
  readonly activity: Readonly<Record<string, unknown>>;
  readonly verified: boolean;
  readonly keyId: string;
}

const received: Received[] = [];
let keyFetches = 0;

async function wholeBody(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', origin);
  if (request.method === 'POST') {
    const body = await wholeBody(request);
    const found = await verify(request, body);
    received.push({ path: url.pathname, activity: JSON.parse(body.toString('utf8')), ...found });
    response.writeHead(found.verified ? 204 : 403).end();
    return;
  }
  const name = /^\/accounts\/([\w-]+)$/.exec(url.pathname)?.[1];
  const actor = name === undefined ? undefined : actors.get(name);
  if (name !== undefined && actor !== undefined) {
    keyFetches += 1;
    response.writeHead(200, { 'content-type': activityJson }).end(JSON.stringify(document(name, actor)));
    return;
  }
  response.writeHead(404).end();
}

async function verify(request: IncomingMessage, body: Buffer): Promise<{ verified: boolean; keyId: string }> {
  try {
    const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
    if (request.headers.digest !== digest) return { verified: false, keyId: 'digest does not match' };
    const parsed = httpSignature.parseRequest(request, {
      clockSkew: 1800,
      headers: ['(request-target)', 'host', 'digest'],
      authorizationHeaderName: 'signature',
    });
    const { publicKey } = (await getJson(parsed.keyId)) as { publicKey: { publicKeyPem: string } };
    return { verified: httpSignature.verifySignature(parsed, publicKey.publicKeyPem), keyId: parsed.keyId };
  } catch (thrown) {
    return { verified: false, keyId: String(thrown) };
  }
}

async function getJson(address: string): Promise<unknown> {
  const answer = await fetch(address, { headers: { accept: activityJson } });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return await answer.json();
}

interface Sending {
  readonly from: string;
  readonly inbox: string;
  readonly body: string;
}

/** One attempt; null when no answer came. */
async function post(sending: Sending): Promise<number | null> {
  const actor = actorNamed(sending.from);
  const url = new URL(sending.inbox);
  const bytes = Buffer.from(sending.body);
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method: 'POST',
    headers: {
      'content-type': activityJson,
      'content-length': bytes.length,
      'user-agent': 'signing-peer/1.0',
      date: new Date().toUTCString(),
      host: url.host,
      digest: `SHA-256=${createHash('sha256').update(bytes).digest('base64')}`,
    },
    timeout: 20_000,
  });
  httpSignature.signRequest(request, {
    key: actor.privateKey,
    keyId: actor.keyId,
    algorithm: 'rsa-sha256',
    authorizationHeaderName: 'signature',
    headers: ['(request-target)', 'host', 'date', 'digest'],
  });
  return await new Promise((resolve) => {
    request.on('response', (response) => {
      response.resume();
      response.on('close', () => resolve(response.statusCode ?? null));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(null));
    request.end(bytes);
  });
}

const turns = new Map<string, Promise<unknown>>();

interface Delivered {
  readonly status: number;
  readonly attempts: number;
  /** When the attempts were under way that ended without an answer: whether they were taken is not known. */
  readonly unanswered: readonly Span[];
}

/** In turn per actor, again until it is taken or refused for good. */
async function deliver(sending: Sending): Promise<Delivered> {
  const before = turns.get(sending.from) ?? Promise.resolve();
  const mine = before.then(async () => {
    const unanswered: Span[] = [];
    for (let attempts = 1; ; attempts += 1) {
      const from = machineMs();
      const status = await post(sending);
      if (status === null) unanswered.push({ from, until: machineMs() });
      if (status !== null && status < 500 && status !== 429) return { status, attempts, unanswered };
      if (attempts >= 2_000) throw new Error(`still ${String(status)} after ${attempts} attempts`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  turns.set(
    sending.from,
    mine.catch(() => undefined),
  );
  return await mine;
}

async function answer(op: string, line: Readonly<Record<string, unknown>>): Promise<unknown> {
  switch (op) {
    case 'resolve': {
      const resource = encodeURIComponent(`acct:${String(line.acct)}`);
      const jrd = (await getJson(`https://${String(line.host)}/.well-known/webfinger?resource=${resource}`)) as {
        links: { rel: string; type?: string; href: string }[];
      };
      const self = jrd.links.find((link) => link.rel === 'self' && link.type === activityJson);
      if (self === undefined) throw new Error('no self link');
      return await getJson(self.href);
    }
    case 'deliver':
      return await deliver(line as unknown as Sending);
    case 'attempt':
      return await post(line as unknown as Sending);
    case 'received':
      return received;
    case 'key-fetches':
      return keyFetches;
    default:
      throw new Error(`no operation ${op}`);
  }
}

const server = createServer(
  { key: readFileSync(values.key ?? ''), cert: readFileSync(values.cert ?? '') },
  (request, response) => {
    serve(request, response).catch((thrown: unknown) => {
      console.error(thrown);
      response.destroy();
    });
  },
);
server.listen(Number(values.port), '127.0.0.1', () => {
  console.log(JSON.stringify({ ready: true, origin, actors: [...actors.values()].map((actor) => actor.uri) }));
});

createInterface({ input: process.stdin })
  .on('line', (text) => {
    const line = JSON.parse(text) as Readonly<Record<string, unknown>>;
    answer(String(line.op), line)
      .then((result) => console.log(JSON.stringify({ id: line.id, result: result ?? null })))
      .catch((thrown: unknown) => console.log(JSON.stringify({ id: line.id, error: String(thrown) })));
  })
  .on('close', () => process.exit(0));
