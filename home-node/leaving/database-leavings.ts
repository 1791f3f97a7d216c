// What a service's database says for strangers: names of accounts, actors that it knows, blocked domains, keys of peers.
// Which tables hold that is data of its adapter. What one row has wrong costs that row.

import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { ActorKey } from '../../shared/snapshot.ts';
import type { Federation, LeftOut } from '../adapters/adapter.ts';
import type { Reads } from '../adapters/server-adapter.ts';
import { inTurns } from '../turn.ts';
import { federationBlocks } from './blocks.ts';
import type { ReadOnlyDatabase, Row } from './database.ts';
import { pemOfModulus } from './go-rsa-key.ts';

/** The names before the @; null: more than may be left. */
export async function accountNames(database: ReadOnlyDatabase, { accounts }: Reads): Promise<readonly string[] | null> {
  const names = await column(database, accounts, 'name');
  return names.length > limits.leftAccounts ? null : names;
}

export interface Known {
  /** null: more than may be left, so that everybody counts as known. */
  readonly actors: readonly string[] | null;
  /** Where they are null: as many as were read. */
  readonly someActors?: readonly string[];
  /** null: the software keeps none. */
  readonly actorKeys: readonly ActorKey[] | null;
  readonly leftOut: readonly LeftOut[];
}

export async function knownTo(database: ReadOnlyDatabase, { actors, keys }: Reads): Promise<Known> {
  // Counted in rows: a table that was not read to its end may have named somebody twice, or nobody.
  const met = await all(database, actors);
  const found = keys.length === 0 ? null : await keysIn(await all(database, keys));
  const uris = await valuesOf(met, 'uri');
  return {
    ...(met.length > limits.databaseRows ? { actors: null, someActors: uris } : { actors: uris }),
    actorKeys: found?.keys ?? null,
    leftOut: found?.leftOut ?? [],
  };
}

/** What the owner says of whom a service federates with. */
export interface Limited {
  /** With those alone that its own list has, and `domains`. */
  readonly isLimited: boolean;
  readonly domains: readonly string[];
}

/** Whom the service blocks, and with whom alone it federates, at this moment: small questions. */
export async function federationOf(
  database: ReadOnlyDatabase,
  { blocks, blocksAreExact = false, milder = [], allowed }: Reads,
  { isLimited, domains }: Limited,
): Promise<Federation> {
  const blocked = blocks.length === 0 ? [] : await column(database, blocks, 'domain');
  const rows = allowed === undefined ? [] : await anyOf(database, allowed.questions);
  const isInForce = isLimited || (rows.length > 0 && allowed?.inForce === 'with rows');
  const listed = await valuesOf(rows, 'domain');
  const named = isInForce ? [...new Set([...listed, ...domains])] : [];
  const liftsNow = allowed?.liftsBlocks === (isInForce ? 'in force' : 'not in force');
  return {
    ...federationBlocks({
      blocked,
      isExact: blocksAreExact,
      milder: await valuesOf(await anyOf(database, milder), 'domain'),
      lifted: liftsNow ? listed : [],
    }),
    ...(isInForce ? { allowedDomains: named.map((domain) => domain.toLowerCase()) } : {}),
  };
}

/** What is said where that cannot be read: whoever may have a list has an empty one. */
export function unknownFederation({ allowed }: Reads, { isLimited }: Limited): Federation {
  return isLimited || allowed?.inForce === 'with rows' ? { allowedDomains: [] } : {};
}

async function column(database: ReadOnlyDatabase, asked: readonly string[], name: string): Promise<readonly string[]> {
  return await valuesOf(await all(database, asked), name);
}

/** Rows after which others have a turn. */
const rowsAtOnce = 5_000;

async function valuesOf(rows: readonly Row[], name: string): Promise<readonly string[]> {
  const values = new Set<string>();
  await inTurns(rows, rowsAtOnce, (row) => {
    const value = row[name];
    if (typeof value === 'string' && value !== '') values.add(value);
  });
  return [...values];
}

/** Of questions whose tables are there: those of the version that runs. */
async function anyOf(database: ReadOnlyDatabase, asked: readonly string[]): Promise<readonly Row[]> {
  return (await answers(database, asked)).flatMap((rows) => rows ?? []);
}

/** The same. Throws when none is there. */
async function all(database: ReadOnlyDatabase, asked: readonly string[]): Promise<readonly Row[]> {
  const found = await answers(database, asked);
  if (found.some((rows) => rows !== null)) return found.flatMap((rows) => rows ?? []);
  throw new PorchlightError(
    'service-database',
    'Cannot learn what the service leaves: its database has none of the tables that its kind has; see that kind and database in porchlight.toml belong together.',
  );
}

async function answers(
  database: ReadOnlyDatabase,
  asked: readonly string[],
): Promise<readonly (readonly Row[] | null)[]> {
  const found: (readonly Row[] | null)[] = [];
  for (const sql of asked) found.push(await database.rows(sql));
  return found;
}

/** Keys after which others have a turn: to read one of Go's takes a good part of a millisecond. */
const keysAtOnce = 10;

async function keysIn(
  rows: readonly Row[],
): Promise<{ readonly keys: readonly ActorKey[]; readonly leftOut: readonly LeftOut[] }> {
  const keys: ActorKey[] = [];
  const wrong: string[] = [];
  await inTurns(rows, keysAtOnce, (row) => {
    if (keys.length === limits.actorKeys) return;
    const key = keyOf(row);
    if (typeof key !== 'string') keys.push(key);
    else wrong.push(`${typeof row.keyId === 'string' ? row.keyId.slice(0, shownLength) : 'without a name'}: ${key}`);
  });
  const [first] = wrong;
  if (first === undefined) return { keys, leftOut: [] };
  const text = `${wrong.length} keys of peers in its database are none (${first}); they are asked for when somebody needs them, and nothing need be done.`;
  return { keys, leftOut: [{ of: 'keys', text, isSmall: true }] };
}

const shownLength = 200;

/** Or why it is none. */
function keyOf({ keyId, owner, pem, domain }: Readonly<Record<string, unknown>>): ActorKey | string {
  if (!isText(keyId) || !isText(owner) || !isText(pem)) return 'a part of it is missing';
  if (keyId.length > limits.addressLength || owner.length > limits.addressLength) return 'its address is too long';
  const publicKeyPem = pem.startsWith('{') ? pemOfModulus(pem) : pem.trim();
  if (publicKeyPem === null || !publicKeyPem.startsWith('-----BEGIN')) return 'it is not as keys are written';
  if (publicKeyPem.length > limits.actorKeyLength) return 'it is too long';
  if (!isSameHost(keyId, owner)) return 'it lies at another host than its owner';
  // As blocks are held against it: small letters, punycode, and no port. Without it the edge asks for the name.
  const host = isText(domain) ? (URL.parse(`https://${domain}`)?.hostname ?? '') : '';
  return { keyId, owner, publicKeyPem, ...(host === '' || host.length > 253 ? {} : { domain: host }) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A key elsewhere than its owner proves nothing. */
function isSameHost(one: string, other: string): boolean {
  const host = URL.parse(one)?.host;
  return host !== undefined && host === URL.parse(other)?.host;
}
