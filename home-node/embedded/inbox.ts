// What others said to the owner: replies and mentions, likes, announces. The table holds what is true now, by activity
// id; saying the same twice changes nothing, and what an actor takes back or deletes is gone. That it was taken back is
// remembered for a while, against whoever brings it once more.

import { hash } from 'node:crypto';
import { limits } from '../../shared/limits.ts';
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

/** How many people liked and boosted something. */
export interface Echo {
  readonly likes: number;
  readonly shares: number;
}

/** Milestones: with the actor and the id after it. */
const takenBack = 'taken-back:';
/** Of the origin's hash. */
const originChars = 16;
const remembersBetweenSweeps = 256;

export class Inbox {
  readonly #database: Database;
  #remembered = 0;

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

  /**
   * The object of an earlier Create has changed; `document` is the Update. Nothing happens when what is there is newer, by
   * what both say themselves: the same may come on two ways, and an older change by the longer one.
   */
  update(actor: string, object: string, document: unknown): void {
    const rows = this.#database.sql
      .prepare(`SELECT activity, document FROM inbox WHERE object = ? AND actor = ? AND kind = 'create'`)
      .all(object, actor);
    const changedAt = writtenAt(document) ?? Number.POSITIVE_INFINITY;
    for (const { activity, document: before } of rows) {
      if ((writtenAt(JSON.parse(String(before))) ?? 0) > changedAt) continue;
      this.#database.sql
        .prepare('UPDATE inbox SET document = ? WHERE activity = ?')
        .run(JSON.stringify(document), activity as string);
    }
  }

  deleteObject(actor: string, object: string): void {
    this.#database.sql
      .prepare(`DELETE FROM inbox WHERE object = ? AND actor = ? AND kind = 'create'`)
      .run(object, actor);
  }

  deleteActor(actor: string): void {
    this.#database.sql.prepare('DELETE FROM inbox WHERE actor = ?').run(actor);
  }

  /** `id`: of an activity that the actor undid, or of an object that it deleted. `at`: when it said so, ms since the epoch. */
  rememberTakenBack(actor: string, id: string, at: number): void {
    const { sql } = this.#database;
    sql
      .prepare('INSERT INTO milestones (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at')
      .run(takenBackName(actor, id), at);
    this.#remembered += 1;
    if (this.#remembered % remembersBetweenSweeps === 0) this.#forgetOld(at);
  }

  /** Has the actor taken one of these back, within `limits.takenBackMs`? */
  wasTakenBack(actor: string, ids: readonly string[]): boolean {
    const select = this.#database.sql.prepare('SELECT 1 FROM milestones WHERE name = ?');
    return ids.some((id) => select.get(takenBackName(actor, id)) !== undefined);
  }

  #forgetOld(now: number): void {
    const { sql } = this.#database;
    sql.prepare('DELETE FROM milestones WHERE name GLOB ? AND at < ?').run(`${takenBack}*`, now - limits.takenBackMs);
    sql
      .prepare(
        `DELETE FROM milestones WHERE name IN
           (SELECT name FROM
             (SELECT name, at, row_number() OVER (PARTITION BY substr(name, 1, ?) ORDER BY at DESC) AS nth
              FROM milestones WHERE name GLOB ?)
            ORDER BY nth, at DESC LIMIT -1 OFFSET ?)`,
      )
      .run(takenBack.length + originChars, `${takenBack}*`, limits.takenBack);
  }

  /** `object`: of the owner's. */
  echoOf(object: string): Echo {
    const rows = this.#database.sql
      .prepare('SELECT kind, count(DISTINCT actor) AS people FROM inbox WHERE object = ? GROUP BY kind')
      .all(object);
    const of = (kind: Said['kind']): number => Number(rows.find((row) => row.kind === kind)?.people ?? 0);
    return { likes: of('like'), shares: of('announce') };
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

/** Of one length however long the ids are (addresses have no blanks); begins alike for all actors of an origin, which have one share of the room. */
export function takenBackName(actor: string, id: string): string {
  const origin = hash('sha256', URL.parse(actor)?.origin ?? actor, 'base64url').slice(0, originChars);
  return `${takenBack}${origin}${hash('sha256', `${actor} ${id}`, 'base64url')}`;
}

/** Of an activity with its object in it: when that was last written, ms since the epoch; null where it does not say. */
function writtenAt(activity: unknown): number | null {
  const { object } = activity as { readonly object?: { readonly updated?: unknown; readonly published?: unknown } };
  const time = Date.parse(String(object?.updated ?? object?.published));
  return Number.isNaN(time) ? null : time;
}
