// Replay: a home whose disk fell back to an earlier state asks for kept deliveries again.

import type { ReplayReply } from '../../shared/lease/messages.ts';
import type { Holdings } from './holdings.ts';

/**
 * Kept deliveries that arrived at or after `since` (ms) go back to waiting, with their old seq and so in their old
 * order, before whatever came later. At once, not page by page: leasing in between would let a newer delivery of a
 * sender overtake an older one. One row write each, and at most two more.
 */
export function replay(spool: Holdings, since: number): ReplayReply {
  const { count, undecided } = spool.left.replay(Math.max(0, Math.floor(since)));
  if (count === 0) return { replayed: 0 };
  // The newest totals may have stood with a row that went back.
  spool.marks.save({}, spool.tally.replayed(count, undecided));
  spool.senders.forget();
  spool.line.forget();
  spool.knownSenders.reset();
  return { replayed: count };
}
