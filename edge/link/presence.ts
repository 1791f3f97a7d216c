// What the Link object knows of its home, as a Presence. Pure: facts in, presence out.

import { limits } from '../../shared/limits.ts';
import type { LinkPresence, Presence, ServiceState } from '../../shared/presence.ts';

/** What is written down of a home that is not connected. */
export type Away = Extract<LinkPresence, { readonly link: 'asleep' | 'lost' }>;

/** The open link as far as presence depends on it. */
export interface LinkFacts {
  readonly since: number;
  /** When home last said anything, a ping that the runtime answered included; ms since the epoch. */
  readonly heardAt: number;
  /** Home said SLEEP on this link. */
  readonly asleep: Away | null;
  /** As home last said on this link; null while it has not. */
  readonly services: readonly ServiceState[] | null;
}

/** What storage holds of a home that went, and how its services were when it said good night. */
export interface LeftFacts {
  readonly away: Away | null;
  readonly services: readonly ServiceState[] | null;
  /** When the last session was opened, null when none ever was. */
  readonly openedAt: number | null;
}

/**
 * A link that has been silent for limits.linkStaleMs is not believed in: its home pings more often than that. Nor is
 * what a lost home said of its services.
 */
export function presenceOf(link: LinkFacts | null, left: LeftFacts, now: number): Presence {
  if (link !== null) {
    if (link.asleep !== null) return withServices(link.asleep, link.services);
    if (isSilent(link.heardAt, now)) return { link: 'lost', since: link.heardAt };
    return withServices({ link: 'connected', since: link.since }, link.services);
  }
  const { away, services, openedAt } = left;
  if (away !== null) return withServices(away, away.link === 'asleep' ? services : null);
  return openedAt === null ? { link: 'never' } : { link: 'lost', since: openedAt };
}

export function isSilent(heardAt: number, now: number): boolean {
  return now - heardAt > limits.linkStaleMs;
}

function withServices(presence: LinkPresence, services: readonly ServiceState[] | null): Presence {
  return services === null ? presence : { ...presence, services };
}
