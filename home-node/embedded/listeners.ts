// What each kind of delivery does to the embedded home. Effects are commits that may be repeated without harm, so that
// a crash at any moment between effect and answer is mended by the delivery coming again. Fedify's own memory of
// activity ids is switched off: it would swallow the third of follow, undo, follow again, which some peers send
// byte for byte like the first.
//
// What somebody else brings, proven by its body, does less (body-proofs.ts): it never changes who follows, and what its
// author has taken back stays taken back.

import { createHash } from 'node:crypto';
import type { Federatable, InboxContext } from '@fedify/fedify';
import {
  Accept,
  type Activity,
  type Actor,
  Announce,
  Create,
  Delete,
  Follow,
  isActor,
  Like,
  Undo,
  Update,
} from '@fedify/vocab';
import type { Clock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';
import type { Log } from '../log.ts';
import { concernsOwner, embeddedObject, type Parties, type Provenance, partiesOf } from './activity.ts';
import { owner, paths } from './addresses.ts';
import type { Database } from './database.ts';
import type { Follower, Followers } from './followers.ts';
import type { Inbox, Said } from './inbox.ts';
import type { SqliteKvStore } from './kv.ts';
import type { SqliteMessageQueue } from './queue.ts';
import { answerUnverified } from './unverified.ts';

export interface ListenerParts {
  readonly database: Database;
  readonly followers: Followers;
  readonly inbox: Inbox;
  readonly queue: SqliteMessageQueue;
  readonly kv: SqliteKvStore;
  readonly clock: Clock;
  readonly log: Log;
}

type Context = InboxContext<Provenance>;
type Listener<Said> = (context: Context, activity: Said, parties: Parties) => Promise<void> | void;

export function listenToPeers(federation: Federatable<Provenance>, parts: ListenerParts): void {
  const { database, followers, inbox, kv, log } = parts;
  const forget = (actor: URL): void =>
    database.transaction(() => {
      followers.remove(actor.href);
      inbox.deleteActor(actor.href);
    });

  federation
    .setInboxListeners(paths.inbox, paths.sharedInbox)
    .withIdempotency(() => null)
    .setSharedKeyDispatcher(() => ({ identifier: owner }))
    .on(
      Follow,
      proven(async (context, follow, parties) => {
        if (!isHandedOn(context)) await onFollow(context, follow, parties, parts);
      }),
    )
    .on(
      Undo,
      proven(async (context, undo, parties) => await onUndo(context, undo, parties, parts)),
    )
    .on(
      Create,
      proven(async (context, create, parties) => {
        const note = await embeddedObject(create, context);
        if (note?.id === undefined || note.id === null || note.attributionId?.href !== parties.actor.href) return;
        if (!(await concernsOwner(create, note, context.getActorUri(owner).href, context))) return;
        await keep(context, create, 'create', note.id, parties, parts);
      }),
    )
    .on(
      Like,
      proven(async (context, like, parties) => {
        if (isOwners(context, like)) await keep(context, like, 'like', like.objectId, parties, parts);
      }),
    )
    .on(
      Announce,
      proven(async (context, announce, parties) => {
        if (isOwners(context, announce)) await keep(context, announce, 'announce', announce.objectId, parties, parts);
      }),
    )
    .on(
      Update,
      proven(async (context, update, { actor }) => {
        const changed = await embeddedObject(update, context);
        if (changed?.id === undefined || changed.id === null) return;
        if (changed.id.href !== actor.href) {
          const document = await update.toJsonLd(context);
          database.transaction(() => inbox.update(actor.href, changed.id?.href ?? '', document));
        } else if (isActor(changed) && !isHandedOn(context)) {
          const moved = followerOf(changed);
          if (moved !== null) followers.move(moved);
        }
      }),
    )
    .on(
      Delete,
      proven((context, deletion, { actor }) => {
        const deleted = deletion.objectId?.href;
        if (deleted === undefined) return;
        database.transaction(() => {
          inbox.rememberTakenBack(actor.href, deleted, context.data.arrivedAt);
          if (deleted !== actor.href) inbox.deleteObject(actor.href, deleted);
          else inbox.deleteActor(actor.href);
          if (deleted === actor.href && !isHandedOn(context)) followers.remove(actor.href);
        });
      }),
    )
    .onUnverifiedActivity((context, activity, reason) => answerUnverified(context, activity, reason, { kv, forget }))
    .onError((_context, error) => log.warn(`Cannot take a delivery: ${causeOf(error)}`));
}

/** Nothing happens when it is not its actor's to say. */
function proven<Said extends Activity>(listener: Listener<Said>) {
  return async (context: Context, activity: Said): Promise<void> => {
    const parties = await partiesOf(activity, context);
    if (parties !== null) await listener(context, activity, parties);
  };
}

function isHandedOn(context: Context): boolean {
  return context.data.handedOnBy !== null;
}

/** Follower and Accept are one commit: whoever is told that they follow does, and whoever does is told. */
async function onFollow(context: Context, follow: Follow, parties: Parties, parts: ListenerParts): Promise<void> {
  const { database, followers, queue, clock } = parts;
  const ownerUri = context.getActorUri(owner);
  if (follow.objectId?.href !== ownerUri.href) return;
  const actor = await follow.getActor(context);
  const follower = actor?.id?.href === parties.actor.href ? followerOf(actor) : null;
  if (actor === null || follower === null) return;
  const accept = new Accept({
    // Of the Follow's id, so that an Accept sent twice is one.
    id: new URL(`#accepts/${createHash('sha256').update(parties.id).digest('base64url')}`, ownerUri),
    actor: ownerUri,
    // Without `to`, as Mastodon sends it: PeerTube reads none that has one recipient, which Fedify writes as one text.
    // By their ids, as the follower wrote it: some (Takahē) know no Follow whose actor is a whole document.
    object: new Follow({ id: follow.id, actor: parties.actor, object: ownerUri }),
  });
  const promised = await queue.collect(async () => {
    await context.sendActivity({ identifier: owner }, actor, accept);
  });
  database.transaction(() => {
    followers.add(follower, parties.id, clock.now());
    queue.store(promised);
  });
}

/** Peers name what they undo by id, carry it along, or both. */
async function onUndo(context: Context, undo: Undo, parties: Parties, parts: ListenerParts): Promise<void> {
  const { database, followers, inbox } = parts;
  const actor = parties.actor.href;
  const undone = await embeddedObject(undo, context);
  const unfollows = undone instanceof Follow && undone.objectId?.href === context.getActorUri(owner).href;
  const id = undo.objectId?.href ?? null;
  const mayUnfollow = !isHandedOn(context);
  database.transaction(() => {
    if (unfollows && mayUnfollow) followers.remove(actor);
    if (id === null) return;
    if (mayUnfollow) followers.removeByFollow(actor, id);
    inbox.undo(actor, id);
    inbox.rememberTakenBack(actor, id, context.data.arrivedAt);
  });
}

async function keep(
  context: Context,
  activity: Activity,
  kind: Said['kind'],
  object: URL | null,
  { id, actor: { href: actor } }: Parties,
  { inbox, clock }: ListenerParts,
): Promise<void> {
  if (object === null) return;
  const document = await activity.toJsonLd();
  // From here on nothing else happens in between.
  if (isHandedOn(context) && inbox.wasTakenBack(actor, [id, object.href, actor])) return;
  inbox.add({ activity: id, kind, actor, object: object.href, document }, clock.now());
}

function isOwners(context: Context, activity: Activity): boolean {
  return activity.objectId?.href.startsWith(`${context.getActorUri(owner).href}/`) === true;
}

/** null when the profile names no place to send to. */
function followerOf(actor: Actor): Follower | null {
  if (actor.id === null || actor.inboxId === null) return null;
  const sharedInbox = actor.endpoints?.sharedInbox?.href ?? null;
  return { actor: actor.id.href, inbox: actor.inboxId.href, sharedInbox };
}
