// How the spool stands: for anybody as much as a status page may say of it, and for the owner all of it.

import { PorchlightError } from '../../shared/errors.ts';
import type { HeldDelivery, SpoolSummary, WaitingList } from '../../shared/lease/messages.ts';
import { servicesOf, waitingOf } from './counts.ts';
import type { Holdings } from './holdings.ts';
import { dead } from './key-line.ts';

/** What the Worker is told for its status page. What of it a stranger reads is edge/status's to decide. */
export type Standing = Pick<SpoolSummary, 'waiting' | 'oldestWaitingAt' | 'services' | 'snapshotAt'>;

/** Reads a bounded number of rows, however many wait (totals.ts, heads.ts). */
export function standing(spool: Holdings): Standing {
  const { counts } = spool.tally.now;
  const names = servicesOf(counts).sort((a, b) => (a < b ? -1 : 1));
  const heads = spool.heads.of(names);
  const services = names.map((name) => ({
    name,
    waiting: waitingOf(counts, name),
    oldestWaitingAt: heads.get(name) ?? null,
  }));
  const { snapshotAt } = spool.marks.now;
  return {
    waiting: spool.tally.waiting,
    oldestWaitingAt: spool.waiting.first()?.receivedAt ?? null,
    services,
    snapshotAt: snapshotAt === 0 ? null : snapshotAt,
  };
}

export function summary(spool: Holdings): SpoolSummary {
  const { limits } = spool.outside;
  return {
    ...standing(spool),
    kept: spool.tally.now.counts.kept,
    dead: spool.left.countIn(dead),
    databaseBytes: spool.size.bytes,
    databaseLimitBytes: limits.spoolDatabaseBytes,
    largeBytes: spool.tally.now.largeBytes,
    largeLimitBytes: limits.spoolLargeBytes,
  };
}

/** What waits after seq `after`, at most `count` of it and never more than limits.spoolListed. */
export function listWaiting(spool: Holdings, after: number, count: number): WaitingList {
  const atMost = Math.min(Math.max(count, 1), spool.outside.limits.spoolListed);
  const rows = spool.owner.waiting(after, atMost + 1);
  const deliveries = rows.slice(0, atMost);
  return { deliveries, next: rows.length > atMost ? (deliveries.at(-1)?.seq ?? null) : null };
}

/** A delivery in whatever state, by its seq (digits) or its id. Throws `no-delivery`. */
export function look(spool: Holdings, name: string): HeldDelivery {
  const found = /^\d{1,16}$/.test(name) ? spool.owner.bySeq(Number(name)) : spool.owner.byId(name);
  if (found !== null) return found;
  throw new PorchlightError(
    'no-delivery',
    `Cannot show delivery ${JSON.stringify(name)}: none waits, is kept or is dead under this seq or id; list them again.`,
  );
}
