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
  /** When it was last edited, ms since the epoch; null: never. */
  readonly updatedAt: number | null;
}

const columns = 'id, content, link, published_at, updated_at';

const feedFirstRead = 'feed-first-read';
/** Milestones: with the post's id after it. */
const deletedPost = 'post-deleted:';

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

  /** The id of the post that was made of this entry and is still there; null: there is none. */
  postOf(entry: string): string | null {
    return this.ofEntry(entry)?.id ?? null;
  }

  /** As postOf, the post. */
  ofEntry(entry: string): Post | null {
    const row = this.#database.sql
      .prepare(`SELECT ${columns} FROM posts WHERE id = (SELECT post FROM entries WHERE entry = ?)`)
      .get(entry);
    return row === undefined ? null : postOf(row);
  }

  /** The post says something else from now on. False: it is not there any more. */
  edit({ id, content, link, updatedAt }: Post): boolean {
    const { changes } = this.#database.sql
      .prepare('UPDATE posts SET content = ?, link = ?, updated_at = ? WHERE id = ?')
      .run(content, link, updatedAt, id);
    return Number(changes) > 0;
  }

  /**
   * Takes the post of this entry away for good: its address is never anything else. null, and nothing happens, when there is
   * none. Otherwise its id.
   */
  delete(entry: string, now: number): string | null {
    const id = this.postOf(entry);
    if (id === null) return null;
    this.#database.sql.prepare('UPDATE entries SET post = NULL WHERE entry = ?').run(entry);
    this.#database.sql.prepare('DELETE FROM posts WHERE id = ?').run(id);
    this.#database.sql
      .prepare('INSERT INTO milestones (name, at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING')
      .run(deletedPost + id, now);
    return id;
  }

  isDeleted(id: string): boolean {
    return this.#database.sql.prepare('SELECT 1 FROM milestones WHERE name = ?').get(deletedPost + id) !== undefined;
  }

  /** Ids, the last deleted first. */
  deleted(most: number): readonly string[] {
    return this.#database.sql
      .prepare('SELECT name FROM milestones WHERE name GLOB ? ORDER BY at DESC, name LIMIT ?')
      .all(`${deletedPost}*`, most)
      .map(({ name }) => String(name).slice(deletedPost.length));
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
    const row = this.#database.sql.prepare(`SELECT ${columns} FROM posts WHERE id = ?`).get(id);
    return row === undefined ? null : postOf(row);
  }

  count(): number {
    return Number(this.#database.sql.prepare('SELECT count(*) AS posts FROM posts').get()?.posts);
  }

  /** Newest first, from the `skip`th on. */
  page(skip: number, size: number): readonly Post[] {
    return this.#database.sql
      .prepare(`SELECT ${columns} FROM posts ORDER BY published_at DESC, id LIMIT ? OFFSET ?`)
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
    updatedAt: row.updated_at === null ? null : Number(row.updated_at),
  };
}
