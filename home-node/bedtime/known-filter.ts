// The filters of the actors that home knows, as the snapshot carries them. A server may know a hundred thousand, and each takes
// a dozen places: they are filled in turns with whatever else home does.

import { BloomFilter } from '../../shared/known-actors/bloom.ts';
import { limits } from '../../shared/limits.ts';
import type { BloomFilterData, Snapshot } from '../../shared/snapshot.ts';
import type { Leavings } from '../adapters/adapter.ts';
import { inTurns } from '../turn.ts';

const fewestActors = 1024;
/** Actors after which others have a turn: a few milliseconds. */
const actorsAtOnce = 2_000;

export type KnownFilters = Pick<Snapshot, 'knownActors' | 'metActors'>;

/**
 * Where one service cannot say whom it knows, all are known, so that news of an actor that it may know is not forgotten; and
 * whom somebody surely met is said besides. `senders`: those whose deliveries home has taken.
 */
export async function knownFilters(
  services: readonly Pick<Leavings, 'knownActors' | 'knownInPart'>[],
  senders: readonly string[],
): Promise<KnownFilters> {
  const lists = services.flatMap(({ knownActors, knownInPart }) => knownActors ?? knownInPart ?? []);
  const filter = await filterOf([lists, senders]);
  const isWhole = services.every(({ knownActors }) => knownActors !== null);
  return isWhole ? { knownActors: filter } : { knownActors: BloomFilter.full().toData(), metActors: filter };
}

async function filterOf(lists: readonly (readonly string[])[]): Promise<BloomFilterData> {
  const actors = new Set<string>();
  for (const list of lists) await inTurns(list, actorsAtOnce, (actor) => actors.add(actor));
  // Sized in doublings, so that one new actor changes a few bits and not all of them.
  const room = 2 ** Math.ceil(Math.log2(Math.max(fewestActors, actors.size)));
  const filter = BloomFilter.within(limits.knownActorsBytes, room, limits.knownActorsFalsePositives);
  await inTurns(actors, actorsAtOnce, (actor) => filter.add(actor));
  return filter.toData();
}
