// How the Worker and the Link object speak with each other about one carried request: plain fetch, because a Response
// that passes through as it is costs the Worker nothing. The head travels ready-made in one header; when nothing could
// be carried, the outcome comes back in another, whose prefix home can never use (response-headers.ts drops it).

import type { CancelCode } from '../../shared/link/frames.ts';
import type { Absence, Presence } from '../../shared/presence.ts';

/** Known to nobody outside: a stranger's request reaches the object only through the Worker's own calls. */
export const carryUrl = 'https://link.invalid/carry';
/** Request head as text (shared/link/heads.ts, headText). */
export const headHeader = 'porchlight-head';
const outcomeHeader = 'porchlight-outcome';

/** Why a connected home's answer cannot be passed on. */
export type CarryFailure =
  /** No head within limits.carryHeadMs. */
  | 'timeout'
  /** The link went before the head came. Whether the service saw the request is not known. */
  | 'lost'
  /** What home answered is no HTTP response. */
  | 'bad-response'
  /** The request's headers are longer than limits.frameHeadBytes. */
  | 'head-too-large'
  /** The home node is of a version that carries no WebSockets. */
  | 'no-web-sockets'
  /** The request expects something that nobody here knows. */
  | 'expectation'
  /** Requests of this method are not carried. */
  | 'method-not-carried'
  /** What home said instead of a response: `service-down`, `not-served`, `busy`, `bad-request`, `failed` ... */
  | CancelCode;

export type Outcome = { readonly absent: Presence; readonly why: Absence } | { readonly failed: CarryFailure };

/** Asking again does what asking once does (RFC 9110 section 9.2.2), and there is no body that is gone. */
export function mayRepeat(method: string, body: ReadableStream | null): boolean {
  return body === null && (method === 'GET' || method === 'HEAD');
}

export function outcomeResponse(outcome: Outcome): Response {
  return new Response(null, { headers: { [outcomeHeader]: JSON.stringify(outcome) } });
}

/** null: it is home's own answer. */
export function outcomeOf(response: Response): Outcome | null {
  const outcome = response.headers.get(outcomeHeader);
  return outcome === null ? null : (JSON.parse(outcome) as Outcome);
}
