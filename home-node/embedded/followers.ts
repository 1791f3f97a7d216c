// Who follows the owner, and where their posts go. Each change is one statement that may be repeated without harm: a
// delivery in doubt comes twice, and some peers follow, unfollow and follow again with the very same activity.

import type { Recipient } from '@fedify/vocab';
import type { Database } from './database.ts';

export interface Follower {
  readonly actor: string;
  readonly inbox: string;
  readonly sharedInbox: string | null;
}

export interface KnownFollower extends Follower {
  /** When they first followed, ms since the epoch. */
  readonly since: number;
}

export class Followers {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** `follow` is the id of the activity that asked. Keeps the time of the first Follow. */
  add(follower: Follower, follow: string, now: number): void {
    this.#database.sql
      .prepare(
        `INSERT INTO followers (actor, inbox, shared_inbox, follow, since) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (actor) DO UPDATE SET inbox = excluded.inbox, shared_inbox = excluded.shared_inbox,
           follow = excluded.follow`,
      )
      .run(follower.actor, follower.inbox, follower.sharedInbox, follow, now);
  }

  /** The follower's profile says something new; nothing happens for who does not follow. */
  move(follower: Follower): void {
    this.#database.sql
      .prepare('UPDATE followers SET inbox = ?, shared_inbox = ? WHERE actor = ?')
      .run(follower.inbox, follower.sharedInbox, follower.actor);
  }

  remove(actor: string): void {
    this.#database.sql.prepare('DELETE FROM followers WHERE actor = ?').run(actor);
  }

  /** Removes the follower whom this very Follow made one. */
  removeByFollow(actor: string, follow: string): void {
    this.#database.sql.prepare('DELETE FROM followers WHERE actor = ? AND follow = ?').run(actor, follow);
  }

  count(): number {
    return Number(this.#database.sql.prepare('SELECT count(*) AS followers FROM followers').get()?.followers);
  }

  all(): readonly KnownFollower[] {
    return this.#database.sql
      .prepare('SELECT actor, inbox, shared_inbox, since FROM followers ORDER BY since, actor')
      .all()
      .map((row) => ({
        actor: String(row.actor),
        inbox: String(row.inbox),
        sharedInbox: row.shared_inbox === null ? null : String(row.shared_inbox),
        since: Number(row.since),
      }));
  }
}

/** As Fedify addresses them. */
export function asRecipient(follower: Follower): Recipient {
  const { actor, inbox, sharedInbox } = follower;
  return {
    id: new URL(actor),
    inboxId: new URL(inbox),
    endpoints: sharedInbox === null ? null : { sharedInbox: new URL(sharedInbox) },
  };
}
