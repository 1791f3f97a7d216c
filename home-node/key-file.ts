// A file with an Ed25519 key: made once, readable by its owner only, never quoted. Home's key and the operator's are
// such files.

import { readFileSync, statSync } from 'node:fs';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { ErrorCode } from '../shared/error-codes.ts';
import { causeOf, PorchlightError } from '../shared/errors.ts';
import { writeDurably } from './durable-file.ts';

export interface KeyPair {
  readonly publicKey: JWK;
  readonly privateKey: CryptoKey;
}

/** How errors speak of it. */
export interface KeyKind {
  /** Code of its errors. */
  readonly code: ErrorCode;
  /** For example "home's key". */
  readonly name: string;
  /** What to do when it is not usable. */
  readonly mend: string;
}

/** null when there is none. Throws `kind.code` when it is there but not usable. */
export async function readKeyFile(path: string, kind: KeyKind): Promise<KeyPair | null> {
  const stored = readIfThere(path, kind);
  return stored === null ? null : await importKey(stored, path, kind);
}

/** Makes a key in the place of whatever is there. */
export async function makeKeyFile(path: string, kind: KeyKind): Promise<KeyPair> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const made = JSON.stringify(await exportJWK(privateKey));
  writeDurably(path, `${made}\n`, 0o600);
  return await importKey(made, path, kind);
}

function readIfThere(path: string, { code, name }: KeyKind): string | null {
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new PorchlightError(
        code,
        `Cannot use ${name}: other users of this machine may read ${path}; run: chmod 600 ${path}`,
      );
    }
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}

async function importKey(text: string, path: string, { code, name, mend }: KeyKind): Promise<KeyPair> {
  try {
    const jwk = JSON.parse(text) as JWK;
    if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || jwk.x === undefined || jwk.d === undefined) {
      throw new Error('it is not an Ed25519 private key as JWK');
    }
    const privateKey = await importJWK(jwk, 'EdDSA');
    if (privateKey instanceof Uint8Array) throw new Error('it is a shared secret');
    return { publicKey: { kty: 'OKP', crv: 'Ed25519', x: jwk.x }, privateKey };
  } catch (thrown) {
    // The parser's words may quote the file, which is a secret: only kinds of failure that we know are repeated.
    const found = thrown instanceof SyntaxError ? 'it is not JSON' : causeOf(thrown);
    throw new PorchlightError(code, `Cannot use ${name}: ${path}: ${found}; ${mend}.`);
  }
}
