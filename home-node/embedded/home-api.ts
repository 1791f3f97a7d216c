// Home's own questions to the embedded home: what it leaves at the edge at bedtime, and whom it should greet after waking.
// Only who holds the receipt secret is answered, and the edge carries nothing to this prefix.

import { timingSafeEqual } from 'node:crypto';
import { readJsonObject } from '../../shared/json-object.ts';
import { limits } from '../../shared/limits.ts';
import type { ActorKey } from '../../shared/snapshot.ts';
import { actorKeysOf } from './actor-keys.ts';
import { inboxPaths, ownPaths, postPathOf } from './addresses.ts';
import type { Followers } from './followers.ts';
import type { Greetings } from './greetings.ts';
import type { Inbox } from './inbox.ts';
import type { SqliteKvStore } from './kv.ts';
import type { Posts } from './posts.ts';
import { sitePages } from './site/pages.ts';

/** Before all paths of this. */
export const homePrefix = '/.porchlight/';
const leavingsPath = `${homePrefix}leavings`;
/** GET: whom to greet, `?most=`; POST: greet one of them. */
const greetingsPath = `${homePrefix}greetings`;

/** Of a GET of greetings. Each of `peers` is an inbox; a POST of {"peer"} greets one. */
export interface EmbeddedGreetings {
  readonly peers: readonly string[];
}

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
  /** Of these actors, as far as they are known. */
  readonly actorKeys: readonly ActorKey[];
  readonly pages: readonly string[];
  /** Paths of what was deleted, the last first. */
  readonly gone: readonly string[];
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
  readonly greetings: Greetings;
  readonly kv: SqliteKvStore;
}

/** Peers ask for what they were just told of; who scrolls further back can wait for the morning. */
const recentPosts = 50;
/** Of the newest alone: most peers read the numbers in the post itself. */
const recentEchoes = 10;

export async function answerHome(request: Request, parts: HomeApiParts): Promise<Response> {
  if (!isHome(request.headers.get('authorization'), parts.token)) return text(401, 'This is for home itself.');
  const { pathname, searchParams } = new URL(request.url);
  const isGet = request.method === 'GET';
  switch (pathname) {
    case leavingsPath:
      return isGet ? json(await leavingsOf(parts)) : text(405, 'It can be read.');
    case greetingsPath: {
      if (!isGet) return await greet(request, parts);
      const most = Number(searchParams.get('most') ?? limits.greetPeers);
      return json({ peers: await parts.greetings.peers(most) } satisfies EmbeddedGreetings);
    }
    default:
      return text(404, 'There is nothing here.');
  }
}

async function greet(request: Request, { greetings }: HomeApiParts): Promise<Response> {
  const reading = readJsonObject(new Uint8Array(await request.arrayBuffer()));
  const peer = 'json' in reading ? reading.json.peer : null;
  if (typeof peer !== 'string') return text(400, 'It names no peer.');
  return (await greetings.greet(peer)) ? text(202, 'It is greeted.') : text(404, 'Nobody there follows.');
}

async function leavingsOf({
  origin,
  handle,
  handleHost,
  siteFolder,
  followers,
  inbox,
  posts,
  kv,
}: HomeApiParts): Promise<EmbeddedLeavings> {
  const { actor, outbox, featured, followers: followersPath, following } = ownPaths;
  const knownActors = [...new Set([...followers.all().map((follower) => follower.actor), ...inbox.actors()])];
  return {
    host: new URL(origin).host,
    resource: `acct:${handle}@${handleHost}`,
    inboxes: inboxPaths,
    documents: [
      ...[actor, outbox, featured, followersPath, following],
      ...posts.page(0, recentPosts).map(({ id }) => postPathOf(id)),
      ...posts.page(0, recentEchoes).flatMap(({ id }) => [`${postPathOf(id)}/likes`, `${postPathOf(id)}/shares`]),
    ],
    knownActors,
    actorKeys: (await actorKeysOf(kv, knownActors)).slice(0, limits.actorKeys),
    pages: sitePages(siteFolder, origin),
    // Each with the activity that told of it.
    gone: posts
      .deleted(Math.floor(limits.goneObjects / 2))
      .flatMap((id) => [postPathOf(id), `${postPathOf(id)}/creation`]),
  };
}

function json(value: object): Response {
  return Response.json(value, { headers: { 'Cache-Control': 'no-store' } });
}

function text(status: number, body: string): Response {
  return new Response(`${body}\n`, { status });
}

function isHome(authorization: string | null, token: string): boolean {
  const given = Buffer.from(authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
