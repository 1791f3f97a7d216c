// What a Home is made of (wiring.ts makes it), and what it tells.

import type { Clock } from '../shared/clock.ts';
import type { DayTimes } from './bedtime/day-round.ts';
import type { Leaver } from './bedtime/leave.ts';
import type { Warmer } from './bedtime/warmer.ts';
import type { Claimed } from './claim-file.ts';
import type { SignedCalls } from './edge-api/signed-calls.ts';
import type { OpenIntake } from './intake/open-intake.ts';
import type { LinkClient } from './link/client.ts';
import type { Log } from './log.ts';
import type { OwnerDeedsParts } from './owner-deeds.ts';
import type { OnProgress } from './progress.ts';
import type { ConfigLeaver } from './settings/leave-config.ts';
import type { Settings } from './settings/settings.ts';

/** What an owner, or a program that started this one, may want to know. */
export type HomeEvent =
  /** The link is open, the edge has its snapshot, and every service is up. */
  | { readonly event: 'awake' }
  | { readonly event: 'delivered'; readonly deliveries: number }
  | { readonly event: 'asleep'; readonly pages: number };

export interface BedtimeResult {
  /** Public pages that were left at the edge. */
  readonly pages: number;
  /** The edge knows that home sleeps. Otherwise it finds the link gone, and says "out of reach". */
  readonly told: boolean;
}

export interface HomeParts extends OwnerDeedsParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly claimed: () => Claimed;
  readonly calls: SignedCalls;
  readonly intake: OpenIntake;
  readonly leaver: Leaver;
  readonly warmer: Warmer;
  readonly dayTimes: Partial<DayTimes>;
  /** Greets peers that may have given this home up (bedtime/greet.ts). */
  readonly greet: (signal: AbortSignal, onProgress: OnProgress) => Promise<number>;
  readonly settings: Settings;
  readonly configLeaver: ConfigLeaver;
  readonly link: LinkClient;
  /** Kept deliveries that arrived from then on are asked for again, once; null: none. */
  readonly replaySince: number | null;
  /** The end of the home node that answers visitors until this one's link is open; null: there is none. */
  readonly olderEnds: Promise<void> | null;
  readonly onEvent: (event: HomeEvent) => void;
  /** Told of each step of waking. */
  readonly onProgress: OnProgress;
  /** This process must end: a newer home node took over. */
  readonly onSuperseded: () => void;
  /** Everything else that is to be closed in the end. */
  readonly close: () => Promise<void>;
}
