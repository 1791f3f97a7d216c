// What the listeners need to know of an activity: who says it, whether it is theirs to say, and whether it is about the
// owner. Only what came along is read; nothing is fetched here.

import type { Context, DocumentLoader } from '@fedify/fedify';
import { type Activity, type Object as ApObject, Mention } from '@fedify/vocab';
import { areOf } from './body-proofs.ts';

/** What is known of a delivery besides its activity; Fedify hands it through as its context data. */
export interface Provenance {
  /** Where every key lies that can have proven it; null for what home itself begins. */
  readonly keyOrigin: string | null;
  /** Keys of the proofs in its body, when somebody else than its actor brought it; null: its actor did. */
  readonly handedOnBy: readonly URL[] | null;
  /** When it arrived, ms since the epoch. */
  readonly arrivedAt: number;
}

/** Of what home itself begins. */
export const homesOwn: Provenance = { keyOrigin: null, handedOnBy: null, arrivedAt: 0 };

export interface Parties {
  readonly id: string;
  readonly actor: URL;
}

/**
 * null unless one actor says it, by keys of that actor's own origin alone, and its id lies there too: rows are kept by
 * activity id, and nobody may take the ids of others.
 */
export async function partiesOf(activity: Activity, context: Context<Provenance>): Promise<Parties | null> {
  const { keyOrigin, handedOnBy, arrivedAt } = context.data;
  const [actor, ...others] = activity.actorIds;
  if (actor === undefined || others.length > 0 || activity.id === null) return null;
  if (actor.origin !== keyOrigin || activity.id.origin !== actor.origin) return null;
  const newAt = handedOnBy === null ? null : arrivedAt;
  const isProven = await areOf(activity, actor.origin, newAt, context.contextLoader);
  return isProven ? { id: activity.id.href, actor } : null;
}

/** The activity's object if it came along whole and from the same origin; null if only its id did. */
export async function embeddedObject(activity: Activity, context: Context<Provenance>): Promise<ApObject | null> {
  return await activity.getObject(nothingFetched(context));
}

/** Is it addressed to the owner, does it mention them, or does it answer one of their posts? */
export async function concernsOwner(
  activity: Activity,
  object: ApObject,
  ownerUri: string,
  context: Context<Provenance>,
): Promise<boolean> {
  const addressed = [...activity.toIds, ...activity.ccIds, ...object.toIds, ...object.ccIds];
  if (addressed.some(({ href }) => href === ownerUri)) return true;
  if (object.replyTargetIds.some(({ href }) => href.startsWith(`${ownerUri}/`))) return true;
  for await (const tag of object.getTags(nothingFetched(context))) {
    if (tag instanceof Mention && tag.href?.href === ownerUri) return true;
  }
  return false;
}

function nothingFetched({ contextLoader }: Context<Provenance>) {
  const documentLoader: DocumentLoader = (url) => Promise.reject(new Error(`${url} did not come along`));
  return { contextLoader, documentLoader, suppressError: true };
}
