// The edge's own actor at each host of a home: as it the edge asks for keys where it must say who asks (signed-get.ts),
// and here peers read with which key it signs. It has nothing else of an actor: it speaks for nobody, follows nobody,
// and forgets what is sent to it. It answers whether home is awake or not.

import type { WebFingerAccount } from '../../shared/snapshot.ts';
import { problem } from '../http/problem.ts';

const edgeActorPath = '/.porchlight/actor';
const edgeActorInboxPath = `${edgeActorPath}/inbox`;
const edgeActorOutboxPath = `${edgeActorPath}/outbox`;

export const edgeActorPaths = [edgeActorPath, edgeActorInboxPath, edgeActorOutboxPath];

/** A name that nobody at home has; if somebody does, WebFinger is theirs. */
const username = 'porchlight.edge';

/** Others may hold it for so long. */
const maxAgeSeconds = 3600;

export function edgeActorKeyId(origin: string): string {
  return `${origin}${edgeActorPath}#main-key`;
}

/** RFC 7033: Mastodon takes no actor whose name does not lead back to it. */
export function edgeActorAccount(origin: string): WebFingerAccount {
  const href = `${origin}${edgeActorPath}`;
  return {
    subject: `acct:${username}@${new URL(origin).host}`,
    aliases: [href],
    links: [{ rel: 'self', type: 'application/activity+json', href }],
  };
}

/** ActivityPub section 4.1; `publicKey` of the security vocabulary. */
function edgeActor(origin: string, publicKeyPem: string): Readonly<Record<string, unknown>> {
  const id = `${origin}${edgeActorPath}`;
  const { host } = new URL(origin);
  return {
    '@context': [
      'https://www.w3.org/ns/activitystreams',
      'https://w3id.org/security/v1',
      {
        toot: 'http://joinmastodon.org/ns#',
        manuallyApprovesFollowers: 'as:manuallyApprovesFollowers',
        discoverable: 'toot:discoverable',
        indexable: 'toot:indexable',
      },
    ],
    id,
    type: 'Application',
    preferredUsername: username,
    name: `The edge of ${host}`,
    summary: `It keeps ${host} answering while the server behind it sleeps, and asks for public keys so that what is sent there can be checked. It follows nobody, and nobody reads what is sent to it.`,
    inbox: `${origin}${edgeActorInboxPath}`,
    outbox: `${origin}${edgeActorOutboxPath}`,
    manuallyApprovesFollowers: true,
    discoverable: false,
    indexable: false,
    publicKey: { id: edgeActorKeyId(origin), owner: id, publicKeyPem },
  };
}

/** `publicKeyPem`: of this home's edge actor; asked for only when it is told. */
export async function answerEdgeActor(request: Request, publicKeyPem: () => Promise<string>): Promise<Response> {
  const { pathname, origin } = new URL(request.url);
  if (pathname === edgeActorInboxPath) {
    // Whoever delivers here anyway is done, and never comes again for it.
    return request.method === 'POST' ? new Response(null, { status: 202 }) : notAllowed('POST');
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return notAllowed('GET', 'HEAD');
  const document = pathname === edgeActorOutboxPath ? emptyOutbox(origin) : edgeActor(origin, await publicKeyPem());
  const headers = {
    'Content-Type': 'application/activity+json',
    'Cache-Control': `public, max-age=${maxAgeSeconds}`,
    'Access-Control-Allow-Origin': '*',
    'X-Content-Type-Options': 'nosniff',
  };
  return new Response(request.method === 'HEAD' ? null : JSON.stringify(document), { headers });
}

function emptyOutbox(origin: string): Readonly<Record<string, unknown>> {
  return {
    '@context': 'https://www.w3.org/ns/activitystreams',
    id: `${origin}${edgeActorOutboxPath}`,
    type: 'OrderedCollection',
    totalItems: 0,
    orderedItems: [],
  };
}

function notAllowed(...allow: readonly string[]): Response {
  return problem(405, 'method', { allow });
}
