// What the home node says of itself when its owner asks: the answer to `porchlight status`. Plain data, as it goes over
// the control socket; times are ms since the epoch.

import type { SpoolTold } from '../../shared/lease/messages.ts';
import type { Alert } from '../alerts/judge.ts';
import type { BedtimeResult } from '../home-parts.ts';
import type { LinkState } from '../link/client.ts';
import type { Progress } from '../progress.ts';
import type { ServiceEntry } from '../services/supervisor.ts';

export type NodeState = 'waking' | 'awake' | 'going to bed' | 'asleep';

export interface LinkReport {
  readonly state: 'dialling' | 'open' | 'lost' | 'closed';
  /** Since when it is so. */
  readonly since: number;
  /** Why it is lost, and when home dials again; null while it is not. */
  readonly trouble: { readonly code: string; readonly reason: string; readonly retryAt: number } | null;
}

/** The link as it is told, after `before`. */
export function linkReport(before: LinkReport, state: LinkState, now: number): LinkReport {
  // Dialling again after a loss is still that loss to whoever asks.
  if (state.link === 'dialling' && before.state === 'lost') return before;
  if (state.link === 'lost') {
    const since = before.state === 'lost' ? before.since : now;
    const { code, reason, retryMs } = state;
    return { state: 'lost', since, trouble: { code, reason, retryAt: now + retryMs } };
  }
  const isOver = state.link === 'superseded' || state.link === 'draining';
  return { state: isOver ? 'closed' : state.link, since: now, trouble: null };
}

export type ServiceReport = ServiceEntry;

/** What a home node knows while it is awake or on the way. */
export interface HomeReport {
  readonly homeId: string;
  readonly hosts: readonly string[];
  readonly link: LinkReport;
  readonly services: readonly ServiceReport[];
  /** Deliveries that came to an end since home woke: taken by a service, or dead. */
  readonly finished: number;
  /** What waited when the link opened, and how much of it is done; null before. */
  readonly drain: Progress | null;
  /** Home's clock is too far off for deliveries to be taken. */
  readonly clockOff: boolean;
  /** When the edge's snapshot was last as the services say (Leaver.leftAt); null if it took none from this process. */
  readonly snapshotAt: number | null;
  /** What is there and is not left at the edge, in sentences. A home node of an earlier version does not say. */
  readonly leftOut?: readonly string[];
  /** What the edge holds, asked now; null when it could not be asked. */
  readonly spool: SpoolTold | null;
}

/** The answer to `porchlight sleep`. */
export interface SleepReport extends BedtimeResult {
  /** It slept already: only the time at which it wakes was changed, and nobody was told. */
  readonly sleptAlready: boolean;
}

export interface NodeReport {
  readonly version: string;
  readonly pid: number;
  /** systemd started it, and starts it again. */
  readonly isManaged: boolean;
  /** It knows how to give its place to another (handover.ts); home nodes before that say nothing of it. */
  readonly handsOver: true;
  readonly folder: string;
  readonly domain: string;
  readonly edge: string;
  readonly startedAt: number;
  readonly now: number;
  readonly state: NodeState;
  readonly since: number;
  /** Asleep: when it wakes by itself; null: when somebody wakes it. */
  readonly wakeAt: number | null;
  /** What it is doing at this moment, while it wakes or goes to bed. */
  readonly progress: Progress | null;
  /**
   * Paths of settings that were saved and hold after a restart, as `services[].hosts`; none while it is asleep. A home node
   * of an earlier version, which may still run after an update, does not say.
   */
  readonly settingsWaiting?: readonly string[];
  /** What the owner was told of and is not over. */
  readonly alerts: readonly Alert[];
  /** null while it is asleep. */
  readonly home: HomeReport | null;
}
