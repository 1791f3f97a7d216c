// Makes posts of feed entries, once each; later only what an entry says may change, or that it is deleted. Post and the
// messages to followers are one commit, so a crash repeats nothing and forgets nothing.

import { createHash } from 'node:crypto';
import type { Context } from '@fedify/fedify';
import type { Activity } from '@fedify/vocab';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import type { Log } from '../log.ts';
import type { Provenance } from './activity.ts';
import { owner } from './addresses.ts';
import type { Database } from './database.ts';
import type { FeedEntry } from './feed-entries.ts';
import { asRecipient, type Followers } from './followers.ts';
import { escapeHtml } from './plain-text.ts';
import { createOf, deleteOf, type PostObjectOptions, updateOf } from './post-objects.ts';
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
  /** Post → when it was edited, by the clock as it then was: what a post itself has may be far ahead. */
  readonly #editedAt = new Map<string, number>();

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /**
   * All entries of the feed as it stands now, and the ids of those that it says were deleted. False: an edit came too soon
   * after the one before, and is taken when the same is given again later.
   */
  async take(entries: readonly FeedEntry[], deleted: readonly string[] = []): Promise<boolean> {
    const { posts, clock } = this.#parts;
    const isWhole = await this.#edit(entries);
    if (posts.feedWasRead()) await this.#publishNew(entries);
    // What stood in the feed when it was first read was there before any follower: no posts.
    else this.#remember(entries, () => posts.markFeedRead(clock.now()));
    for (const entry of deleted) await this.#delete(entry);
    return isWhole;
  }

  /** Of more edits than are told, the newest entries' are, and the others are what their addresses show. */
  async #edit(entries: readonly FeedEntry[]): Promise<boolean> {
    const { posts, clock, log } = this.#parts;
    const now = clock.now();
    let [told, edited, tooSoon] = [0, 0, 0];
    const seen = new Set<string>();
    // Feeds begin with their newest entry, by custom.
    for (const entry of entries) {
      // Two of one id would edit each other for ever: the first is it.
      if (seen.has(entry.id)) continue;
      seen.add(entry.id);
      const before = posts.ofEntry(entry.id);
      const { content, link } = postOf(entry, now);
      if (before === null || (content === before.content && link === before.link)) continue;
      const { updatedAt } = before;
      // Either way, because the clock may have been set back.
      const lastAt = this.#editedAt.get(before.id) ?? updatedAt;
      if (lastAt !== null && Math.abs(now - lastAt) < limits.feedEditMs) {
        tooSoon += 1;
        continue;
      }
      // Peers take a later time alone for an edit.
      const editedAt = Math.max(now, (updatedAt ?? before.publishedAt) + 1);
      const after: Post = { ...before, content, link, updatedAt: editedAt };
      if (told < limits.feedEdits) {
        await this.#tell(await updateOf(after, this.#parts), () => posts.edit(after));
        told += 1;
      } else posts.edit(after);
      this.#editedAt.set(before.id, now);
      edited += 1;
    }
    if (edited > 0) log.info(`${edited} posts changed with the feed; followers are told of ${told}.`);
    return tooSoon === 0;
  }

  /** What is stored and the messages about it are one commit. Nothing is sent if `store` says that nothing changed. */
  async #tell(activity: Activity, store: () => unknown): Promise<number> {
    const { context, database, followers, queue } = this.#parts;
    const recipients = followers.all().map(asRecipient);
    const messages = await queue.collect(async () => {
      await context.sendActivity({ identifier: owner }, recipients, activity, { preferSharedInbox: true });
    });
    database.transaction(() => {
      if (store() !== false) queue.store(messages);
    });
    return recipients.length;
  }

  /** An entry that is only left out stays a post: feeds name their newest entries and no others. */
  async #delete(entry: string): Promise<void> {
    const { posts, clock, log } = this.#parts;
    const id = posts.postOf(entry);
    if (id === null) return;
    const told = await this.#tell(await deleteOf(id, this.#parts), () => posts.delete(entry, clock.now()) !== null);
    log.info(`Deleted a post, as the feed says, and told ${told} followers.`);
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
    const { posts, clock, log } = this.#parts;
    const post = postOf(entry, clock.now());
    const told = await this.#tell(await createOf(post, this.#parts), () => posts.add(entry.id, post, clock.now()));
    log.info(`Posted ${entry.title} to ${told} followers.`);
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
    updatedAt: null,
  };
}
