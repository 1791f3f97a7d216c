// The owner's posts, newest first, and which entries of the feed have been seen.

import type { Database } from './database.ts';

export interface Post {
  /** Short and URL-safe; the last part of its address. */
  readonly id: string;
  /** HTML. */
  readonly content: string;
  /** Where the whole of it can be read. */
  readonly link: string | null;
  readonly publishedAt: number;
}

const feedFirstRead = 'feed-first-read';

export class Posts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes the entry seen, and the post if there is one. False, and nothing is stored, when it was seen before. */
  add(entry: string, post: Post | null, now: number): boolean {
    if (this.isSeen(entry)) return false;
    if (post !== null) {
      this.#database.sql
        .prepare('INSERT INTO posts (id, content, link, published_at) VALUES (?, ?, ?, ?)')
        .run(post.id, post.content, post.link, post.publishedAt);
    }
    this.#database.sql
      .prepare('INSERT INTO entries (entry, post, seen_at) VALUES (?, ?, ?)')
      .run(entry, post?.id ?? null, now);
    return true;
  }

  isSeen(entry: string): boolean {
    return this.#database.sql.prepare('SELECT 1 FROM entries WHERE entry = ?').get(entry) !== undefined;
  }

  feedWasRead(): boolean {
    return this.#database.sql.prepare('SELECT 1 FROM milestones WHERE name = ?').get(feedFirstRead) !== undefined;
  }

  markFeedRead(now: number): void {
    this.#database.sql.prepare('INSERT INTO milestones (name, at) VALUES (?, ?)').run(feedFirstRead, now);
  }

  /** When the latest post was sent to followers, ms since the epoch; null: there is none. */
  lastPostedAt(): number | null {
    const at = this.#database.sql.prepare('SELECT max(seen_at) AS at FROM entries WHERE post IS NOT NULL').get()?.at;
    return at === null || at === undefined ? null : Number(at);
  }

  byId(id: string): Post | null {
    const row = this.#database.sql.prepare('SELECT id, content, link, published_at FROM posts WHERE id = ?').get(id);
    return row === undefined ? null : postOf(row);
  }

  count(): number {
    return Number(this.#database.sql.prepare('SELECT count(*) AS posts FROM posts').get()?.posts);
  }

  /** Newest first, from the `skip`th on. */
  page(skip: number, size: number): readonly Post[] {
    return this.#database.sql
      .prepare('SELECT id, content, link, published_at FROM posts ORDER BY published_at DESC, id LIMIT ? OFFSET ?')
      .all(size, skip)
      .map(postOf);
  }
}

function postOf(row: Record<string, unknown>): Post {
  return {
    id: String(row.id),
    content: String(row.content),
    link: row.link === null ? null : String(row.link),
    publishedAt: Number(row.published_at),
  };
}
