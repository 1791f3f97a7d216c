// Nodes that owners may have and this project does not run on. test/run.ts installs them into test/nodes; without them
// the tests that need them are skipped, and say so; where PORCHLIGHT_NO_SKIPS is set (CI) they fail instead.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'nodes', 'node_modules');
const at = (name: string): string => join(folder, name, 'bin', 'node');

export const otherNodes = {
  /** The oldest one that Porchlight promises to run on: `engines` in package.json. */
  lowest: at('lowest'),
  /** Porchlight does not run on it, but services do that load its hooks. */
  node20: at('node20'),
  tooOld: at('too-old'),
  /** For another processor. */
  arm64: at('arm64'),
} as const;

/** The processor that they are for, except the last. */
const fits = process.platform === 'linux' && process.arch === 'x64';

export const hasOtherNodes = fits && Object.values(otherNodes).every((path) => existsSync(path));

/** Says loudly what is missing for `tests`, and whether to go on without. */
export function skipUnless(there: boolean, tests: string, missing: string): void {
  if (there) return;
  const text = `${missing}: ${tests} are SKIPPED.`;
  if (process.env.PORCHLIGHT_NO_SKIPS !== undefined) throw new Error(text);
  console.warn(`\n!!! ${text}\n`);
}
