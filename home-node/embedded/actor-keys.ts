// The keys of those whom the owner has met, for the edge: out of Fedify's memory, which has the key of everybody whose
// delivery it took. Only those that lie at their owner's own address, or below it, because who decides what lies there
// decides the owner's document too; the edge trusts what home leaves it as it trusts such a document.

import type { ActorKey } from '../../shared/snapshot.ts';
import type { SqliteKvStore } from './kv.ts';

/** Where Fedify keeps keys unless it is told otherwise (`kvPrefixes.publicKey`): key id → the key, JSON-LD in expanded form. */
const prefix = ['_fedify', 'publicKey'] as const;
const security = 'https://w3id.org/security#';

/** Of these actors, in their order. */
export async function actorKeysOf(kv: SqliteKvStore, actors: readonly string[]): Promise<readonly ActorKey[]> {
  const keys = new Map<string, ActorKey[]>();
  for await (const { value } of kv.list(prefix)) {
    const key = keyOf(value);
    if (key !== null) keys.set(key.owner, [...(keys.get(key.owner) ?? []), key]);
  }
  return actors.flatMap((actor) => keys.get(actor) ?? []);
}

/** Why this key could not be had when it was last asked for. */
export type KeyFailure = { readonly status: number } | { readonly error: Pick<Error, 'name' | 'message'> };

/** As long as Fedify remembers it; null: it could be had, or nobody asked. */
export async function keyFailureOf(kv: SqliteKvStore, keyId: URL): Promise<KeyFailure | null> {
  const kept = await kv.get<Readonly<Record<string, unknown>>>([...prefix, '__fetchError', keyId.href]);
  if (typeof kept?.status === 'number') return { status: kept.status };
  const { errorName, errorMessage } = kept ?? {};
  if (typeof errorName !== 'string' || typeof errorMessage !== 'string') return null;
  return { error: { name: errorName, message: errorMessage } };
}

/** null for what is no such key: keys that were asked for in vain lie there too, and what went wrong with them. */
function keyOf(value: unknown): ActorKey | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = value as Readonly<Record<string, unknown>>;
  const keyId = fields['@id'];
  const owner = soleOf(fields[`${security}owner`], '@id');
  const publicKeyPem = soleOf(fields[`${security}publicKeyPem`], '@value');
  if (typeof keyId !== 'string' || typeof owner !== 'string' || typeof publicKeyPem !== 'string') return null;
  const isOwn = keyId.startsWith(`${owner}#`) || keyId.startsWith(`${owner}/`);
  return isOwn ? { keyId, owner, publicKeyPem } : null;
}

/** Of a property in expanded form, which is a list of objects. */
function soleOf(values: unknown, member: '@id' | '@value'): unknown {
  const [value, ...more] = Array.isArray(values) ? (values as readonly Readonly<Record<string, unknown>>[]) : [];
  return more.length === 0 ? value?.[member] : undefined;
}
