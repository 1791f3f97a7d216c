// What the Link object knows of its home, as a Presence. Pure: facts in, presence out.

import { limits } from '../../shared/limits.ts';
import type { Presence } from '../../shared/presence.ts';

/** What is written down of a home that is not connected. */
export type Away = Extract<Presence, { readonly link: 'asleep' | 'lost' }>;

/** The open link as far as presence depends on it. */
export interface LinkFacts {
  readonly since: number;
  /** When home last said anything, a ping that the runtime answered included; ms since the epoch. */
  readonly heardAt: number;
  /** Home said SLEEP on this link. */
  readonly asleep: Away | null;
}

/**
 * `away`: what storage holds, null when nothing does. `openedAt`: when the last session was opened, null when none ever
 * was. A link that has been silent for limits.linkStaleMs is not believed in: its home pings more often than that.
 */
export function presenceOf(link: LinkFacts | null, away: Away | null, openedAt: number | null, now: number): Presence {
  if (link !== null) {
    if (link.asleep !== null) return link.asleep;
    if (now - link.heardAt > limits.linkStaleMs) return { link: 'lost', since: link.heardAt };
    return { link: 'connected', since: link.since };
  }
  if (away !== null) return away;
  return openedAt === null ? { link: 'never' } : { link: 'lost', since: openedAt };
}
