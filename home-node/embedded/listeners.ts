// What each kind of delivery does to the embedded home. Effects are commits that may be repeated without harm, so that
// a crash at any moment between effect and answer is mended by the delivery coming again. Fedify's own memory of
// activity ids is switched off: it would swallow the third of follow, undo, follow again, which some peers send
// byte for byte like the first.

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
import { concernsOwner, embeddedObject, type Provenance, partiesOf } from './activity.ts';
import { owner, paths } from './addresses.ts';
import type { Database } from './database.ts';
import type { Follower, Followers } from './followers.ts';
import type { Inbox, Said } from './inbox.ts';
import type { SqliteMessageQueue } from './queue.ts';
import { answerUnverified } from './unverified.ts';

export interface ListenerParts {
  readonly database: Database;
  readonly followers: Followers;
  readonly inbox: Inbox;
  readonly queue: SqliteMessageQueue;
  readonly clock: Clock;
  readonly log: Log;
}

type Context = InboxContext<Provenance>;

export function listenToPeers(federation: Federatable<Provenance>, parts: ListenerParts): void {
  const { database, followers, inbox, log } = parts;
  const forget = (actor: URL): void =>
    database.transaction(() => {
      followers.remove(actor.href);
      inbox.deleteActor(actor.href);
    });

  federation
    .setInboxListeners(paths.inbox, paths.sharedInbox)
    .withIdempotency(() => null)
    .setSharedKeyDispatcher(() => ({ identifier: owner }))
    .on(Follow, async (context, follow) => await onFollow(context, follow, parts))
    .on(Undo, async (context, undo) => await onUndo(context, undo, parts))
    .on(Create, async (context, create) => {
      const note = await embeddedObject(create, context);
      const author = partiesOf(create, context.data)?.actor.href;
      if (note?.id === undefined || note.id === null || note.attributionId?.href !== author) return;
      if (!(await concernsOwner(create, note, context.getActorUri(owner).href, context))) return;
      await keep(context, create, 'create', note.id, parts);
    })
    .on(Like, async (context, like) => {
      if (isOwners(context, like)) await keep(context, like, 'like', like.objectId, parts);
    })
    .on(Announce, async (context, announce) => {
      if (isOwners(context, announce)) await keep(context, announce, 'announce', announce.objectId, parts);
    })
    .on(Update, async (context, update) => {
      const parties = partiesOf(update, context.data);
      const changed = await embeddedObject(update, context);
      if (parties === null || changed?.id === undefined || changed.id === null) return;
      if (changed.id.href !== parties.actor.href) {
        inbox.update(parties.actor.href, changed.id.href, await update.toJsonLd(context));
      } else if (isActor(changed)) {
        const moved = followerOf(changed);
        if (moved !== null) followers.move(moved);
      }
    })
    .on(Delete, (context, deletion) => {
      const parties = partiesOf(deletion, context.data);
      if (parties === null || deletion.objectId === null) return;
      if (deletion.objectId.href === parties.actor.href) forget(parties.actor);
      else inbox.deleteObject(parties.actor.href, deletion.objectId.href);
    })
    .onUnverifiedActivity((context, activity, reason) => answerUnverified(activity, context.data, reason, forget))
    .onError((_context, error) => log.warn(`Cannot take a delivery: ${causeOf(error)}`));
}

/** Follower and Accept are one commit: whoever is told that they follow does, and whoever does is told. */
async function onFollow(context: Context, follow: Follow, parts: ListenerParts): Promise<void> {
  const { database, followers, queue, clock } = parts;
  const parties = partiesOf(follow, context.data);
  const ownerUri = context.getActorUri(owner);
  if (parties === null || follow.objectId?.href !== ownerUri.href) return;
  const actor = await follow.getActor(context);
  const follower = actor?.id?.href === parties.actor.href ? followerOf(actor) : null;
  if (actor === null || follower === null) return;
  const accept = new Accept({
    // Of the Follow's id, so that an Accept sent twice is one.
    id: new URL(`#accepts/${createHash('sha256').update(parties.id).digest('base64url')}`, ownerUri),
    actor: ownerUri,
    to: parties.actor,
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
async function onUndo(context: Context, undo: Undo, parts: ListenerParts): Promise<void> {
  const { database, followers, inbox } = parts;
  const parties = partiesOf(undo, context.data);
  if (parties === null) return;
  const actor = parties.actor.href;
  const undone = await embeddedObject(undo, context);
  const unfollows = undone instanceof Follow && undone.objectId?.href === context.getActorUri(owner).href;
  const id = undo.objectId?.href ?? null;
  database.transaction(() => {
    if (unfollows) followers.remove(actor);
    if (id === null) return;
    followers.removeByFollow(actor, id);
    inbox.undo(actor, id);
  });
}

async function keep(
  context: Context,
  activity: Activity,
  kind: Said['kind'],
  object: URL | null,
  parts: ListenerParts,
): Promise<void> {
  const parties = partiesOf(activity, context.data);
  if (parties === null || object === null) return;
  const said = { activity: parties.id, kind, actor: parties.actor.href, object: object.href };
  parts.inbox.add({ ...said, document: await activity.toJsonLd() }, parts.clock.now());
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
