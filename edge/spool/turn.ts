// One turn of home: its answers, its renewals, and the next lease (docs/protocol.md, "Lease and ack"). Synchronous and
// in one transaction. Reads of rows are bounded per turn; `more` brings home back for the rest.

import { base64url } from 'jose';
import type { Batch } from '../../shared/lease/batch.ts';
import type { TurnRequest } from '../../shared/lease/messages.ts';
import { answerAll } from './answers.ts';
import { type Choice, choose, type Wish } from './choose.ts';
import type { Holdings } from './holdings.ts';
import { peerKey } from './line.ts';

/** Rows that one turn walks at most to find what can be leased, and who else waits; and in one statement. */
const walkedPerTurn = 8192;
const walkedPerPage = 1024;

/** `isFirst`: of its session. It renews all that home has in hand. */
export function turn(spool: Holdings, request: TurnRequest, isFirst: boolean): Batch {
  const { limits } = spool.outside;
  const now = spool.now;
  spool.leases.expire(now);
  if (isFirst) spool.leases.keepOnly(request.renew);
  for (const lease of request.renew) spool.leases.renew(lease, now + limits.leaseMs);
  const refused = answerAll(spool, request.answers).map(({ seq }) => ({ seq, reason: 'unknown' }));

  const services = new Set(request.services);
  const deliveries = Math.min(request.max, limits.leaseDeliveries);
  const enough = new Set(request.enough?.map(({ service, peer }) => peerKey(service, peer)));
  const { chosen, more } = find(spool, { services, enough, deliveries, bytes: limits.leaseBytes, now });
  const lease = chosen.length === 0 ? null : base64url.encode(spool.outside.random.bytes(12));
  if (lease !== null) spool.leases.open(lease, chosen, now + limits.leaseMs);
  return {
    reply: { lease, leaseMs: limits.leaseMs, refused, more, nextDueAt: spool.line.nextDueAt(now, services) },
    deliveries: lease === null ? [] : spool.waiting.read(chosen.map(({ seq }) => seq)),
  };
}

/** Walks on also when the wish is met: who stands behind a long run of one server is to be seen. */
function find(spool: Holdings, wish: Wish): Choice {
  const { line, leases, waiting } = spool;
  line.serve(wish.services);
  for (let walked = 0; ; walked += walkedPerPage) {
    const choice = choose(line, leases, wish);
    if (line.isComplete || line.isFull || (choice.more && wish.deliveries === 0)) return choice;
    if (walked >= walkedPerTurn) return { chosen: choice.chosen, more: true };
    line.extend(waiting.walk(line.walkedTo, walkedPerPage), walkedPerPage);
  }
}
