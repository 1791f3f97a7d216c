// What a home that was started or woken is doing, one step after another, for whoever watches it: services start, the link
// opens, the edge is told who is here, what waited is taken, peers are greeted. Pure.

import type { LinkReport } from './control/report.ts';
import type { Progress } from './progress.ts';
import type { ServiceEntry } from './services/supervisor.ts';

export interface WakingFacts {
  readonly link: LinkReport;
  readonly services: readonly ServiceEntry[];
  /** It was awake once: what is down or lost since is no longer a step of waking. */
  readonly wasAwake: boolean;
  /** What waited when the link opened; null: nothing, all is done, or it is not known yet. */
  readonly drain: Progress | null;
  /** Peers that are being greeted; null: none. */
  readonly greeting: Progress | null;
}

/** null: there is nothing more to do. */
export function wakingProgress({ link, services, wasAwake, drain, greeting }: WakingFacts): Progress | null {
  // One service may take what waited for it while another one still starts, or never does.
  if (drain !== null) return drain;
  if (wasAwake) return greeting;
  const wanted = services.filter(({ why }) => why !== 'stopped');
  const up = wanted.filter(({ state }) => state === 'up');
  if (up.length < wanted.length) return { step: 'starting services', done: up.length, of: wanted.length };
  return { step: link.state === 'open' ? 'leaving a snapshot' : 'opening the link', done: 0, of: null };
}
