// Some services answer before they have done their work, and work on several deliveries at once: what takes something back
// may then be done before what it takes back, and is done for nothing. Hours lie between the two as their sender sends them;
// a night's drain leaves milliseconds. So to such a service the next delivery of a sender waits a moment, if it concerns what
// an earlier one was about. All else goes on, so that a relay's night does not take a day.

import type { Delivery } from '../../shared/delivery.ts';

interface Handed {
  readonly delivery: Delivery;
  /** null: still at the edge. */
  readonly body: Uint8Array | null;
}

/** What a delivery is about. */
interface Concern {
  /** null: whatever comes next of this sender. */
  readonly names: readonly string[] | null;
  readonly isVote: boolean;
}

interface Settled {
  /** ms, by the clock of whoever asks. */
  readonly at: number;
  readonly concern: Concern;
}

/** Names that are held against others; a delivery that names more concerns whatever comes. */
const mostNames = 16;

/** What makes the difference for all that its sender says next: a post is not for who does not follow yet. */
const concerningAll: readonly unknown[] = ['Accept', 'Move'];

/**
 * Of such on one thing it does not matter which is first: a group brings hundreds of them on one post, as one sender. What
 * takes one back (Undo) is none.
 */
const votes: readonly unknown[] = ['Like', 'Dislike', 'EmojiReact'];

/**
 * The activity and what it is about, by their ids: its objects and target, and theirs where it is about an activity. null:
 * that cannot be told, or it concerns whatever comes.
 */
export function namesIn(body: Uint8Array | null): readonly string[] | null {
  return concernOf(body).names;
}

function concernOf(body: Uint8Array | null): Concern {
  const whatever: Concern = { names: null, isVote: false };
  if (body === null) return whatever;
  let activity: unknown;
  try {
    activity = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch {
    // Nobody's activity: the service says so.
    return whatever;
  }
  if (!isObject(activity) || concerningAll.includes(activity.type)) return whatever;
  const about = [activity.object, activity.target].flat();
  const names = [activity, ...about, ...about.flatMap((one) => (isObject(one) ? [one.object].flat() : []))]
    .map((one) => (isObject(one) ? one.id : one))
    .filter((one) => typeof one === 'string');
  if (names.length === 0 || names.length > mostNames) return whatever;
  // Announced by a group, or by itself.
  const [said] = activity.type === 'Announce' ? about : [activity];
  return { names, isVote: isObject(said) && votes.includes(said.type) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of one service. */
export class Settling {
  readonly #settleMs: number;
  readonly #now: () => number;
  readonly #bySender = new Map<string, Settled[]>();
  #sweptAt = 0;

  /** `settleMs`: 0 if it has done its work when it answers. */
  constructor(settleMs: number, now: () => number) {
    this.#settleMs = settleMs;
    this.#now = now;
  }

  /** How long until this one may begin, ms; 0: now. */
  waitMs({ delivery, body }: Handed): number {
    const earlier = this.#bySender.get(delivery.sender);
    if (earlier === undefined) return 0;
    const concern = concernOf(body);
    const now = this.#now();
    const left = earlier.map((one) => (concerns(one.concern, concern) ? this.#leftMs(one, now) : 0));
    return Math.max(0, ...left);
  }

  /** The service took this one just now. */
  took({ delivery, body }: Handed): void {
    if (this.#settleMs === 0) return;
    const now = this.#now();
    const earlier = (this.#bySender.get(delivery.sender) ?? []).filter((one) => this.#leftMs(one, now) > 0);
    this.#bySender.set(delivery.sender, [...earlier, { at: now, concern: concernOf(body) }]);
    if (now >= this.#sweptAt && now < this.#sweptAt + this.#settleMs) return;
    this.#sweptAt = now;
    for (const [sender, ones] of this.#bySender) {
      if (ones.every((one) => this.#leftMs(one, now) === 0)) this.#bySender.delete(sender);
    }
  }

  #leftMs({ at }: Settled, now: number): number {
    // What lies ahead was before the clock was put back.
    return at > now ? 0 : Math.max(0, at + this.#settleMs - now);
  }
}

function concerns(one: Concern, other: Concern): boolean {
  if (one.names === null || other.names === null) return true;
  if (one.isVote && other.isVote) return false;
  const { names } = other;
  return one.names.some((name) => names.includes(name));
}
