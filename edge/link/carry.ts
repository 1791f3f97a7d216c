// The Worker's side of carrying: a visitor's request goes to home's Link object, and what comes back is home's own
// answer, "home is not there", or "that failed". Which of the three it is cannot be forged by home: the outcome is said
// in a header that the Link object drops from every answer (between.ts).

import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { headText } from '../../shared/link/heads.ts';
import { askAnew } from './anew.ts';
import { type CarryFailure, carryUrl, headHeader, mayRepeat, type Outcome, outcomeOf } from './between.ts';
import { type CarryFacts, requestHead } from './request-head.ts';
import { upgradeHead, upgradeUrl, wantsWebSocket } from './upgrade.ts';

export type CarryResult = { readonly carried: Response } | Outcome;

/**
 * Carries a request, whose body must not have been read. One that asks for a WebSocket comes to a 101, with the socket
 * in it, or to the answer that the service gave instead. The carried response is to be returned as it is, or as
 * `new Response(response.body, response)` with other headers; `Content-Encoding` and body must stay together. A body that
 * is broken off errors; it never ends early. `anew` gives another stub of the same object, for questions that may be asked
 * again when the object was reset; without it none is. Never throws.
 */
export async function carry(
  link: Pick<Fetcher, 'fetch'>,
  request: Request,
  facts: CarryFacts,
  anew?: () => Pick<Fetcher, 'fetch'>,
): Promise<CarryResult> {
  const isUpgrade = wantsWebSocket(request);
  const url = isUpgrade ? upgradeUrl : carryUrl;
  const head = headOf(request, facts, isUpgrade);
  if (typeof head !== 'string') return head;
  const { body } = request;
  const method = request.method === 'HEAD' ? 'HEAD' : body === null ? 'GET' : 'POST';
  const init: RequestInit = {
    method,
    body,
    headers: isUpgrade ? { [headHeader]: head, upgrade: 'websocket' } : { [headHeader]: head },
    redirect: 'manual',
    // Who reads the body, to keep a copy, must see home's bytes and not what the runtime decoded from them.
    encodeResponseBody: 'manual',
  };
  let response: Response;
  try {
    response = await link.fetch(url, init);
  } catch (thrown) {
    // The object was reset (a deployment, a crash) before it answered: the platform says no more than that.
    const isAskedAnew = anew !== undefined && mayRepeat(request.method, body);
    const answered = isAskedAnew ? await askAnew(async () => await anew().fetch(url, init), thrown) : null;
    if (answered === null) return { failed: 'lost' satisfies CarryFailure };
    response = answered;
  }
  return outcomeOf(response) ?? { carried: response };
}

function headOf(request: Request, facts: CarryFacts, isUpgrade: boolean): string | { readonly failed: CarryFailure } {
  try {
    const head = requestHead(request, facts);
    return headText(isUpgrade ? upgradeHead(head) : head, limits.frameHeadBytes);
  } catch (thrown) {
    const refusal = thrown instanceof PorchlightError ? refusals.find((code) => code === thrown.code) : undefined;
    if (refusal !== undefined) return { failed: refusal };
    throw thrown;
  }
}

const refusals = ['bad-request', 'expectation', 'head-too-large', 'method-not-carried'] as const;
