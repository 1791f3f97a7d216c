// A visitor's or a peer's question to home: carried while home is there, answered from what home left or from
// a copy while it is away, and otherwise told when to come back. Deliveries never come here.

import type { Clock } from '../../shared/clock.ts';
import type { GoesBy } from '../../shared/config/goes-by.ts';
import { limits } from '../../shared/limits.ts';
import type { Absence } from '../../shared/presence.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { answerFromCopy } from '../cache/answer.ts';
import type { Copies, FoundCopy } from '../cache/store.ts';
import type { Question } from '../cache/strangers.ts';
import { variantAsked } from '../cache/variant.ts';
import { isHandedOver } from '../http/handed-over.ts';
import { problem } from '../http/problem.ts';
import { unsettled } from '../http/unsettled.ts';
import type { CarryFailure } from '../link/between.ts';
import { carry } from '../link/carry.ts';
import type { CarryFacts } from '../link/request-head.ts';
import { wantsWebSocket } from '../link/upgrade.ts';
import { asleepResponse } from '../pages/asleep.ts';
import { goneResponse, isGone } from '../pages/gone.ts';
import { siteOf } from '../pages/site.ts';
import { isAuthorizedHost } from './authorized-host.ts';
import type { HomeRecord } from './directory.ts';
import type { HomeSaid } from './said.ts';

export interface VisitParts {
  readonly clock: Clock;
  readonly copies: Copies;
  readonly said: HomeSaid;
  readonly linkOf: (homeId: string) => Pick<Fetcher, 'fetch'>;
  /** What the snapshot answers to this question; null: nothing. */
  readonly answerLeft: (request: Request, snapshot: Snapshot, now: number) => Response | null;
  /** May who signed this question be told what a service shows only to such? null: yes; otherwise what it is told. */
  readonly admitReader: (homeId: string, request: Request, snapshot: Snapshot) => Promise<Response | null>;
}

export async function visit(parts: VisitParts, home: HomeRecord, request: Request): Promise<Response> {
  const { homeId } = home;
  const url = new URL(request.url);
  const linkOf = (): Pick<Fetcher, 'fetch'> => parts.linkOf(homeId);
  const facts: CarryFacts = {
    clientAddress: request.headers.get('CF-Connecting-IP'),
    host: url.host,
    scheme: url.protocol === 'http:' ? 'http' : 'https',
  };
  const outcome = await carry(linkOf(), request, facts, linkOf);
  if ('carried' in outcome) {
    // What is said to somebody who asks for a WebSocket is no page.
    if (wantsWebSocket(request)) return outcome.carried;
    return parts.copies.passing(homeId, { method: request.method, url, headers: request.headers }, outcome.carried);
  }
  if ('failed' in outcome) return await failed(parts, home, request, outcome.failed);
  return await away(parts, home, request, outcome.why);
}

async function away(parts: VisitParts, home: HomeRecord, request: Request, absence: Absence): Promise<Response> {
  const now = parts.clock.now();
  const question = { method: request.method, url: new URL(request.url), headers: request.headers };
  const said = await parts.said.of(home);
  const { snapshot } = said;
  if (wantsWebSocket(request)) return asleepResponse(request, absence, siteOf(said), now);
  // Only these are answered with what lies here.
  const isQuestion = request.method === 'GET' || request.method === 'HEAD';
  if (snapshot !== null && isAuthorizedHost(snapshot, question.url.host)) {
    // What home left of a service that is apart is looked for there alone, whatever words the question is asked in.
    if (isQuestion && isForPeers(question)) return await answerApart(parts, home, request, said, snapshot, absence);
    // Its page goes with it. That it was deleted is said only to who may read.
    if (isGone(question.url, snapshot)) return asleepResponse(request, absence, siteOf(said), now);
  } else if (snapshot !== null) {
    if (isQuestion && isGone(question.url, snapshot)) return goneResponse(request, siteOf(said));
    const left = parts.answerLeft(request, snapshot, now);
    if (left !== null) return left;
  }
  const copy = await parts.copies.find(home.homeId, question);
  if (copy !== null) return await answerFromCopy(question, copy, absence.reason, now);
  return asleepResponse(request, absence, siteOf(said), now);
}

/** Is this for an ActivityPub document? */
function isForPeers({ headers }: Question): boolean {
  return variantAsked(headers.get('Accept')) === 'activitypub';
}

/**
 * Of a service that shows its documents only to who signs. Who may not read is told the same whether there is something to
 * read or not, and after the same work: the service does not say either to who does not sign.
 */
async function answerApart(
  parts: VisitParts,
  { homeId }: HomeRecord,
  request: Request,
  said: GoesBy,
  snapshot: Snapshot,
  absence: Absence,
): Promise<Response> {
  const now = parts.clock.now();
  const question = { method: request.method, url: new URL(request.url), headers: request.headers };
  const wasDeleted = isGone(question.url, snapshot);
  // What home did not have asked for again has gone, or is of so little note that nobody misses it.
  const isOfNow = ({ head }: FoundCopy): boolean => snapshot.madeAt - head.storedAt <= limits.authorizedCopyMs;
  const there = await parts.copies.findAuthorized(homeId, { ...question, method: 'HEAD' });
  const found = there !== null && isOfNow(there) && !wasDeleted ? there : null;
  if (found?.head.open !== true) {
    const refusal = await parts.admitReader(homeId, request, snapshot);
    if (refusal !== null) return refusal;
  }
  if (wasDeleted) return goneResponse(request, siteOf(said));
  const again = found === null ? null : await parts.copies.findAuthorized(homeId, question);
  const copy = again !== null && isOfNow(again) ? again : null;
  if (copy === null) await again?.body?.cancel();
  // What was open to everybody when it was looked for has been kept anew, or let go, since.
  if (found?.head.open === true && copy?.head.open !== true) {
    const refusal = await parts.admitReader(homeId, request, snapshot);
    if (refusal !== null) {
      await copy?.body?.cancel();
      return refusal;
    }
  }
  const answer =
    copy === null
      ? parts.answerLeft(request, snapshot, now)
      : await answerFromCopy(question, copy, absence.reason, now);
  if (answer === null) return asleepResponse(request, absence, siteOf(said), now);
  if (copy?.head.open === true) return answer;
  // For this asker alone: whoever stands between must not give it to the next one.
  answer.headers.set('Cache-Control', 'private, no-store');
  answer.headers.set('Vary', 'Accept, Signature');
  for (const name of ['CDN-Cache-Control', 'Expires', 'Set-Cookie']) answer.headers.delete(name);
  return answer;
}

/** Home is there, but this question was not answered. */
async function failed(parts: VisitParts, home: HomeRecord, request: Request, failure: CarryFailure): Promise<Response> {
  switch (failure) {
    case 'head-too-large':
      return problem(431, failure);
    case 'expectation':
      return problem(417, failure);
    case 'method-not-carried':
      return problem(501, failure);
    case 'bad-request':
      return problem(400, failure);
    case 'not-served':
      // What is handed over at a host whose service its owner is about to set up, or took out by mistake, comes again.
      return isHandedOver(request) ? unsettled() : problem(421, failure);
    case 'bad-response':
      return problem(502, failure);
    case 'no-web-sockets':
      return problem(501, failure);
    case 'failed':
    case 'enough':
    case 'unknown':
      // No home says the last two instead of a response; whatever it is, the visitor has none.
      return problem(502, 'failed');
    case 'timeout':
    case 'too-late':
    case 'lost':
    case 'busy':
      return await away(parts, home, request, { reason: 'unreachable', service: null, until: null });
    case 'service-down':
      // A home of version 1 says it only so, one of version 2 or later before it has said it by SERVICES: the link is there.
      return await away(parts, home, request, { reason: 'failing', service: null, until: null });
  }
}
