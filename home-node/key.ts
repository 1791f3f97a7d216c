// Home's Ed25519 key: made once, kept in the data folder, readable by its owner only. It proves to the edge which home
// this is (claim, handshake, signed calls) and never leaves home.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { causeOf, PorchlightError } from '../shared/errors.ts';
import { writeDurably } from './durable-file.ts';

export interface HomeKey {
  readonly publicKey: JWK;
  readonly privateKey: CryptoKey;
}

export const keyFileName = 'home-key.json';

/** Reads the key of the data folder, making it when there is none. Throws `home-key` when it is there but not usable. */
export async function openHomeKey(folder: string): Promise<HomeKey> {
  const path = join(folder, keyFileName);
  const stored = readIfThere(path);
  if (stored !== null) return await importKey(stored, path);
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const made = JSON.stringify(await exportJWK(privateKey));
  writeDurably(path, `${made}\n`, 0o600);
  return await importKey(made, path);
}

function readIfThere(path: string): string | null {
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new PorchlightError(
        'home-key',
        `Cannot use home's key: other users of this machine may read ${path}; run: chmod 600 ${path}`,
      );
    }
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}

async function importKey(text: string, path: string): Promise<HomeKey> {
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
    throw new PorchlightError(
      'home-key',
      `Cannot use home's key: ${path}: ${found}; restore it from a backup, or remove it and claim with a new code.`,
    );
  }
}
