// The operator's key of a deployment: made once, never overwritten. A lost one is replaced by another under the same name;
// one that is replaced although it is there stays beside it.

import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import type { KeyPair } from '../../home-node/key-file.ts';
import { openOperatorKey, operatorKeyVariable, readOperatorKey } from '../../home-node/operator/operator-key.ts';

/** null: there is none. */
export async function operatorKeyThere(path: string): Promise<KeyPair | null> {
  return existsSync(path) ? await readOperatorKey(path) : null;
}

export async function operatorKey(path: string, another: boolean): Promise<KeyPair> {
  const before = await operatorKeyThere(path);
  if (before !== null && !another) return before;
  mkdirSync(dirname(path), { recursive: true });
  if (before !== null) {
    const public8 = operatorKeyVariable(before.publicKey).slice(0, 8);
    renameSync(path, path.replace(/\.json$/, `.until-${public8}.json`));
  }
  return await openOperatorKey(path);
}
