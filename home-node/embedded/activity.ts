// What the listeners need to know of an activity: who says it, whether it is theirs to say, and whether it is about the
// owner. Only what came along is read; nothing is fetched here.

import type { Context, DocumentLoader } from '@fedify/fedify';
import { type Activity, type Object as ApObject, Mention } from '@fedify/vocab';

/** What is known of a delivery besides its activity; Fedify hands it through as its context data. */
export interface Provenance {
  /** Where the key of the request's signature lies; null for what home itself begins. */
  readonly keyOrigin: string | null;
}

export interface Parties {
  readonly id: string;
  readonly actor: URL;
}

/**
 * null unless one actor says it, by a key of that actor's own origin, and its id lies there too: rows are kept by
 * activity id, and nobody may take the ids of others.
 */
export function partiesOf(activity: Activity, { keyOrigin }: Provenance): Parties | null {
  const [actor, ...others] = activity.actorIds;
  if (actor === undefined || others.length > 0 || activity.id === null) return null;
  const own = actor.origin === keyOrigin && activity.id.origin === actor.origin;
  return own ? { id: activity.id.href, actor } : null;
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
