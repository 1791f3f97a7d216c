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

interface Settled {
  /** ms, by the clock of whoever asks. */
  readonly at: number;
  /** null: whatever comes next of this sender. */
  readonly names: readonly string[] | null;
}

/** Names that are held against others; a delivery that names more concerns whatever comes. */
const mostNames = 16;

/** What makes the difference for all that its sender says next: a post is not for who does not follow yet. */
const concerningAll: readonly unknown[] = ['Accept', 'Move'];

/**
 * The activity and what it is about, by their ids: its objects and target, and theirs where it is about an activity. null:
 * that cannot be told, or it concerns whatever comes.
 */
export function namesIn(body: Uint8Array | null): readonly string[] | null {
  if (body === null) return null;
  let activity: unknown;
  try {
    activity = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch {
    // Nobody's activity: the service says so.
    return null;
  }
  if (!isObject(activity) || concerningAll.includes(activity.type)) return null;
  const about = [activity.object, activity.target].flat();
  const names = [activity, ...about, ...about.flatMap((one) => (isObject(one) ? [one.object].flat() : []))]
    .map((one) => (isObject(one) ? one.id : one))
    .filter((one) => typeof one === 'string');
  return names.length === 0 || names.length > mostNames ? null : names;
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
    const names = namesIn(body);
    const now = this.#now();
    const left = earlier.map((one) => (concerns(one.names, names) ? this.#leftMs(one, now) : 0));
    return Math.max(0, ...left);
  }

  /** The service took this one just now. */
  took({ delivery, body }: Handed): void {
    if (this.#settleMs === 0) return;
    const now = this.#now();
    const earlier = (this.#bySender.get(delivery.sender) ?? []).filter((one) => this.#leftMs(one, now) > 0);
    this.#bySender.set(delivery.sender, [...earlier, { at: now, names: namesIn(body) }]);
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

function concerns(one: Settled['names'], other: Settled['names']): boolean {
  return one === null || other === null || one.some((name) => other.includes(name));
}
