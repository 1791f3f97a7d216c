// What home's answers do to the rows. `delivered` moves a delivery to the kept zone, `dead` to the dead letters, `later`
// makes it wait, `released` only ends its lease. One row write each, none for `released`.

import type { Answer } from '../../shared/delivery.ts';
import { deferralMs } from './deferral.ts';
import type { Holdings } from './holdings.ts';
import { dead, kept, type Zone } from './key-line.ts';
import { lineKey } from './line.ts';
import { expire } from './retention.ts';
import { countedOf } from './senders.ts';

/** Characters of a reason that are kept. Danger: a service's error page in every row. */
const reasonChars = 500;
/** Expired rows that go with one answer that moves a row. */
const expiredPerAnswer = 2;

/** False: nothing that waits has this seq and id (it was answered before). */
export function answer(spool: Holdings, given: Answer): boolean {
  const row = spool.waiting.find(given.seq);
  if (row !== undefined && row.id !== given.id) return false;
  spool.leases.settle(given.seq);
  if (row === undefined) return false;
  switch (given.outcome) {
    case 'delivered':
      depart(spool, given.seq, row, kept, { attempts: row.attempts, reason: null });
      return true;
    case 'dead':
      depart(spool, given.seq, row, dead, { attempts: row.attempts, reason: shortened(given.reason) });
      return true;
    case 'later':
      postpone(spool, given.seq, row, given.retryAfterMs ?? 0, shortened(given.reason));
      return true;
    case 'released':
      return true;
  }
}

type Found = NonNullable<ReturnType<Holdings['waiting']['find']>>;

function postpone(spool: Holdings, seq: number, row: Found, retryAfterMs: number, reason: string): void {
  const { limits, random } = spool.outside;
  const attempts = row.attempts + 1;
  if (attempts >= limits.deliveryAttempts) {
    depart(spool, seq, row, dead, { attempts, reason });
    return;
  }
  const notBefore = spool.now + deferralMs(attempts, retryAfterMs, limits, random);
  spool.waiting.defer(seq, attempts, notBefore, reason);
  spool.line.defer(seq, notBefore);
}

function depart(
  spool: Holdings,
  seq: number,
  row: Found,
  zone: Zone,
  last: { attempts: number; reason: string | null },
): void {
  // Before the move, because the move then carries the totals.
  expire(spool, expiredPerAnswer);
  const place = spool.nextPlace(zone);
  spool.left.leave(seq, { place, ...last, totals: spool.tally.departed(countedOf(row)) });
  spool.senders.departed(lineKey(row), seq, row.undecidedOrigin);
  spool.line.remove(seq);
}

function shortened(reason: string): string {
  return reason.slice(0, reasonChars);
}
