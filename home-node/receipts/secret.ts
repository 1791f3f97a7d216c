// The secret that receipts are made with: 32 random bytes in a file that only the owner's account may read. It is made
// once and never leaves home.

import { readFileSync, statSync } from 'node:fs';
import type { Random } from '../../shared/clock.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { writeDurably } from '../durable-file.ts';

const secretBytes = 32;

/** Reads the secret, making it when there is none. Throws `receipt-secret` when the file is there but not usable. */
export function openSecret(path: string, random: Random): Uint8Array {
  try {
    return readSecret(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
  writeDurably(path, `${Buffer.from(random.bytes(secretBytes)).toString('base64url')}\n`, 0o600);
  return readSecret(path);
}

/** Throws `receipt-secret`, or the system's ENOENT when there is no file. */
export function readSecret(path: string): Uint8Array {
  if ((statSync(path).mode & 0o077) !== 0) {
    throw unusable(`other users of this machine may read ${path}; run: chmod 600 ${path}`);
  }
  const secret = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64url');
  if (secret.length !== secretBytes) {
    throw unusable(`${path} does not hold ${secretBytes} bytes as base64url; remove it, and a new one is made`);
  }
  return secret;
}

function unusable(found: string): PorchlightError {
  return new PorchlightError('receipt-secret', `Cannot use the receipt secret: ${found}.`);
}
