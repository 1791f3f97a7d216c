// What a night leaves in the embedded home's own database. It keeps what is true now and no list of what came, so that a reply
// that was edited and deleted shows by being gone and remembered as taken back; had they come in another order, or the
// reply once more, it would be there.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { takenBackName } from '../../../../home-node/embedded/inbox.ts';
import type { Kind } from './activities.ts';

export interface Brought {
  readonly kind: Kind | 'awake';
  /** Of the activity, and of who brought it. */
  readonly id: string;
  readonly actor: string;
}

/** How often it is there, taken in its place; null: what it says leaves nothing here. */
export function timesKept(homeFolder: string, { kind, id, actor }: Brought): number | null {
  const database = new DatabaseSync(join(homeFolder, 'home', 'actor', 'actor.sqlite'), { readOnly: true });
  const count = (sql: string, ...values: readonly string[]): number =>
    Number(database.prepare(`SELECT count(*) AS rows FROM ${sql}`).get(...values)?.rows);
  const takenBack = (object: string): number =>
    count('inbox WHERE activity = ? OR object = ?', object, object) === 0
      ? count('milestones WHERE name = ?', takenBackName(actor, object))
      : 0;
  try {
    switch (kind) {
      case 'follow':
        return count('followers WHERE actor = ?', actor);
      case 'awake':
        return count('followers WHERE actor = ? AND follow = ?', actor, id);
      case 'reply':
      case 'edit':
      case 'delete':
        return takenBack(`${actor}/notes/1`);
      case 'like':
      case 'undo':
        return takenBack(`${actor}/likes/1`);
      case 'boost':
      case 'relayed':
      case 'passed on':
      case 'altered':
        return count('inbox WHERE activity = ?', id);
      case 'move':
      case 'block':
      case 'relay':
        return null;
    }
  } finally {
    database.close();
  }
}
