// Home's own questions to the embedded home: what it leaves at the edge at bedtime. Only who holds the receipt secret is
// answered, and the edge carries nothing to this prefix.

import { timingSafeEqual } from 'node:crypto';
import { inboxPaths, ownPaths, postPathOf } from './addresses.ts';
import type { Followers } from './followers.ts';
import type { Inbox } from './inbox.ts';
import type { Posts } from './posts.ts';
import { sitePages } from './site/pages.ts';

export const leavingsPath = '/.porchlight/leavings';

/** What adapters/embedded.ts reads; addresses it then asks for like any stranger. */
export interface EmbeddedLeavings {
  /** Of the documents. */
  readonly host: string;
  /** For WebFinger. */
  readonly resource: string;
  readonly inboxes: readonly string[];
  /** Paths of ActivityPub documents. */
  readonly documents: readonly string[];
  readonly knownActors: readonly string[];
  readonly pages: readonly string[];
}

export interface HomeApiParts {
  readonly origin: string;
  readonly handle: string;
  readonly handleHost: string;
  readonly siteFolder: string;
  readonly token: string;
  readonly followers: Followers;
  readonly inbox: Inbox;
  readonly posts: Posts;
}

/** Peers ask for what they were just told of; who scrolls further back can wait for the morning. */
const recentPosts = 50;

export function answerHome(authorization: string | undefined, parts: HomeApiParts): Response {
  if (!isHome(authorization, parts.token)) return new Response('This is for home itself.\n', { status: 401 });
  const { origin, handle, handleHost, siteFolder, followers, inbox, posts } = parts;
  const { actor, outbox, followers: followersPath, following } = ownPaths;
  const leavings: EmbeddedLeavings = {
    host: new URL(origin).host,
    resource: `acct:${handle}@${handleHost}`,
    inboxes: inboxPaths,
    documents: [actor, outbox, followersPath, following, ...posts.page(0, recentPosts).map(({ id }) => postPathOf(id))],
    knownActors: [...new Set([...followers.all().map((follower) => follower.actor), ...inbox.actors()])],
    pages: sitePages(siteFolder, origin),
  };
  return Response.json(leavings, { headers: { 'Cache-Control': 'no-store' } });
}

function isHome(authorization: string | undefined, token: string): boolean {
  const given = Buffer.from(authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
