// Answers deliveries whose signature could not be verified. 401 is for proof that is wrong; when the peer's key cannot
// be had just now (home has just woken, its line is not up yet, the peer is away), 503 tells home to come again.

import type { UnverifiedActivityReason } from '@fedify/fedify';
import { type Activity, Delete } from '@fedify/vocab';
import { type Provenance, partiesOf } from './activity.ts';

/** As long as Fedify remembers that a key could not be had. */
const retryAfterSeconds = 600;

/** Statuses that say of a document that it may be there another time (RFC 9110 section 15.5, RFC 6585 section 4). */
const passing = [408, 425, 429];

/** `forget` is called with an actor that is provably gone. `undefined` leaves Fedify's own answer, 401. */
export function answerUnverified(
  activity: Activity,
  provenance: Provenance,
  reason: UnverifiedActivityReason,
  forget: (actor: URL) => void,
): Response | undefined {
  if (reason.type !== 'keyFetchError') return undefined;
  const { result } = reason;
  if ('status' in result) {
    const gone = deletedActor(activity, provenance);
    // The Delete of an actor cannot be verified by a key that went with it; the 410 of its own origin says the same.
    if (result.status === 410 && gone !== null) {
      forget(gone);
      return new Response(null, { status: 202 });
    }
    if (result.status < 500 && !passing.includes(result.status)) return undefined;
  } else if (result.error.name === 'UrlError' && !/lookup/i.test(result.error.message)) {
    // An address that home never asks (a private network): no later time makes it better.
    return undefined;
  }
  return new Response('The key of this signature cannot be had now.', {
    status: 503,
    headers: { 'Retry-After': String(retryAfterSeconds) },
  });
}

function deletedActor(activity: Activity, provenance: Provenance): URL | null {
  const parties = partiesOf(activity, provenance);
  if (!(activity instanceof Delete) || parties === null) return null;
  return activity.objectId?.href === parties.actor.href ? parties.actor : null;
}
