// Answers deliveries whose signature could not be verified. 401 is for proof that is wrong; when the peer's key cannot
// be had just now (home has just woken, its line is not up yet, the peer is away), 503 tells home to come again.

import type { Context, UnverifiedActivityReason } from '@fedify/fedify';
import { type Activity, Delete } from '@fedify/vocab';
import { type Parties, type Provenance, partiesOf } from './activity.ts';
import { type KeyFailure, keyFailureOf } from './actor-keys.ts';
import type { SqliteKvStore } from './kv.ts';

/** As long as Fedify remembers that a key could not be had. */
const retryAfterSeconds = 600;

/** Statuses that say of a document that it may be there another time (RFC 9110 section 15.5, RFC 6585 section 4). */
const passing = [408, 425, 429];

export interface UnverifiedParts {
  readonly kv: SqliteKvStore;
  /** Of an actor that is provably gone. */
  readonly forget: (actor: URL) => void;
}

/** `undefined` leaves Fedify's own answer, 401. */
export async function answerUnverified(
  context: Context<Provenance>,
  activity: Activity,
  reason: UnverifiedActivityReason,
  { kv, forget }: UnverifiedParts,
): Promise<Response | undefined> {
  const failures = await failuresOf(context.data, reason, kv);
  const goneKey = failures.find(({ failure }) => 'status' in failure && failure.status === 410);
  // The Delete of an actor cannot be verified by a key that went with it; the 410 of the actor itself says the same.
  if (goneKey !== undefined) {
    const gone = await deletedActor(activity, context, goneKey.keyId);
    if (gone !== null) {
      forget(gone.actor);
      return new Response(null, { status: 202 });
    }
  }
  if (!failures.some(({ failure }) => mayPass(failure))) return undefined;
  return new Response('The key of this signature cannot be had now.', {
    status: 503,
    headers: { 'Retry-After': String(retryAfterSeconds) },
  });
}

interface Failed {
  readonly keyId: URL;
  readonly failure: KeyFailure;
}

/** Of the request's key, or of those of the proofs in the body. */
async function failuresOf(
  { handedOnBy }: Provenance,
  reason: UnverifiedActivityReason,
  kv: SqliteKvStore,
): Promise<readonly Failed[]> {
  if (handedOnBy === null)
    return reason.type === 'keyFetchError' ? [{ keyId: reason.keyId, failure: reason.result }] : [];
  const failures = await Promise.all(
    handedOnBy.map(async (keyId) => ({ keyId, failure: await keyFailureOf(kv, keyId) })),
  );
  return failures.flatMap(({ keyId, failure }) => (failure === null ? [] : [{ keyId, failure }]));
}

function mayPass(failure: KeyFailure): boolean {
  if ('status' in failure) return failure.status >= 500 || passing.includes(failure.status);
  // An address that home never asks (a private network): no later time makes it better.
  return failure.error.name !== 'UrlError' || /lookup/i.test(failure.error.message);
}

/** null unless it is the Delete of its own actor, whose own address says that it is gone: keys go for other reasons too. */
async function deletedActor(
  activity: Activity,
  context: Context<Provenance>,
  { href, hash }: URL,
): Promise<Parties | null> {
  const parties = await partiesOf(activity, context);
  if (!(activity instanceof Delete) || parties === null) return null;
  const actor = parties.actor.href;
  if (activity.objectId?.href !== actor) return null;
  if (href === `${actor}${hash}`) return parties;
  try {
    await context.documentLoader(actor);
    return null;
  } catch (thrown) {
    const { response } = thrown as { readonly response?: Response };
    return response?.status === 410 ? parties : null;
  }
}
