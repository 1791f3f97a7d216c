// Answers who asks for an actor or an object with the document that home left, word for word. Actors are answered so
// whether home is awake or not: nothing is asked for more often. Everything else (an outbox, a post) is home's own to
// answer while it is awake, because it changes, and is answered from here while it is not. Only what home left as public
// is here. Who asks for a page gets none from this file.

import type { PublicDocument, Snapshot } from '../../shared/snapshot.ts';
import { urlOf } from '../http/url-of.ts';
import { isActivityType, prefersActivity } from './media-type.ts';

/** Others may hold it for so long; a change at home shows after it. */
const maxAgeSeconds = 180;

/**
 * As answerDocument, and only for the documents of accounts (RFC 7033: their links with rel `self`). Whom a service wants
 * to know before it answers is the service's to ask while it is awake.
 */
export function answerActor(request: Request, snapshot: Snapshot, now: number): Response | null {
  const left = leftIn(snapshot);
  const url = urlOf(request);
  const address = addressOf(url);
  if (!left.actors.has(address) || left.signedHosts.has(url.host)) return null;
  return answerWith(left.documents.get(address), request, snapshot, now);
}

/** null: not a question for a document that is here. `now` in ms since the epoch. */
export function answerDocument(request: Request, snapshot: Snapshot, now: number): Response | null {
  return answerWith(leftIn(snapshot).documents.get(addressOf(urlOf(request))), request, snapshot, now);
}

function answerWith(
  document: PublicDocument | undefined,
  request: Request,
  snapshot: Snapshot,
  now: number,
): Response | null {
  if (document === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return null;
  // ActivityPub section 3.2: the document for its own media types, whatever this server likes for others.
  if (isActivityType(document.contentType) && !prefersActivity(request.headers.get('Accept') ?? '')) return null;
  const headers = {
    'Content-Type': document.contentType,
    'Cache-Control': `public, max-age=${maxAgeSeconds}`,
    // RFC 9111 section 5.1: how long ago home said so.
    Age: String(Math.max(0, Math.floor((now - snapshot.madeAt) / 1000))),
    Vary: 'Accept',
    'Access-Control-Allow-Origin': '*',
    'X-Content-Type-Options': 'nosniff',
  };
  return new Response(request.method === 'HEAD' ? null : document.body, { headers });
}

/** What a snapshot holds, by address: every question comes by here, and a server may have hundreds of accounts. */
interface Left {
  readonly documents: ReadonlyMap<string, PublicDocument>;
  readonly actors: ReadonlySet<string>;
  /** Hosts whose services show nothing to who does not sign. */
  readonly signedHosts: ReadonlySet<string>;
}

/** Made once for each snapshot that an isolate holds. */
const made = new WeakMap<Snapshot, Left>();

function leftIn(snapshot: Snapshot): Left {
  const known = made.get(snapshot);
  if (known !== undefined) return known;
  const documents = new Map<string, PublicDocument>();
  for (const each of snapshot.documents) {
    const address = `${each.host}${each.path}`;
    // Of two at one address the first is the one.
    if (!documents.has(address)) documents.set(address, each);
  }
  const actors = new Set<string>();
  for (const { links } of snapshot.accounts) {
    for (const { rel, href } of links) {
      const url = rel === 'self' && href !== undefined ? URL.parse(href) : null;
      if (url !== null) actors.add(addressOf(url));
    }
  }
  const signing = snapshot.services.filter(({ authorizedFetch }) => authorizedFetch === true);
  const left = { documents, actors, signedHosts: new Set(signing.flatMap(({ hosts }) => hosts)) };
  made.set(snapshot, left);
  return left;
}

/** Host, path and query. */
function addressOf({ host, pathname, search }: URL): string {
  return `${host}${pathname}${search}`;
}
