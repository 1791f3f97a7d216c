// A file with an Ed25519 key: made once, readable by its owner only, never quoted. Home's key and the operator's are
// such files. It is a JWK with one member more, `madeAt` (ms since the epoch), which goes with it into backups and back:
// the time of a file says when it was last written, not when its key was made.

import { readFileSync, statSync } from 'node:fs';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { type Clock, systemClock } from '../shared/clock.ts';
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
export async function makeKeyFile(path: string, kind: KeyKind, clock: Clock = systemClock): Promise<KeyPair> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const made = JSON.stringify({ ...(await exportJWK(privateKey)), madeAt: clock.now() });
  writeDurably(path, `${made}\n`, 0o600);
  return await importKey(made, path, kind);
}

/** When the key was made, ms since the epoch: of a file of an earlier version, when it was last written. */
export function keyMadeAt(path: string): number {
  return madeAtIn(readFileSync(path, 'utf8')) ?? Math.floor(statSync(path).mtimeMs);
}

/** What is to be written when the key of a file is put elsewhere: the same, and never without its age. */
export function movedKeyText(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (madeAtIn(text) !== null) return text;
  return `${JSON.stringify({ ...(JSON.parse(text) as JWK), madeAt: keyMadeAt(path) })}\n`;
}

function madeAtIn(text: string): number | null {
  try {
    const { madeAt } = JSON.parse(text) as { readonly madeAt?: unknown };
    return typeof madeAt === 'number' && Number.isSafeInteger(madeAt) ? madeAt : null;
  } catch {
    // Whoever uses the key says what is wrong with it.
    return null;
  }
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
