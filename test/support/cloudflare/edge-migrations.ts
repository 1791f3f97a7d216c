// The migrations of the edge's directory, in the order in which they must be applied.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export const edgeMigrations: readonly string[] = readdirSync(
  join(import.meta.dirname, '..', '..', '..', 'migrations', 'edge'),
).sort();
