// Dead letters: what home could not deliver, shown to the owner, who may retry or discard each.

import { PorchlightError } from '../../shared/errors.ts';
import { bodyKey } from './bodies.ts';
import { waitingOf } from './counts.ts';
import type { Holdings } from './holdings.ts';
import { lineKey } from './line.ts';
import { countedOf } from './senders.ts';

/** Puts a dead letter at the end of the line: out of its old order, under a new seq. Throws `no-dead-letter`. */
export function retryDead(spool: Holdings, deadSeq: number): { seq: number } {
  const row = find(spool, deadSeq);
  const seq = spool.nextSeq();
  const key = lineKey(row);
  const senderWaiting = spool.senders.waitingOf(key) + 1;
  const totals = spool.tally.retried(seq, countedOf(row));
  spool.left.revive(row.place, seq, senderWaiting, totals);
  spool.senders.forget();
  spool.heads.stored({ ...row, seq }, waitingOf(totals.counts, row.service));
  const inlineBytes = row.isLarge ? 0 : row.bodyBytes;
  spool.line.stored({ seq, service: row.service, sender: row.sender, notBefore: 0, inlineBytes });
  return { seq };
}

/** Deletes a dead letter for good. Two row writes, the second for the totals. Throws `no-dead-letter`. */
export function discardDead(spool: Holdings, deadSeq: number): void {
  const row = find(spool, deadSeq);
  spool.left.remove(row.place, row.place);
  if (row.isLarge) spool.orphaned.push(bodyKey(spool.homeId, row.lane, row.id));
  spool.marks.save({}, spool.tally.deleted(countedOf(row).largeBytes, { kept: 0, expired: 0 }));
}

function find(spool: Holdings, seq: number) {
  const row = spool.left.deadLetter(seq);
  if (row !== undefined) return row;
  throw new PorchlightError('no-dead-letter', `Cannot find dead letter ${seq}: none has this number; list them again.`);
}
