// What was kept long enough goes, and dead letters that nobody retried. Lazily and a few rows at a time, beside other
// work: no timer wakes the object for it, and an expired row that nobody touches harms nobody.

import { bodyKey } from './bodies.ts';
import type { Holdings } from './holdings.ts';
import { dead, kept, markOf, type Zone } from './key-line.ts';

/**
 * Deletes up to `atMost` expired rows of each zone; one row write each. True if rows went: the caller must then, in the
 * same transaction, write something that carries the totals. Costs nothing while nothing can have expired.
 */
export function expire(spool: Holdings, atMost: number): boolean {
  const { limits } = spool.outside;
  const now = spool.now;
  if (now < spool.lookForExpiredAt) return false;
  const ofKept = expireZone(spool, kept, now - limits.keptMs, atMost);
  const ofDead = expireZone(spool, dead, now - limits.deadMs, atMost);
  // What leaves waiting from now on cannot expire before the time it is held, so one look lasts until the oldest goes.
  spool.lookForExpiredAt = Math.min(
    (spool.left.oldestLeftAt(kept) ?? now) + limits.keptMs,
    (spool.left.oldestLeftAt(dead) ?? now) + limits.deadMs,
  );
  return ofKept + ofDead > 0;
}

function expireZone(spool: Holdings, zone: Zone, leftBy: number, atMost: number): number {
  const rows = spool.left.expired(zone, leftBy, atMost);
  const oldest = rows.at(0);
  const newest = rows.at(-1);
  if (oldest === undefined || newest === undefined) return 0;
  spool.left.remove(newest.place, oldest.place);
  const large = rows.filter((row) => row.isLarge);
  spool.orphaned.push(...large.map((row) => bodyKey(spool.homeId, row.lane, row.id)));
  const largeBytes = large.reduce((sum, row) => sum + row.bodyBytes, 0);
  const isKept = zone === kept;
  spool.tally.deleted(largeBytes, { kept: isKept ? rows.length : 0, expired: isKept ? markOf(kept, newest.place) : 0 });
  return rows.length;
}
