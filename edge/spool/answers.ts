// What home's answers do to the rows. `delivered` moves a delivery to the kept zone, `dead` to the dead letters, `later`
// makes it wait, `released` only ends its lease. One row write each, none for `released`.

import type { Answer } from '../../shared/delivery.ts';
import { deferralMs } from './deferral.ts';
import type { Holdings } from './holdings.ts';
import { dead, kept, type Zone } from './key-line.ts';
import { lineKey } from './line.ts';
import { expire } from './retention.ts';
import { countedOf } from './senders.ts';
import type { Found } from './waiting-rows.ts';

/** Characters of a reason that are kept. Danger: a service's error page in every row. */
const reasonChars = 500;
/** Expired rows that go with one answer that moves a row. */
const expiredPerAnswer = 2;

/** Those of them that name nothing that waits by this seq and id: they were answered before. */
export function answerAll(spool: Holdings, given: readonly Answer[]): Answer[] {
  if (given.length === 0) return [];
  // Read once for all of them; what an answer changes is kept up here, because the next may be about the same row.
  const rows = spool.waiting.found(given.map(({ seq }) => seq));
  return given.filter((one) => {
    const row = rows.get(one.seq);
    if (row !== undefined && row.id !== one.id) return true;
    spool.leases.settle(one.seq);
    if (row === undefined) return true;
    const left = answer(spool, one, row);
    if (left === null) rows.delete(one.seq);
    else rows.set(one.seq, left);
    return false;
  });
}

/** The row as it waits afterwards; null: it left. */
function answer(spool: Holdings, given: Answer, row: Found): Found | null {
  switch (given.outcome) {
    case 'delivered':
      return depart(spool, row, kept, { attempts: row.attempts, reason: null });
    case 'dead':
      return depart(spool, row, dead, { attempts: row.attempts, reason: shortened(given.reason) });
    case 'later':
      return postpone(spool, row, given.retryAfterMs ?? 0, shortened(given.reason));
    case 'released':
      return row;
  }
}

function postpone(spool: Holdings, row: Found, retryAfterMs: number, reason: string): Found | null {
  const { limits, random } = spool.outside;
  const attempts = row.attempts + 1;
  if (attempts >= limits.deliveryAttempts) return depart(spool, row, dead, { attempts, reason });
  const notBefore = spool.now + deferralMs(attempts, retryAfterMs, limits, random);
  spool.waiting.defer(row.seq, attempts, notBefore, reason);
  spool.line.defer(row.seq, notBefore);
  return { ...row, attempts };
}

function depart(
  spool: Holdings,
  row: Found,
  zone: Zone,
  last: { readonly attempts: number; readonly reason: string | null },
): null {
  // Before the move, because the move then carries the totals.
  expire(spool, expiredPerAnswer);
  const place = spool.nextPlace(zone);
  spool.left.leave(row.seq, { place, ...last, totals: spool.tally.departed(countedOf(row), zone === kept) });
  spool.senders.departed(lineKey(row), row.seq, row.undecidedOrigin);
  spool.heads.departed(row.service, row.seq);
  spool.line.remove(row.seq);
  return null;
}

function shortened(reason: string): string {
  return reason.slice(0, reasonChars);
}
