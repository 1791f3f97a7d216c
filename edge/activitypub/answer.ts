// Answers who asks for an actor or an object with the document that home left, word for word. Actors are answered so
// whether home is awake or not: nothing is asked for more often. Everything else (an outbox, a post) is home's own to
// answer while it is awake, because it changes, and is answered from here while it is not. Only what home left as public
// is here. Who asks for a page gets none from this file.

import type { PublicDocument, Snapshot } from '../../shared/snapshot.ts';
import { isActivityType, prefersActivity } from './media-type.ts';

/** Others may hold it for so long; a change at home shows after it. */
const maxAgeSeconds = 180;

/**
 * As answerDocument, and only for the documents of accounts (RFC 7033: their links with rel `self`). Whom a service wants
 * to know before it answers is the service's to ask while it is awake.
 */
export function answerActor(request: Request, snapshot: Snapshot, now: number): Response | null {
  const { host, pathname, search } = new URL(request.url);
  if (snapshot.services.some((each) => each.authorizedFetch === true && each.hosts.includes(host))) return null;
  const isActor = snapshot.accounts.some(({ links }) =>
    links.some(({ rel, href }) => {
      const url = rel === 'self' && href !== undefined ? URL.parse(href) : null;
      return url !== null && url.host === host && url.pathname + url.search === pathname + search;
    }),
  );
  return isActor ? answerDocument(request, snapshot, now) : null;
}

/** null: not a question for a document that is here. `now` in ms since the epoch. */
export function answerDocument(request: Request, snapshot: Snapshot, now: number): Response | null {
  if (request.method !== 'GET' && request.method !== 'HEAD') return null;
  const document = documentAt(new URL(request.url), snapshot);
  if (document === null) return null;
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

function documentAt({ host, pathname, search }: URL, { documents }: Snapshot): PublicDocument | null {
  const path = pathname + search;
  return documents.find((each) => each.host === host && each.path === path) ?? null;
}
