// Hands requests for the actor to Fedify, as their senders sent them: at the public origin, whatever loopback address
// they reached. Deliveries go through what we require first, and by their receipt to the federation that may judge them.

import type { IncomingMessage } from 'node:http';
import type { Federation } from '@fedify/fedify';
import type { Clock } from '../../shared/clock.ts';
import type { HeaderList } from '../../shared/delivery.ts';
import { causeOf } from '../../shared/errors.ts';
import type { Log } from '../log.ts';
import { bodyDigest, type ReceiptSubject, receiptHeader } from '../receipts/receipt.ts';
import type { Receipts } from '../receipts/receipts.ts';
import { homesOwn, type Provenance } from './activity.ts';
import { inboxPaths, ownPaths, postIdOf } from './addresses.ts';
import type { Federations } from './federation.ts';
import { tombstoneJson } from './post-objects.ts';
import type { Posts } from './posts.ts';
import { requirementsOf } from './requirements.ts';

export interface InboundParts {
  readonly origin: string;
  readonly federations: Federations;
  readonly posts: Posts;
  readonly receipts: Receipts;
  readonly clock: Clock;
  readonly log: Log;
}

export type InboundHandler = (incoming: IncomingMessage, body: Uint8Array<ArrayBuffer>) => Promise<Response>;

/** Peers and the edge may keep what the actor says of itself for this long. */
const cacheControl = 'public, max-age=180';

export function handleFederation(parts: InboundParts): InboundHandler {
  const { strict } = parts.federations;
  return async (incoming, body) => {
    const target = incoming.url ?? '/';
    const path = target.replace(/\?.*$/s, '');
    const request = requestOf(incoming, target, body, parts.origin);
    if (request === null) return text(400, 'The request cannot be understood.');
    if (request.method === 'POST' && inboxPaths.includes(path))
      return await takeDelivery(request, target, incoming, body, parts);
    const deleted = deletedAt(request, path, parts);
    if (deleted !== null) return deleted;
    const response = await ask(strict, request, homesOwn, path, parts);
    if (response.status === 200) response.headers.set('Cache-Control', cacheControl);
    return response;
  };
}

/** 410 for a post that was there, and for the activity that told of it; null for anything else. */
function deletedAt(request: Request, path: string, { origin, posts }: InboundParts): Response | null {
  const id = postIdOf(path.replace(/\/creation$/, ''));
  if (id === null || !posts.isDeleted(id)) return null;
  const asksForDocument = /application\/(activity|ld)\+json/.test(request.headers.get('Accept') ?? '');
  if (!asksForDocument) return text(410, 'This was deleted by whoever wrote it.');
  const headers = { 'Content-Type': 'application/activity+json', 'Cache-Control': cacheControl, Vary: 'Accept' };
  return new Response(JSON.stringify(tombstoneJson(`${origin}${path}`)), { status: 410, headers });
}

async function takeDelivery(
  request: Request,
  target: string,
  incoming: IncomingMessage,
  body: Uint8Array<ArrayBuffer>,
  parts: InboundParts,
): Promise<Response> {
  const { origin, federations, receipts, clock, log } = parts;
  const { protocol, host } = new URL(origin);
  const subject: ReceiptSubject = {
    method: request.method,
    scheme: protocol === 'http:' ? 'http' : 'https',
    host: incoming.headers.host ?? '',
    path: target,
    headers: headerList(incoming),
    bodySha256: bodyDigest(body),
  };
  // A signature over another host's name is good there, not here.
  if (subject.host.toLowerCase() !== host) return text(401, `This is not ${subject.host}.`);
  const [receipt, ...more] = subject.headers.filter(([name]) => name.toLowerCase() === receiptHeader.toLowerCase());
  const checked = receipt === undefined || more.length > 0 ? null : receipts.check(subject, receipt[1]);
  if (checked !== null && checked.receipt !== 'good') {
    log.warn(`Cannot use the receipt of a delivery: ${checked.reason}.`);
    // Home made it, so home comes again, with one that is of use.
    if (checked.receipt === 'untimely') return text(503, 'The clock of this home was set just now.');
  }
  const vouchedFor = checked?.receipt === 'good' ? checked.receivedAt : null;
  const requirements = await requirementsOf(subject, body, vouchedFor ?? clock.now());
  if (!requirements.met) return text(requirements.status, requirements.reason);
  const { provenance } = requirements;
  // Who brings what is another's has no say in whose it is: Fedify is left the proofs in the body.
  if (provenance.handedOnBy !== null) for (const name of ['signature', 'signature-input']) request.headers.delete(name);
  const federation = vouchedFor === null ? federations.strict : federations.vouched;
  return await ask(federation, request, provenance, target, parts);
}

async function ask(
  federation: Federation<Provenance>,
  request: Request,
  contextData: Provenance,
  path: string,
  { origin, posts, log }: InboundParts,
): Promise<Response> {
  try {
    return await federation.fetch(request, {
      contextData,
      onNotFound: () => text(404, 'There is nothing here.'),
      // A person followed the address of the actor or of a post: the site is where they can read.
      onNotAcceptable: () => {
        const id = postIdOf(path);
        const post = id === null ? null : posts.byId(id);
        if (path !== ownPaths.actor && post === null) return text(406, 'This is for ActivityPub servers.');
        return new Response(null, { status: 303, headers: { Location: post?.link ?? `${origin}/`, Vary: 'Accept' } });
      },
    });
  } catch (thrown) {
    // The sender, or home, tries again.
    log.error(`Cannot answer ${request.method} ${path}: ${causeOf(thrown)}`);
    return text(500, 'This cannot be answered now.');
  }
}

/** null when the target is no path, or a header no header. */
function requestOf(
  incoming: IncomingMessage,
  target: string,
  body: Uint8Array<ArrayBuffer>,
  origin: string,
): Request | null {
  if (!target.startsWith('/')) return null;
  const method = incoming.method ?? 'GET';
  try {
    const headers = new Headers();
    for (const [name, value] of headerList(incoming)) headers.append(name, value);
    // A string, because `new URL('//host', origin)` would be at that host.
    return new Request(`${origin}${target}`, { method, headers, ...(method === 'POST' ? { body } : {}) });
  } catch (thrown) {
    if (thrown instanceof TypeError) return null;
    throw thrown;
  }
}

function headerList(incoming: IncomingMessage): HeaderList {
  const { rawHeaders } = incoming;
  return Array.from({ length: rawHeaders.length / 2 }, (_, i) => [
    rawHeaders[2 * i] ?? '',
    rawHeaders[2 * i + 1] ?? '',
  ]);
}

function text(status: number, body: string): Response {
  return new Response(`${body}\n`, { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
}
