// The one person who lives here, as Fedify dispatches it: profile, keys, collections, posts, nodeinfo. The protocol is
// Fedify's; this file says what the answers are.

import type { Context, Federatable } from '@fedify/fedify';
import { Activity, Create, Endpoints, Note, Person } from '@fedify/vocab';
import manifest from '../../package.json' with { type: 'json' };
import type { Provenance } from './activity.ts';
import { owner, paths, postPathOf } from './addresses.ts';
import type { Followers } from './followers.ts';
import type { Echo, Inbox } from './inbox.ts';
import type { ActorKeys } from './keys.ts';
import { createOf, noteOf } from './post-objects.ts';
import type { Posts } from './posts.ts';

export interface ActorParts {
  readonly origin: string;
  /** Before the @. */
  readonly handle: string;
  readonly title: string;
  readonly language: string;
  readonly keys: ActorKeys;
  readonly followers: Followers;
  readonly inbox: Inbox;
  readonly posts: Posts;
}

const postsPerPage = 20;

export function describeActor(federation: Federatable<Provenance>, parts: ActorParts): void {
  const { origin, handle, keys, followers, inbox, posts } = parts;
  const echoOf = (post: string): Echo => inbox.echoOf(`${origin}${postPathOf(post)}`);

  federation
    .setActorDispatcher(paths.actor, async (context, identifier) =>
      identifier === owner ? await personOf(context, parts) : null,
    )
    .setKeyPairsDispatcher((_context, identifier) => (identifier === owner ? [...keys.pairs] : []))
    .mapHandle((_context, username) => (username.toLowerCase() === handle.toLowerCase() ? owner : null))
    // Who asks for the site's address means the person who writes there.
    .mapAlias((_context, resource) => (resource.href === new URL('/', origin).href ? { identifier: owner } : null));

  // Followers are counted, not named: whom somebody reads is theirs to tell.
  federation
    .setFollowersDispatcher(paths.followers, (_context, identifier) => (identifier === owner ? { items: [] } : null))
    .setCounter((_context, identifier) => (identifier === owner ? followers.count() : null));
  federation
    .setFollowingDispatcher(paths.following, (_context, identifier) => (identifier === owner ? { items: [] } : null))
    .setCounter((_context, identifier) => (identifier === owner ? 0 : null));
  // Nothing of a feed says what its owner would pin.
  federation
    .setFeaturedDispatcher(paths.featured, (_context, identifier) => (identifier === owner ? { items: [] } : null))
    .setCounter((_context, identifier) => (identifier === owner ? 0 : null));

  federation
    .setOutboxDispatcher(paths.outbox, async (_context, identifier, cursor) => {
      if (identifier !== owner || cursor === null) return null;
      const skip = Number.parseInt(cursor, 10);
      if (!(skip >= 0)) return null;
      const page = posts.page(skip, postsPerPage);
      const items = await Promise.all(page.map(async (post) => await createOf(post, parts)));
      return { items, nextCursor: skip + page.length < posts.count() ? String(skip + page.length) : null };
    })
    .setCounter((_context, identifier) => (identifier === owner ? posts.count() : null))
    .setFirstCursor((_context, identifier) => (identifier === owner ? '0' : null));

  federation.setObjectDispatcher(Note, paths.post, async (_context, values) => {
    const post = posts.byId(values.post);
    return post === null ? null : await noteOf(post, parts, echoOf(post.id));
  });
  // Likes and boosts are counted, and not told of, either.
  for (const name of ['likes', 'shares'] as const) {
    federation
      .setCollectionDispatcher(name, Activity, paths[name], (_context, { post }) =>
        posts.byId(post) === null ? null : { items: [] },
      )
      .setCounter((_context, { post }) => echoOf(post)[name]);
  }
  federation.setObjectDispatcher(Create, paths.postCreation, async (_context, values) => {
    const post = posts.byId(values.post);
    return post === null ? null : await createOf(post, parts);
  });

  federation.setNodeInfoDispatcher(paths.nodeinfo, () => ({
    software: { name: 'porchlight', version: manifest.version },
    protocols: ['activitypub'],
    services: { inbound: [], outbound: ['atom1.0'] },
    openRegistrations: false,
    usage: { users: { total: 1 }, localPosts: posts.count(), localComments: 0 },
    metadata: {},
  }));
}

/** The owner's profile. */
export async function personOf(
  context: Context<Provenance>,
  { origin, handle, title }: Pick<ActorParts, 'origin' | 'handle' | 'title'>,
): Promise<Person> {
  const pairs = await context.getActorKeyPairs(owner);
  const [first] = pairs;
  return new Person({
    id: context.getActorUri(owner),
    preferredUsername: handle,
    name: title,
    url: new URL('/', origin),
    inbox: context.getInboxUri(owner),
    outbox: context.getOutboxUri(owner),
    followers: context.getFollowersUri(owner),
    following: context.getFollowingUri(owner),
    featured: context.getFeaturedUri(owner),
    endpoints: new Endpoints({ sharedInbox: context.getInboxUri() }),
    manuallyApprovesFollowers: false,
    discoverable: true,
    ...(first === undefined ? {} : { publicKey: first.cryptographicKey }),
    assertionMethods: pairs.map(({ multikey }) => multikey),
  });
}
