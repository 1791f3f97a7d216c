// What others said to the owner: replies and mentions, likes, announces. The table holds what is true now, by activity
// id; saying the same twice changes nothing, and what an actor takes back or deletes is gone.

import type { Database } from './database.ts';

export interface Said {
  readonly activity: string;
  readonly kind: 'create' | 'like' | 'announce';
  readonly actor: string;
  /** Create: the peer's object. Like, Announce: the owner's. */
  readonly object: string;
  /** The activity as JSON-LD. */
  readonly document: unknown;
}

export class Inbox {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  add(said: Said, now: number): void {
    this.#database.sql
      .prepare(
        `INSERT INTO inbox (activity, kind, actor, object, document, arrived_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (activity) DO NOTHING`,
      )
      .run(said.activity, said.kind, said.actor, said.object, JSON.stringify(said.document), now);
  }

  /** An actor may take back only what is its own. */
  undo(actor: string, activity: string): void {
    this.#database.sql.prepare('DELETE FROM inbox WHERE activity = ? AND actor = ?').run(activity, actor);
  }

  /** The object of an earlier Create has changed; `document` is the Update. */
  update(actor: string, object: string, document: unknown): void {
    this.#database.sql
      .prepare(`UPDATE inbox SET document = ? WHERE object = ? AND actor = ? AND kind = 'create'`)
      .run(JSON.stringify(document), object, actor);
  }

  deleteObject(actor: string, object: string): void {
    this.#database.sql
      .prepare(`DELETE FROM inbox WHERE object = ? AND actor = ? AND kind = 'create'`)
      .run(object, actor);
  }

  deleteActor(actor: string): void {
    this.#database.sql.prepare('DELETE FROM inbox WHERE actor = ?').run(actor);
  }

  /** When something of each actor last came, of what is still there. */
  lastHeard(): readonly { readonly actor: string; readonly at: number }[] {
    return this.#database.sql
      .prepare('SELECT actor, max(arrived_at) AS at FROM inbox GROUP BY actor')
      .all()
      .map((row) => ({ actor: String(row.actor), at: Number(row.at) }));
  }

  actors(): readonly string[] {
    return this.#database.sql
      .prepare('SELECT DISTINCT actor FROM inbox')
      .all()
      .map((row) => String(row.actor));
  }
}
