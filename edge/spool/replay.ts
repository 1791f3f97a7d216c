// Replay: a home whose disk fell back to an earlier state asks for kept deliveries again.

import { PorchlightError } from '../../shared/errors.ts';
import type { ReplayReply } from '../../shared/lease/messages.ts';
import type { Holdings } from './holdings.ts';
import type { Replayed } from './left-rows.ts';

/**
 * Kept deliveries that arrived at or after `since` (ms) go back to waiting, with their old seq and so in their old
 * order, before whatever came later. At once, not page by page: leasing in between would let a newer delivery of a
 * sender overtake an older one. One row write each, and at most two more.
 */
export function replay(spool: Holdings, since: number): ReplayReply {
  return wentBack(spool, spool.left.replay(Math.max(0, Math.floor(since))));
}

/** The same for the one kept delivery `seq`. Throws `not-kept`. */
export function replayOne(spool: Holdings, seq: number): ReplayReply {
  const one = spool.left.replayOne(seq);
  if (one === null) {
    throw new PorchlightError(
      'not-kept',
      `Cannot replay ${seq}: no delivery of this number is kept; look at it first.`,
    );
  }
  return wentBack(spool, [one]);
}

function wentBack(spool: Holdings, back: readonly Replayed[]): ReplayReply {
  const replayed = back.reduce((sum, { count }) => sum + count, 0);
  if (replayed === 0) return { replayed };
  // The newest totals may have stood with a row that went back.
  spool.marks.save({}, spool.tally.replayed(back));
  spool.senders.forget();
  spool.heads.forget();
  spool.line.forget();
  spool.knownSenders.reset();
  return { replayed };
}
