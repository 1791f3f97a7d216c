// All senders of the matrix in one process, with the actors' documents at one origin, and those of the authors whose
// activities they hand on at another. Its clock can be off: what was sent in the evening was signed in the evening. Spoken to in JSON lines: {"id", "op", ...} → {"id", "result"}.
//
//   night   a whole night of one sender to one home, one delivery after another; the statuses in their order
//   fresh   one more follow
//   forged  a follow whose body is not the one that was signed, at the door of the edge
//   send    one activity of one actor
//   show    a document, or null, at one address of its own, until it is shown another
//   mute    from now on whoever asks for a document is told to come again
//   off     sets the clock, ms from the machine's

import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { createServer, request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { signJsonLd } from '@fedify/fedify';
import { type Activity, activityOf, type Kind, nightOf } from './activities.ts';
import { setOff } from './evening-clock.ts';
import { signersWith } from './signers.ts';

interface Order {
  readonly sender: string;
  /** Name of the actor; each home has one of its own. */
  readonly name: string;
  readonly inbox: string;
  readonly owner: string;
  readonly post: string;
  readonly activity: Activity;
  readonly offMs: number;
  readonly address: string;
  readonly document: object | null;
}

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    'authors-port': { type: 'string' },
    key: { type: 'string' },
    cert: { type: 'string' },
  },
});
const origin = `https://localhost:${values.port}`;
/** null: nothing is handed on. */
const authorsOrigin = values['authors-port'] === undefined ? null : `https://localhost:${values['authors-port']}`;
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
let isMute = false;
/** By address: what is shown there besides actors; null: nothing, as after a deletion. */
const shown = new Map<string, object | null>();
/** Actors by name, for WebFinger: names that several senders have are the last one's. */
const met = new Map<string, string>();
const signers = await signersWith({ privateKey: pair.privateKey });
const authors = generateKeyPairSync('rsa', { modulusLength: 2048 });

// Homes are names below localhost; whether a machine's resolver knows those differs.
const lookup = dns.lookup as (name: string, ...rest: unknown[]) => void;
dns.lookup = ((name: string, ...rest: unknown[]) =>
  lookup(name.endsWith('.localhost') ? 'localhost' : name, ...rest)) as typeof dns.lookup;

function actorOf({ sender, name }: Order, role = 'users', at = origin): string {
  const folder = Object.keys(signers).indexOf(sender);
  if (folder < 0) throw new Error(`no sender ${sender}`);
  const actor = `${at}/${folder}/${role}/${name}`;
  if (role === 'users' && at === origin) met.set(name, actor);
  return actor;
}

async function send(order: Order, actor: string, activity: Activity, isHandedOn = false): Promise<number> {
  const signer = signers[order.sender];
  if (signer === undefined) throw new Error(`no sender ${order.sender}`);
  return await signer({ actor, inbox: new URL(order.inbox), activity, isHandedOn });
}

/** As its author's server sent it to who hands it on. */
async function proven(activity: Activity, kind: Kind): Promise<Activity> {
  const der = authors.privateKey.export({ type: 'pkcs8', format: 'der' });
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, true, ['sign']);
  const signed: Activity = {
    ...activity,
    ...(await signJsonLd(activity, key, new URL(`${String(activity.actor)}#main-key`), {})),
  };
  return kind === 'altered' ? { ...signed, object: { ...(signed.object as object), content: 'Anything' } } : signed;
}

async function night(order: Order): Promise<readonly unknown[]> {
  const [actor, relay, author] = [
    actorOf(order),
    actorOf(order, 'relays'),
    actorOf(order, 'users', authorsOrigin ?? origin),
  ];
  const sent: unknown[] = [];
  for (const { kind, by, isHandedOn, activity } of nightOf({ ...order, actor, relay, author })) {
    const signer = by === 'relay' ? relay : actor;
    const brought = isHandedOn ? await proven(activity, kind) : activity;
    sent.push({ kind, status: await send(order, signer, brought, isHandedOn), id: activity.id, actor: signer });
  }
  return sent;
}

async function fresh(order: Order): Promise<unknown> {
  const actor = actorOf(order);
  const activity = activityOf({ id: `${actor}/follow/2`, type: 'Follow', actor, object: order.owner });
  return { status: await send(order, actor, activity), id: activity.id, actor };
}

/** Signed by the sender for another server, whose name is this one; then the body is changed on its way. */
async function forged(order: Order): Promise<number> {
  const seen = await new Promise<{ headers: Record<string, string>; path: string; body: string }>((resolve, reject) => {
    const ear = createServer({ key, cert }, (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        response.writeHead(202).end();
        ear.close();
        const headers = request.headers as Record<string, string>;
        resolve({ headers, path: request.url ?? '', body: Buffer.concat(parts).toString('utf8') });
      });
    });
    ear.listen(0, '127.0.0.1', () => {
      const { port } = ear.address() as { port: number };
      const actor = actorOf(order);
      const activity = activityOf({ id: `${actor}/follow/3`, type: 'Follow', actor, object: order.owner });
      const inbox = new URL(order.inbox);
      inbox.port = String(port);
      send({ ...order, inbox: inbox.href }, actor, activity).catch(reject);
    });
  });
  const inbox = new URL(order.inbox);
  const body = seen.body.replace('Follow', 'Unfollow');
  const sha256 = createHash('sha256').update(body).digest('base64');
  const { 'transfer-encoding': _, ...kept } = seen.headers;
  const headers = {
    ...kept,
    host: inbox.host,
    'content-length': String(Buffer.byteLength(body)),
    ...(kept.digest === undefined ? {} : { digest: `SHA-256=${sha256}` }),
    ...(kept['content-digest'] === undefined ? {} : { 'content-digest': `sha-256=:${sha256}:` }),
  };
  return await new Promise((resolve, reject) => {
    const request = httpsRequest(inbox, { method: 'POST', path: seen.path, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function answer(op: string, order: Order): Promise<unknown> {
  switch (op) {
    case 'names':
      return Object.keys(signers);
    case 'night':
      return await night(order);
    case 'fresh':
      return await fresh(order);
    case 'send':
      return await send(order, actorOf(order), order.activity);
    case 'forged':
      return await forged(order);
    case 'show':
      shown.set(order.address, order.document);
      return null;
    case 'mute':
      isMute = true;
      return null;
    case 'off':
      return setOff(order.offMs);
    default:
      throw new Error(`no operation ${op}`);
  }
}

const [key, cert] = [readFileSync(values.key ?? ''), readFileSync(values.cert ?? '')];

/** Documents of all actors at this origin. */
async function serve(at: string, publicKeyPem: string): Promise<void> {
  const server = createServer({ key, cert }, (request, response) => {
    if (isMute) {
      response.writeHead(503).end();
      return;
    }
    const id = `${at}${request.url}`;
    const account = /^acct:([^@]+)@/.exec(new URL(id).searchParams.get('resource') ?? '')?.[1];
    const found = account === undefined ? undefined : met.get(account);
    if (request.url?.startsWith('/.well-known/webfinger') && found !== undefined) {
      const links = [{ rel: 'self', type: 'application/activity+json', href: found }];
      const jrd = { subject: `acct:${account}@${new URL(at).host}`, links };
      response.writeHead(200, { 'content-type': 'application/jrd+json' }).end(JSON.stringify(jrd));
      return;
    }
    const document = shown.get(id);
    if (document !== undefined && document !== null) {
      response.writeHead(200, { 'content-type': 'application/activity+json' }).end(JSON.stringify(document));
      return;
    }
    const isRelay = id.includes('/relays/');
    if (document === null || (!isRelay && !id.includes('/users/'))) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/activity+json' }).end(
      JSON.stringify({
        '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
        type: isRelay ? 'Application' : 'Person',
        id,
        preferredUsername: id.split('/').at(-1),
        inbox: `${id}/inbox`,
        outbox: `${id}/outbox`,
        publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem },
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(Number(new URL(at).port), '127.0.0.1', resolve));
}

await serve(origin, pemOf(pair.publicKey));
if (authorsOrigin !== null) await serve(authorsOrigin, pemOf(authors.publicKey));
console.log(JSON.stringify({ ready: true, origin }));

function pemOf(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

createInterface({ input: process.stdin })
  .on('line', (text) => {
    const line = JSON.parse(text) as Order & { readonly id: unknown; readonly op: string };
    answer(line.op, line)
      .then((result) => console.log(JSON.stringify({ id: line.id, result: result ?? null })))
      .catch((thrown: unknown) => console.log(JSON.stringify({ id: line.id, error: String(thrown) })));
  })
  .on('close', () => process.exit(0));
