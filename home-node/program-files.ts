// Where the program's own files lie, and which version it is. It runs in two forms: from source, and as the package that
// owners install, where local/build.ts has put everything into one flat folder. Nothing else asks where it lies itself.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Written in by local/build.ts; from source there is no such name. */
declare const PORCHLIGHT_VERSION: string;

const built = typeof PORCHLIGHT_VERSION === 'string';
const here = import.meta.dirname;

/** Absolute paths. */
export const programFiles = {
  /** The home node itself. */
  home: built ? join(here, 'main.js') : join(here, 'main.ts'),
  /** The embedded home, a process of its own. */
  embedded: built ? join(here, 'embedded.js') : join(here, 'embedded', 'main.ts'),
  /** The thread of the ledger's upkeep. */
  ledgerThread: built ? join(here, 'ledger-thread.js') : join(here, 'intake', 'ledger-thread.ts'),
  /** The thread that reads a service's SQLite file. */
  sqliteThread: built ? join(here, 'sqlite-thread.js') : join(here, 'leaving', 'sqlite-thread.ts'),
  /** What an owner's shell runs. */
  command: built ? join(here, 'porchlight.js') : join(here, 'cli', 'index.ts'),
  /** Folder of the site that a new embedded home begins with. */
  starter: built ? join(here, 'starter') : join(here, 'embedded', 'starter'),
  /** Folder of what goes into servers (porchlight hook). */
  hooks: join(here, 'hooks'),
  /** Folder of the schemas of home's SQLite files. */
  migrations: built ? join(here, 'migrations', 'home') : join(here, '..', 'migrations', 'home'),
} as const;

/** As package.json names it. */
export function programVersion(): string {
  if (built) return PORCHLIGHT_VERSION;
  const manifest = JSON.parse(readFileSync(join(here, '..', 'package.json'), 'utf8')) as { readonly version: string };
  return manifest.version;
}
