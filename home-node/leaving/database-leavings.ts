// What a service's database says for strangers: names of accounts, actors that it knows, blocked domains, keys of peers.
// Which tables hold that is data of its adapter.

import { createPublicKey } from 'node:crypto';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { ActorKey } from '../../shared/snapshot.ts';
import type { Reads } from '../adapters/server-adapter.ts';
import type { ReadOnlyDatabase, Row } from './database.ts';

/** The names before the @; null: more than may be left. */
export async function accountNames(database: ReadOnlyDatabase, { accounts }: Reads): Promise<readonly string[] | null> {
  const names = await column(database, accounts, 'name');
  return names.length > limits.leftAccounts ? null : names;
}

export interface Known {
  /** null: more than may be left, so that everybody counts as known. */
  readonly actors: readonly string[] | null;
  readonly blockedDomains: readonly string[];
  /** null: the software keeps none. */
  readonly actorKeys: readonly ActorKey[] | null;
}

export async function knownTo(database: ReadOnlyDatabase, { actors, blocks, keys }: Reads): Promise<Known> {
  // Counted in rows: a table that was not read to its end may have named somebody twice, or nobody.
  const met = await all(database, actors);
  const blocked = blocks.length === 0 ? [] : await column(database, blocks, 'domain');
  const found = keys.length === 0 ? null : await all(database, keys);
  return {
    actors: met.length > limits.databaseRows ? null : valuesOf(met, 'uri'),
    blockedDomains: blocked.map((domain) => domain.toLowerCase()),
    actorKeys: found === null ? null : found.flatMap(keyOf).slice(0, limits.actorKeys),
  };
}

async function column(database: ReadOnlyDatabase, asked: readonly string[], name: string): Promise<readonly string[]> {
  return valuesOf(await all(database, asked), name);
}

function valuesOf(rows: readonly Row[], name: string): readonly string[] {
  const values = new Set<string>();
  for (const row of rows) {
    const value = row[name];
    if (typeof value === 'string' && value !== '') values.add(value);
  }
  return [...values];
}

/** Of questions whose tables are there: those of the version that runs. Throws when none is. */
async function all(database: ReadOnlyDatabase, asked: readonly string[]): Promise<readonly Row[]> {
  const answers: (readonly Row[] | null)[] = [];
  for (const sql of asked) answers.push(await database.rows(sql));
  if (answers.some((rows) => rows !== null)) return answers.flatMap((rows) => rows ?? []);
  throw new PorchlightError(
    'service-database',
    'Cannot learn what the service leaves: its database has none of the tables that its kind has; see that kind and database in porchlight.toml belong together.',
  );
}

function keyOf({ keyId, owner, pem, domain }: Row): readonly ActorKey[] {
  if (!keyId || !owner || !pem || keyId.length > limits.addressLength || owner.length > limits.addressLength) return [];
  const publicKeyPem = pem.startsWith('{') ? pemOfModulus(pem) : pem.trim();
  if (publicKeyPem === null || !publicKeyPem.startsWith('-----BEGIN')) return [];
  if (publicKeyPem.length > limits.actorKeyLength || !isSameHost(keyId, owner)) return [];
  const isDomain = typeof domain === 'string' && domain !== '' && domain.length <= 253;
  return [{ keyId, owner, publicKeyPem, ...(isDomain ? { domain: domain.toLowerCase() } : {}) }];
}

/** A key elsewhere than its owner proves nothing. */
function isSameHost(one: string, other: string): boolean {
  const host = URL.parse(one)?.host;
  return host !== undefined && host === URL.parse(other)?.host;
}

/** An RSA key as Go writes one as JSON: decimal numbers that no JSON reader here would keep. */
function pemOfModulus(text: string): string | null {
  const [, modulus] = /"N":\s*"?(\d+)/.exec(text) ?? [];
  const [, exponent] = /"E":\s*"?(\d+)/.exec(text) ?? [];
  if (modulus === undefined || exponent === undefined || modulus.length > limits.actorKeyLength) return null;
  const jwk = { kty: 'RSA', n: base64url(modulus), e: base64url(exponent) };
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString().trim();
}

function base64url(decimal: string): string {
  const hex = BigInt(decimal).toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
}
