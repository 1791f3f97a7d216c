// Takes one arrival: repetition, quotas, room, commit. One row write. Everything is decided and written in one
// synchronous step, so nothing comes between the count and the row.

import type { Arrival } from '../../shared/delivery.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { keyOrigin } from '../../shared/signature/key-origin.ts';
import { waitingOf } from './counts.ts';
import type { Holdings } from './holdings.ts';
import { lineKey } from './line.ts';
import { isFull, type Refusal, retryAfterSecondsOf, shareRefusal } from './quota.ts';
import { expire } from './retention.ts';
import type { Envelope } from './schema.ts';
import { countedOf } from './senders.ts';
import type { PutResult } from './spool.ts';

/** Expired rows that go with one arrival: more than come, so that the spool shrinks in the end. */
const expiredPerArrival = 8;
/** What a row takes beside its texts and its body: numbers, totals with limits.spoolServices names, b-tree. */
const rowOverheadBytes = 6 * 1024;

type Body = Uint8Array<ArrayBuffer> | null;

/** `body` is null for a large one, which then lies in R2. Throws `delivery-malformed`, `delivery-too-large`. */
export function take(spool: Holdings, arrival: Arrival, body: Body): PutResult {
  return takeOne(spool, arrival, body, () => expire(spool, expiredPerArrival));
}

/** As take, with no statement but that of the new row, which comes last of what can fail. Nothing may be owed before. */
export function takeAlone(spool: Holdings, arrival: Arrival, body: Body): PutResult {
  return takeOne(spool, arrival, body, () => false);
}

function takeOne(spool: Holdings, arrival: Arrival, body: Body, makeRoom: () => boolean): PutResult {
  const { limits } = spool.outside;
  const { method, host, headers, remoteAddress, proof, undecided } = arrival;
  const envelope: Envelope = { method, host, headers, remoteAddress, proof, undecided };
  const envelopeJson = JSON.stringify(envelope);
  const rowBytes = rowBytesOf(arrival, envelopeJson, body);
  if (rowBytes > limits.rowBytes) throw tooLarge(arrival, rowBytes, limits.rowBytes);
  if (body !== null && body.length !== arrival.bodyBytes) throw malformed(arrival, body.length);

  const key = lineKey(arrival);
  // Only what is proven repeats what is proven: anybody can send another's bytes with a proof that cannot be checked now.
  if (undecided === null && spool.senders.isRepeat(key, arrival.path, arrival.bodySha256))
    return { put: 'duplicate', ...settling(spool, arrival.sender) };

  const isLarge = body === null;
  const undecidedOrigin = undecided === null ? null : keyOrigin(proof.keyId);
  const ofSender = spool.senders.waitingOf(key);
  const ofOrigin = undecidedOrigin === null ? null : spool.senders.undecidedOf(undecidedOrigin);
  const share = shareRefusal({ ofSender, ofOrigin, undecided: spool.tally.now.undecided }, limits);
  if (share !== null) return refused(share);
  const expired = makeRoom();
  const weight = { rowBytes, largeBytes: isLarge ? arrival.bodyBytes : 0 };
  const isFullAt = (databaseBytes: number): boolean =>
    isFull({ databaseBytes, largeBytes: spool.tally.now.largeBytes }, weight, limits);
  if (isFullAt(spool.size.atMostBytes) && isFullAt(spool.size.bytes)) {
    if (expired) spool.marks.save({}, spool.tally.now);
    return refused('full');
  }

  const seq = spool.nextSeq();
  const { id, lane, service, sender, receivedAt, path, bodyBytes, bodySha256 } = arrival;
  const given = {
    id,
    lane,
    service,
    sender,
    receivedAt,
    path,
    bodyBytes,
    bodySha256,
    undecidedOrigin,
    envelopeJson,
    body,
  };
  const senderWaiting = ofSender + 1;
  const totals = spool.tally.arrived(seq, countedOf({ service, undecidedOrigin, bodyBytes, isLarge }));
  spool.waiting.insert({ ...given, place: seq, seq, notBefore: 0, attempts: 0, reason: null, senderWaiting, totals });
  spool.size.grew(rowBytes);
  spool.senders.stored(key, { seq, path, bodySha256, undecidedOrigin });
  spool.knownSenders.add(sender);
  spool.heads.stored({ seq, service, receivedAt }, waitingOf(totals.counts, service));
  spool.line.stored({ seq, service, sender, notBefore: 0, inlineBytes: isLarge ? 0 : bodyBytes });
  return { put: 'stored', seq, ...settling(spool, sender) };
}

function settling({ knownSenders }: Holdings, sender: string): { readonly settleMs?: number } {
  const settleMs = knownSenders.settleMs(sender);
  return settleMs > 0 ? { settleMs } : {};
}

function refused(put: Refusal): PutResult {
  return { put, retryAfterSeconds: retryAfterSecondsOf(put) };
}

/** An upper bound that needs no encoding: a UTF-16 unit takes at most three bytes of UTF-8. */
function rowBytesOf(arrival: Arrival, envelopeJson: string, body: Body): number {
  const { id, service, sender, path, bodySha256 } = arrival;
  const texts = [id, service, sender, path, bodySha256, envelopeJson];
  return texts.reduce((sum, text) => sum + text.length * 3, rowOverheadBytes) + (body?.length ?? 0);
}

function tooLarge(arrival: Arrival, found: number, allowed: number): PorchlightError {
  return new PorchlightError(
    'delivery-too-large',
    `Cannot store delivery ${arrival.id}: its row would take up to ${found} bytes, ${allowed} are allowed; the lane must bound what it hands over.`,
  );
}

function malformed(arrival: Arrival, found: number): PorchlightError {
  return new PorchlightError(
    'delivery-malformed',
    `Cannot store delivery ${arrival.id}: its body has ${found} bytes, its envelope says ${arrival.bodyBytes}.`,
  );
}
