// The door of the lane: which requests are its own, and what their senders are told. The router asks it with what is
// known of the home that the host belongs to; whatever it answers null to is somebody else's.

import { acceptanceOf } from '../../shared/acceptance/of-service.ts';
import { fitsInbox } from '../../shared/inbox-path.ts';
import { limits } from '../../shared/limits.ts';
import { retryAfterSeconds } from '../../shared/presence.ts';
import type { ServiceProfile, Snapshot } from '../../shared/snapshot.ts';
import { problem, problemOf } from '../http/problem.ts';
import { readRequestBody } from '../http/read-body.ts';
import { urlOf } from '../http/url-of.ts';
import type { Spool } from '../spool/spool.ts';
import { answerActor } from './answer.ts';
import { type InboxPorts, type Received, receiveInbox } from './receive.ts';
import { signedRequestOf } from './signed-request.ts';

/** The home that a request is for. */
export interface AddressedHome {
  readonly homeId: string;
  readonly snapshot: Snapshot;
  readonly spool: Spool;
}

export interface ActivityPubPorts extends InboxPorts {
  /** For the owner's log: what came in, and what became of it. */
  readonly report: (request: Request, received: Received) => void;
}

export async function answerActivityPub(
  ports: ActivityPubPorts,
  home: AddressedHome,
  request: Request,
): Promise<Response | null> {
  const service = request.method === 'POST' ? inboxAt(request, home.snapshot) : null;
  if (service === null) return answerActor(request, home.snapshot, ports.clock.now());
  const received = await receive(ports, home, request, service);
  ports.report(request, received);
  return responseTo(received, service, ports.clock.now());
}

/** The service whose inbox this address is; a query does not make it another inbox. */
export function inboxAt(request: Request, snapshot: Snapshot): ServiceProfile | null {
  const { host, pathname } = urlOf(request);
  const there = snapshot.services.filter((each) => each.hosts.includes(host));
  // What is named exactly is meant, whatever else it would fit.
  const named = there.find((each) => each.inboxes.includes(pathname));
  return named ?? there.find((each) => each.inboxes.some((inbox) => fitsInbox(inbox, pathname))) ?? null;
}

async function receive(
  ports: ActivityPubPorts,
  { homeId, snapshot, spool }: AddressedHome,
  request: Request,
  service: ServiceProfile,
): Promise<Received> {
  const body = await readRequestBody(request, limits.inboxBodyBytes);
  if (body === 'too-large') return { verdict: 'refused', kind: 'too-large', reason: 'the body is too long' };
  const remoteAddress = request.headers.get('CF-Connecting-IP');
  const signed = signedRequestOf(request);
  return await receiveInbox(ports, { homeId, request: signed, body, remoteAddress, service, snapshot, spool });
}

/** Seconds after which a sender may try again whose key server was slow. */
const slowKeySeconds = 300;

function responseTo(received: Received, service: ServiceProfile, now: number): Response {
  switch (received.verdict) {
    case 'moot':
      return accepted();
    case 'refused':
      return received.kind === 'unproven' ? unproven(service) : problemOf(received.kind, slowKeySeconds);
    case 'deferred':
      return problem(503, 'deferred', { retryAfterSeconds: retryAfterSeconds(received.absence, now) });
    case 'spooled':
      break;
  }
  const { put } = received;
  switch (put.put) {
    case 'stored':
    case 'duplicate':
      return accepted();
    case 'full':
      return problem(503, 'full', { retryAfterSeconds: put.retryAfterSeconds });
    case 'sender-quota':
    case 'undecided-quota':
      return problemOf('over-quota', put.retryAfterSeconds);
  }
}

/** ActivityPub section 7: the activity was taken, what follows from it comes later. */
function accepted(): Response {
  return new Response(null, { status: 202 });
}

/** Says which signatures are taken: senders that know several try again with another. */
function unproven(service: ServiceProfile): Response {
  const { cavage, rfc9421 } = acceptanceOf(service);
  const taken = [cavage && 'draft-cavage-http-signatures-12', rfc9421 && 'RFC 9421'].filter((one) => one !== null);
  return problem(401, 'unproven', {
    title: `The request is not proven. Signatures are taken as in ${taken.join(' or ')}.`,
    // draft-cavage-12 section 3.1.1.
    challenge: 'Signature headers="(request-target) host date digest"',
  });
}
