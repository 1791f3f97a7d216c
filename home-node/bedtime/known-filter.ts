// The filter of the actors that home knows, as the snapshot carries it. A server may know a hundred thousand, and each takes
// a dozen places in it: it is filled in turns with whatever else home does.

import { BloomFilter } from '../../shared/known-actors/bloom.ts';
import { limits } from '../../shared/limits.ts';
import type { BloomFilterData } from '../../shared/snapshot.ts';
import { inTurns } from '../turn.ts';

const fewestActors = 1024;
/** Actors after which others have a turn: a few milliseconds. */
const actorsAtOnce = 2_000;

/** `met`: of each service; null: one that cannot say whom it knows. `senders`: those whose deliveries home has taken. */
export async function knownFilter(
  met: readonly (readonly string[] | null)[],
  senders: readonly string[],
): Promise<BloomFilterData> {
  // Where one cannot say whom it knows, all are known: news of an actor that it may know is not forgotten, unless the actor's
  // key is gone.
  if (met.includes(null)) return BloomFilter.full().toData();
  const actors = new Set<string>();
  for (const list of [...met, senders]) await inTurns(list ?? [], actorsAtOnce, (actor) => actors.add(actor));
  // Sized in doublings, so that one new actor changes a few bits and not all of them.
  const room = 2 ** Math.ceil(Math.log2(Math.max(fewestActors, actors.size)));
  const filter = BloomFilter.within(limits.knownActorsBytes, room, limits.knownActorsFalsePositives);
  await inTurns(actors, actorsAtOnce, (actor) => filter.add(actor));
  return filter.toData();
}
