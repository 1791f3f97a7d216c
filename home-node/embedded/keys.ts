// The actor's key pairs: RSA, which every peer understands, and Ed25519 for object integrity proofs (FEP-8b32). Made
// once and kept in the database, because peers remember them: they are who the actor is.

import type { webcrypto } from 'node:crypto';
import { exportJwk, generateCryptoKeyPair, importJwk } from '@fedify/fedify';
import type { Clock } from '../../shared/clock.ts';
import type { Database } from './database.ts';

export interface ActorKeys {
  readonly pairs: readonly webcrypto.CryptoKeyPair[];
  readonly privateKeys: readonly webcrypto.JsonWebKey[];
}

/** RSA first: the first pair is the actor's `publicKey`. */
const kinds = ['RSASSA-PKCS1-v1_5', 'Ed25519'] as const;

export async function openActorKeys(database: Database, clock: Clock): Promise<ActorKeys> {
  if (storedKeys(database).length === 0) await makeKeys(database, clock);
  const stored = storedKeys(database);
  const pairs = await Promise.all(
    stored.map(async ({ privateKey, publicKey }) => ({
      privateKey: await importJwk(privateKey, 'private'),
      publicKey: await importJwk(publicKey, 'public'),
    })),
  );
  return { pairs, privateKeys: stored.map(({ privateKey }) => privateKey) };
}

function storedKeys(database: Database): { privateKey: webcrypto.JsonWebKey; publicKey: webcrypto.JsonWebKey }[] {
  const select = database.sql.prepare('SELECT private_key, public_key FROM keys WHERE kind = ?');
  return kinds.flatMap((kind) => {
    const row = select.get(kind);
    if (row === undefined) return [];
    return [
      {
        privateKey: JSON.parse(String(row.private_key)) as webcrypto.JsonWebKey,
        publicKey: JSON.parse(String(row.public_key)) as webcrypto.JsonWebKey,
      },
    ];
  });
}

/** Both kinds in one commit: a process that dies here leaves no half of an identity. */
async function makeKeys(database: Database, clock: Clock): Promise<void> {
  const made = await Promise.all(
    kinds.map(async (kind) => {
      const pair = await generateCryptoKeyPair(kind);
      return { kind, privateKey: await exportJwk(pair.privateKey), publicKey: await exportJwk(pair.publicKey) };
    }),
  );
  database.transaction(() => {
    const insert = database.sql.prepare(
      'INSERT INTO keys (kind, private_key, public_key, made_at) VALUES (?, ?, ?, ?)',
    );
    for (const { kind, privateKey, publicKey } of made) {
      insert.run(kind, JSON.stringify(privateKey), JSON.stringify(publicKey), clock.now());
    }
  });
}
