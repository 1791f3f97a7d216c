// The owner's posts as ActivityPub objects: a Note, and what tells followers of it. All are public.

import { Create, Delete, Note, PUBLIC_COLLECTION, Update } from '@fedify/vocab';
import { ownPaths, postPathOf } from './addresses.ts';
import type { Echo } from './inbox.ts';
import type { Post } from './posts.ts';

export interface PostObjectOptions {
  readonly origin: string;
  readonly language: string;
}

/** Read from JSON-LD, where times are text: Fedify's own constructor wants a Temporal object, which Node 24 has not. */
export async function noteOf(post: Post, options: PostObjectOptions, { likes, shares }: Echo): Promise<Note> {
  const note = noteJson(post, options);
  // With the numbers in them: Mastodon reads those and does not ask for the collections (status_parser.rb).
  const collection = (name: keyof Echo, totalItems: number) => ({
    type: 'Collection',
    id: `${note.id}/${name}`,
    totalItems,
  });
  return await Note.fromJsonLd({
    ...note,
    likes: collection('likes', likes),
    shares: collection('shares', shares),
  });
}

export async function createOf(post: Post, options: PostObjectOptions): Promise<Create> {
  const { '@context': context, ...note } = noteJson(post, options);
  return await Create.fromJsonLd({
    '@context': context,
    type: 'Create',
    id: `${note.id}/creation`,
    actor: note.attributedTo,
    published: note.published,
    to: note.to,
    cc: note.cc,
    object: note,
  });
}

/** ActivityPub section 6.3. Mastodon takes a later `updated` alone for an edit (process_status_update_service.rb). */
export async function updateOf(post: Post, options: PostObjectOptions): Promise<Update> {
  const { '@context': context, ...note } = noteJson(post, options);
  return await Update.fromJsonLd({
    '@context': context,
    type: 'Update',
    id: `${note.id}#updates/${post.updatedAt}`,
    actor: note.attributedTo,
    to: note.to,
    cc: note.cc,
    object: note,
  });
}

/** ActivityPub section 6.4. */
export async function deleteOf(id: string, { origin }: Pick<PostObjectOptions, 'origin'>): Promise<Delete> {
  const { '@context': context, ...tombstone } = tombstoneJson(`${origin}${postPathOf(id)}`);
  return await Delete.fromJsonLd({
    '@context': context,
    type: 'Delete',
    id: `${tombstone.id}#deletion`,
    actor: `${origin}${ownPaths.actor}`,
    to: PUBLIC_COLLECTION.href,
    object: tombstone,
  });
}

/** What stands at the address of something that was deleted, with 410 (ActivityPub section 3.1.4). */
export function tombstoneJson(id: string) {
  return { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Tombstone', id } as const;
}

function noteJson(post: Post, { origin, language }: PostObjectOptions) {
  return {
    '@context': 'https://www.w3.org/ns/activitystreams',
    type: 'Note',
    id: `${origin}${postPathOf(post.id)}`,
    attributedTo: `${origin}${ownPaths.actor}`,
    to: PUBLIC_COLLECTION.href,
    cc: `${origin}${ownPaths.followers}`,
    published: new Date(post.publishedAt).toISOString(),
    ...(post.updatedAt === null ? {} : { updated: new Date(post.updatedAt).toISOString() }),
    content: post.content,
    contentMap: { [language]: post.content },
    ...(post.link === null ? {} : { url: post.link }),
  };
}
