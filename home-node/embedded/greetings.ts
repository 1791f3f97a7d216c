// Which peers may have given this home up, and a word to each. Servers stop sending to a domain that failed them for about a
// week: Mastodon after failures on seven days (delivery_failure_tracker.rb), Misskey after seven days without an answer,
// Pleroma likewise. They come back by themselves only when they hear from it, and what they hear must be a signed
// activity in their inbox, of an actor that they know (Mastodon: inboxes_controller.rb, upgrade_account); to be asked for
// something is not enough. They say nothing of it to anybody, so who has been silent and was sent nothing for a week is
// greeted: by an Update of the owner's profile, which tells what is true and changes nothing for who has not given up.

import type { Context } from '@fedify/fedify';
import { PUBLIC_COLLECTION, Update } from '@fedify/vocab';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import type { Provenance } from './activity.ts';
import { type ActorParts, personOf } from './actor.ts';
import { owner } from './addresses.ts';
import { asRecipient, type Followers } from './followers.ts';
import type { Inbox } from './inbox.ts';
import type { SqliteKvStore } from './kv.ts';
import type { Posts } from './posts.ts';

export interface GreetingsParts extends Pick<ActorParts, 'origin' | 'handle' | 'title'> {
  readonly context: Context<Provenance>;
  readonly followers: Followers;
  readonly inbox: Inbox;
  readonly posts: Posts;
  /** Where it is remembered who was greeted: losing that costs a greeting. */
  readonly kv: SqliteKvStore;
  readonly clock: Clock;
}

export class Greetings {
  readonly #parts: GreetingsParts;

  constructor(parts: GreetingsParts) {
    this.#parts = parts;
  }

  /** Inboxes of servers with which there was no contact for `limits.greetAfterMs`, the longest first; at most `most`. */
  async peers(most: number): Promise<readonly string[]> {
    const now = this.#parts.clock.now();
    const contacts = [...(await this.#contacts())].filter(([, at]) => now - at >= limits.greetAfterMs);
    return contacts
      .sort(([, a], [, b]) => a - b)
      .slice(0, most)
      .map(([inbox]) => inbox);
  }

  /** Queues a greeting: it is sent as posts are. False: nobody there follows the owner any more. */
  async greet(peer: string): Promise<boolean> {
    const { context, followers, kv, clock } = this.#parts;
    const follower = followers.all().find((one) => inboxOf(one) === peer);
    if (follower === undefined) return false;
    const now = clock.now();
    const actor = context.getActorUri(owner);
    const update = new Update({
      id: new URL(`#updates/${now}`, actor),
      actor,
      to: PUBLIC_COLLECTION,
      object: await personOf(context, this.#parts),
    });
    await context.sendActivity({ identifier: owner }, asRecipient(follower), update, { preferSharedInbox: true });
    await kv.set(greetedKey(peer), now);
    return true;
  }

  /** When each server was last sent something, or was last heard from. */
  async #contacts(): Promise<ReadonlyMap<string, number>> {
    const { followers, inbox, posts, kv } = this.#parts;
    const sentToAll = posts.lastPostedAt() ?? 0;
    const heard = new Map<string, number>();
    for (const { actor, at } of inbox.lastHeard()) {
      const { origin } = new URL(actor);
      heard.set(origin, Math.max(heard.get(origin) ?? 0, at));
    }
    const contacts = new Map<string, number>();
    for (const follower of followers.all()) {
      const peer = inboxOf(follower);
      // Whoever follows was answered.
      const at = Math.max(follower.since, heard.get(new URL(follower.actor).origin) ?? 0, contacts.get(peer) ?? 0);
      contacts.set(peer, Math.max(at, sentToAll));
    }
    for (const [peer, at] of contacts) {
      contacts.set(peer, Math.max(at, (await kv.get<number>(greetedKey(peer))) ?? 0));
    }
    return contacts;
  }
}

const greetedKey = (peer: string) => ['porchlight', 'greeted', peer] as const;

function inboxOf({ sharedInbox, inbox }: { readonly sharedInbox: string | null; readonly inbox: string }): string {
  return sharedInbox ?? inbox;
}
