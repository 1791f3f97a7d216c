// The keys that home left: of actors whose deliveries its services have taken. They are asked first, so that a sender who
// is known needs no question, also when its server is down or its account is gone. A key that does not fit may be old:
// then it is asked for as any other (receive.ts).

import { limits } from '../../shared/limits.ts';
import { publicKeyFromPem } from '../../shared/signature/public-key.ts';
import { isRefused } from '../../shared/signature/refused.ts';
import { requireStrength } from '../../shared/signature/require.ts';
import type { ActorKey, Snapshot } from '../../shared/snapshot.ts';
import type { KnownKey } from './judge.ts';
import { isSameHost } from './key-document.ts';

/** Read once per snapshot that an isolate holds; each key once it is asked for: few are within the life of an isolate. */
const read = new WeakMap<Snapshot, Map<string, ActorKey | KnownKey | null>>();

/** null: home left none, or none that is sound. */
export function exportedKey(snapshot: Snapshot, keyId: string): KnownKey | null {
  const keys = read.get(snapshot) ?? byName(snapshot.actorKeys ?? []);
  read.set(snapshot, keys);
  const known = keys.get(keyId) ?? null;
  if (known === null || 'publicKey' in known) return known;
  const sound = soundKey(known);
  keys.set(keyId, sound);
  return sound;
}

/** By its own name, and by its owner's where that has one key alone: PeerTube signs so (key-document.ts). */
function byName(exported: readonly ActorKey[]): Map<string, ActorKey | KnownKey | null> {
  const keys = new Map<string, ActorKey | KnownKey | null>();
  for (const each of exported) keys.set(each.owner, keys.has(each.owner) ? null : each);
  for (const each of exported) keys.set(each.keyId, each);
  return keys;
}

/** As strict as with a document of the owner's own (key-document.ts): a service may have taken what the edge does not. */
function soundKey({ keyId, owner, publicKeyPem, domain }: ActorKey): KnownKey | null {
  if (owner.length > limits.addressLength || !isSameHost(owner, keyId)) return null;
  try {
    const publicKey = publicKeyFromPem(publicKeyPem);
    requireStrength(publicKey);
    return domain === undefined ? { publicKey, owner } : { publicKey, owner, domain };
  } catch (thrown) {
    if (isRefused(thrown)) return null;
    throw thrown;
  }
}
