// How a signature comes to its key: by the one that home left; if that is old, by the one that is remembered; and if that is
// old, by the one there is now. The same for whoever delivers and for whoever asks.

import type { Snapshot } from '../../shared/snapshot.ts';
import { isLoopback, networkOf } from '../http/public-address.ts';
import { exportedKey } from './exported-keys.ts';
import type { KeyAnswer } from './judge.ts';
import type { Keys, Naming } from './keys.ts';

/** What a judge says with a key at hand; `keyMayBeOld`: the signature does not fit it, perhaps there is a new one. */
interface Concluded<Verdict> {
  readonly verdict: Verdict;
  readonly keyMayBeOld: boolean;
}

export async function prove<Verdict>(
  keys: Keys,
  snapshot: Snapshot,
  keyId: string,
  naming: Naming,
  conclude: (answer: KeyAnswer) => Promise<Concluded<Verdict>>,
): Promise<Verdict> {
  const exported = exportedKey(snapshot, keyId);
  if (exported !== null) {
    const { verdict, keyMayBeOld } = await conclude({ key: 'found', ...exported });
    if (!keyMayBeOld) return verdict;
  }
  const first = await conclude(await keys.resolve(keyId, naming));
  const newer = first.keyMayBeOld ? await keys.refresh(keyId, naming) : null;
  return (newer === null ? first : await conclude(newer)).verdict;
}

/** Who named a key, and as whom the edge asks for it. `remoteAddress`: null where it is not known. */
export function namingOf(
  homeId: string,
  { scheme, host }: { readonly scheme: string; readonly host: string },
  remoteAddress: string | null,
): Naming {
  // Who comes from loopback comes through a proxy on this machine, and all do: that says nothing of whose it is.
  const network = remoteAddress === null || isLoopback(remoteAddress) ? null : networkOf(remoteAddress);
  // Peers look the edge's actor up by https, however this came; a host has a port only in development.
  return { homeId, network, origin: `${host.includes(':') ? scheme : 'https'}://${host}` };
}
