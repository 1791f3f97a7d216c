// What the owner does by hand with a delivery that waits: no longer let it wait for its next try, or throw it away.

import { PorchlightError } from '../../shared/errors.ts';
import type { Discarded } from '../../shared/lease/messages.ts';
import { bodyKey } from './bodies.ts';
import type { Holdings } from './holdings.ts';
import { lineKey } from './line.ts';
import { countedOf } from './senders.ts';
import type { Found } from './waiting-rows.ts';

/** It may be leased at once, in its turn. One row write. Throws `not-waiting`. */
export function hurry(spool: Holdings, seq: number): void {
  find(spool, seq);
  spool.owner.hurry(seq);
  spool.line.defer(seq, 0);
}

/**
 * Deletes a delivery that waits, for good; its sender goes on with the next one. Two row writes, the second for the
 * totals. Throws `not-waiting`.
 */
export function discardWaiting(spool: Holdings, seq: number): Discarded {
  const row = find(spool, seq);
  const wasInHand = spool.leases.isInHand(seq, spool.now);
  spool.owner.remove(seq);
  if (row.isLarge) spool.orphaned.push(bodyKey(spool.homeId, row.lane, row.id));
  spool.marks.save({}, spool.tally.discarded(countedOf(row)));
  spool.leases.settle(seq);
  spool.senders.departed(lineKey(row), seq, row.undecidedOrigin);
  spool.heads.departed(row.service, seq);
  spool.line.remove(seq);
  return { wasInHand };
}

function find(spool: Holdings, seq: number): Found {
  const row = Number.isSafeInteger(seq) ? spool.waiting.found([seq]).get(seq) : undefined;
  if (row !== undefined) return row;
  throw new PorchlightError(
    'not-waiting',
    `Cannot find waiting delivery ${seq}: none has this number; list what waits again.`,
  );
}
