// The changes of a link over the last days, for a status page. Pure: changes in, changes out. Merging the same changes
// again changes nothing, so that what is written down late, or twice, does no harm.

import { limits } from '../../shared/limits.ts';
import type { LinkPresence } from '../../shared/presence.ts';

export interface LinkChange {
  /** ms since the epoch, by the edge's clock. */
  readonly at: number;
  /** What the link was from then on. */
  readonly link: Exclude<LinkPresence['link'], 'never'>;
}

/**
 * All changes in order of time, each to another state than the one before; lists that happened later come later. Of what is older than limits.linkHistoryMs only the last
 * is kept, because it says what the link was when the time began; above `most` the oldest go.
 */
export function merged(
  lists: readonly (readonly LinkChange[])[],
  now: number,
  most: number = limits.linkHistoryChanges,
): readonly LinkChange[] {
  const known = new Set<string>();
  const all = lists.flat().filter(({ at, link }) => !known.has(`${at} ${link}`) && known.add(`${at} ${link}`));
  // Stable: what happened in the same millisecond stays in the order in which it is told.
  const ordered = all.sort((a, b) => a.at - b.at);
  const begin = ordered.findLastIndex(({ at }) => at <= now - limits.linkHistoryMs);
  const told = ordered.slice(Math.max(0, begin));
  return told.filter((change, i) => told[i - 1]?.link !== change.link).slice(-most);
}

/** The changes as they are told: they end with what the link is now, also when that was only just noticed. */
export function toldUntil(presence: LinkPresence, changes: readonly LinkChange[]): readonly LinkChange[] {
  const last = changes.at(-1);
  if (presence.link === 'never' || last?.link === presence.link) return changes;
  return [...changes, { at: Math.max(presence.since, last?.at ?? presence.since), link: presence.link }];
}
