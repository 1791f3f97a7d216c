// The key of whoever runs an edge: a file on the operator's own machine. Its public half is the Worker's variable
// OPERATOR_KEY; the private half goes nowhere.

import type { JWK } from 'jose';
import { PorchlightError } from '../../shared/errors.ts';
import { type KeyKind, type KeyPair, makeKeyFile, readKeyFile } from '../key-file.ts';

const kind: KeyKind = {
  code: 'operator-key-file',
  name: "the operator's key",
  mend: 'restore it from a backup, or remove it, make another and set OPERATOR_KEY of the edge to that',
};

/** Makes it when there is none. Throws `operator-key-file` when it is there but not usable. */
export async function openOperatorKey(path: string): Promise<KeyPair> {
  return (await readKeyFile(path, kind)) ?? (await makeKeyFile(path, kind));
}

/** Throws `operator-key-file` besides when there is none. */
export async function readOperatorKey(path: string): Promise<KeyPair> {
  const there = await readKeyFile(path, kind);
  if (there !== null) return there;
  throw new PorchlightError(
    'operator-key-file',
    `Cannot use the operator's key: there is no ${path}; name the right file by --key, or restore it from a backup.`,
  );
}

/** The value of the Worker's variable OPERATOR_KEY. */
export function operatorKeyVariable(publicKey: JWK): string {
  return publicKey.x ?? '';
}
