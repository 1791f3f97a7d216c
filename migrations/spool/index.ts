// The spool's schema, step by step, oldest first. Forward only: a step that was released is never changed, the next
// one mends it. edge/spool/migrate.ts applies them when an object starts.

import { first } from './0001-first.ts';

/** One step. `version` rises by one; all statements of a step are applied, or none. */
export interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

export const migrations: readonly Migration[] = [first];
