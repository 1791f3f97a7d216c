// Makes posts of feed entries. Each entry is looked at once in its life: entry, post and the messages to followers are
// one commit, so a crash repeats nothing and forgets nothing.

import { createHash } from 'node:crypto';
import type { Context } from '@fedify/fedify';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import type { Log } from '../log.ts';
import type { Provenance } from './activity.ts';
import { owner } from './addresses.ts';
import type { Database } from './database.ts';
import type { FeedEntry } from './feed-entries.ts';
import { asRecipient, type Followers } from './followers.ts';
import { escapeHtml } from './plain-text.ts';
import { createOf, deleteOf, type PostObjectOptions } from './post-objects.ts';
import type { Post, Posts } from './posts.ts';
import type { SqliteMessageQueue } from './queue.ts';

export interface PublisherParts extends PostObjectOptions {
  readonly context: Context<Provenance>;
  readonly database: Database;
  readonly posts: Posts;
  readonly followers: Followers;
  readonly queue: SqliteMessageQueue;
  readonly clock: Clock;
  readonly log: Log;
}

export class Publisher {
  readonly #parts: PublisherParts;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** All entries of the feed as it stands now, and the ids of those that it says were deleted. */
  async take(entries: readonly FeedEntry[], deleted: readonly string[] = []): Promise<void> {
    const { posts, clock } = this.#parts;
    if (posts.feedWasRead()) await this.#publishNew(entries);
    // What stood in the feed when it was first read was there before any follower: no posts.
    else this.#remember(entries, () => posts.markFeedRead(clock.now()));
    for (const entry of deleted) await this.#delete(entry);
  }

  /** An entry that is only left out stays a post: feeds name their newest entries and no others. */
  async #delete(entry: string): Promise<void> {
    const { context, database, posts, followers, queue, clock, log } = this.#parts;
    const id = posts.postOf(entry);
    if (id === null) return;
    const recipients = followers.all().map(asRecipient);
    const activity = await deleteOf(id, this.#parts);
    const messages = await queue.collect(async () => {
      await context.sendActivity({ identifier: owner }, recipients, activity, { preferSharedInbox: true });
    });
    database.transaction(() => {
      if (posts.delete(entry, clock.now()) !== null) queue.store(messages);
    });
    log.info(`Deleted a post, as the feed says, and told ${recipients.length} followers.`);
  }

  /** Posts what is new, oldest first; old and supernumerary entries are only remembered. */
  async #publishNew(entries: readonly FeedEntry[]): Promise<void> {
    const { posts, clock, log } = this.#parts;
    const now = clock.now();
    const unseen = entries.filter(({ id }) => !posts.isSeen(id));
    const news = unseen.filter(({ publishedAt }) => publishedAt === null || now - publishedAt < limits.feedNewsMs);
    // Feeds begin with their newest entry, by custom though not by rule; the sort is stable.
    const inTime = [...news].reverse().sort((a, b) => (a.publishedAt ?? now) - (b.publishedAt ?? now));
    const published = inTime.slice(-limits.feedPosts);
    const passedOver = unseen.filter((entry) => !published.includes(entry));
    if (passedOver.length > 0) log.warn(`${passedOver.length} entries of the feed are old or too many: no posts.`);
    this.#remember(passedOver);
    for (const entry of published) await this.#publish(entry);
  }

  #remember(entries: readonly FeedEntry[], also: () => void = () => undefined): void {
    const { database, posts, clock } = this.#parts;
    database.transaction(() => {
      for (const entry of entries) posts.add(entry.id, null, clock.now());
      also();
    });
  }

  async #publish(entry: FeedEntry): Promise<void> {
    const { context, database, posts, followers, queue, clock, log } = this.#parts;
    const post = postOf(entry, clock.now());
    const create = await createOf(post, this.#parts);
    const recipients = followers.all().map(asRecipient);
    const messages = await queue.collect(async () => {
      await context.sendActivity({ identifier: owner }, recipients, create, { preferSharedInbox: true });
    });
    database.transaction(() => {
      if (posts.add(entry.id, post, clock.now())) queue.store(messages);
    });
    log.info(`Posted ${entry.title} to ${recipients.length} followers.`);
  }
}

function postOf(entry: FeedEntry, now: number): Post {
  const { title, summary, link } = entry;
  const paragraphs = [
    title === '' ? '' : `<p><strong>${escapeHtml(title)}</strong></p>`,
    summary === '' ? '' : `<p>${escapeHtml(summary)}</p>`,
    link === null ? '' : `<p><a href="${escapeHtml(link)}">${escapeHtml(link.replace(/^https?:\/\//, ''))}</a></p>`,
  ];
  return {
    // Of the feed's own id: after a database from an older backup, the same entry gets the same address again.
    id: createHash('sha256').update(entry.id).digest('base64url').slice(0, 16),
    content: paragraphs.join(''),
    link,
    publishedAt: Math.min(entry.publishedAt ?? now, now),
  };
}
