// What a neighbour can be told to do. Each op sends at once and answers with the id of what it sent and the status that
// the other server gave; a refusal is a status, not an error.

import { type Context, SendActivityError } from '@fedify/fedify';
import {
  type Activity,
  Announce,
  Create,
  Delete,
  Follow,
  isActor,
  Like,
  Mention,
  Note,
  PUBLIC_COLLECTION,
  type Recipient,
  Undo,
  Update,
} from '@fedify/vocab';
import { identifier, type Neighbour } from './federation.ts';

type Order = Readonly<Record<string, unknown>>;
export type Op = (order: Order) => Promise<unknown>;

/** `to` is the URI of an actor, `object` of whatever is meant, `activity` the id of something sent before. */
export function createOps(neighbour: Neighbour): Readonly<Record<string, Op>> {
  const context: Context<void> = neighbour.federation.createContext(new URL(neighbour.origin), undefined);
  const me = new URL(neighbour.actor);
  const sent = new Map<string, Activity>();
  let count = 0;
  const newId = (kind: string): URL => {
    count += 1;
    return new URL(`/${kind}/${count}`, neighbour.origin);
  };

  const send = async (activity: Activity, to: string): Promise<{ id: string | null; status: number }> => {
    const id = activity.id?.href ?? null;
    if (id !== null) sent.set(id, activity);
    try {
      const recipient = await actorAt(context, to);
      await context.sendActivity({ identifier }, recipient, activity, { immediate: true });
      return { id, status: 202 };
    } catch (thrown) {
      if (thrown instanceof SendActivityError) return { id, status: thrown.statusCode };
      throw thrown;
    }
  };
  const earlier = (id: string): Activity => {
    const activity = sent.get(id);
    if (activity === undefined) throw new Error(`nothing was sent as ${id}`);
    return activity;
  };
  const noteOf = (id: URL, order: Order): Note => {
    const to = text(order, 'to');
    const note = new Note({
      id,
      attribution: me,
      tos: [PUBLIC_COLLECTION, new URL(to)],
      content: text(order, 'content'),
      tags: [new Mention({ href: new URL(to), name: to })],
      ...(order.inReplyTo === undefined ? {} : { replyTarget: new URL(text(order, 'inReplyTo')) }),
    });
    neighbour.notes.set(id.href, note);
    return note;
  };

  return {
    /** `@owner@host` → the actor, by WebFinger and its document. */
    resolve: async (order) => {
      const handle = text(order, 'handle').replace(/^@/, '');
      const links = await webFingerLinks(context, handle);
      const actor = links.find(({ rel, type }) => rel === 'self' && type?.includes('activity+json'))?.href;
      if (actor === undefined) throw new Error(`WebFinger knows no actor for ${handle}`);
      const found = await actorAt(context, actor);
      return { actor, inbox: found.inboxId?.href ?? null, sharedInbox: found.endpoints?.sharedInbox?.href ?? null };
    },
    follow: async (order) => {
      const object = new URL(text(order, 'to'));
      return await send(new Follow({ id: newId('follows'), actor: me, object, to: object }), object.href);
    },
    create: async (order) => {
      const object = noteOf(newId('notes'), order);
      const activity = new Create({ id: newId('creations'), actor: me, object, tos: object.toIds });
      return { ...(await send(activity, text(order, 'to'))), note: object.id?.href ?? null };
    },
    update: async (order) => {
      const object = noteOf(new URL(text(order, 'object')), order);
      return await send(new Update({ id: newId('updates'), actor: me, object, tos: object.toIds }), text(order, 'to'));
    },
    like: async (order) => {
      const object = new URL(text(order, 'object'));
      return await send(new Like({ id: newId('likes'), actor: me, object }), text(order, 'to'));
    },
    announce: async (order) => {
      const object = new URL(text(order, 'object'));
      return await send(new Announce({ id: newId('announces'), actor: me, object }), text(order, 'to'));
    },
    undo: async (order) => {
      const object = earlier(text(order, 'activity'));
      return await send(new Undo({ id: newId('undos'), actor: me, object }), text(order, 'to'));
    },
    /** The very same activity once more. */
    again: async (order) => await send(earlier(text(order, 'activity')), text(order, 'to')),
    'delete-note': async (order) => {
      const object = new URL(text(order, 'object'));
      neighbour.notes.set(object.href, null);
      return await send(new Delete({ id: newId('deletes'), actor: me, object }), text(order, 'to'));
    },
    'delete-self': async (order) =>
      await send(new Delete({ id: newId('deletes'), actor: me, object: me }), text(order, 'to')),
    /** From now on its own server says that it is gone. */
    vanish: async () => await Promise.resolve(neighbour.vanish()),
    /** From now on (until `deaf` is false) its server refuses deliveries for the time being. */
    deaf: async (order) => await Promise.resolve(neighbour.setDeaf(order.deaf === true)),
    received: async () => await Promise.resolve(neighbour.received),
  };
}

interface WebFingerLink {
  readonly rel: string;
  readonly type?: string;
  readonly href?: string;
}

/** Like the neighbour itself the other may be on plain HTTP here, which WebFinger (RFC 7033 section 4) is not. */
async function webFingerLinks(context: Context<void>, handle: string): Promise<readonly WebFingerLink[]> {
  if (context.origin.startsWith('https:')) {
    const answer = await context.lookupWebFinger(`acct:${handle}`, { allowPrivateAddress: true });
    return answer?.links ?? [];
  }
  const host = handle.slice(handle.lastIndexOf('@') + 1);
  const answer = await fetch(`http://${host}/.well-known/webfinger?resource=acct:${encodeURIComponent(handle)}`);
  return answer.ok ? ((await answer.json()) as { links: readonly WebFingerLink[] }).links : [];
}

async function actorAt(context: Context<void>, uri: string): Promise<Recipient> {
  const actor = await context.lookupObject(uri);
  if (!isActor(actor)) throw new Error(`${uri} is no actor`);
  return actor;
}

function text(order: Order, name: string): string {
  const value = order[name];
  if (typeof value !== 'string') throw new Error(`the op needs ${name}`);
  return value;
}
