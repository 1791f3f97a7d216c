// The Worker's side of carrying: a visitor's request goes to home's Link object, and what comes back is home's own
// answer, "home is not there", or "that failed". Which of the three it is cannot be forged by home: the outcome is said
// in a header that the Link object drops from every answer (between.ts).

import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { headText } from '../../shared/link/heads.ts';
import { type CarryFailure, carryUrl, headHeader, type Outcome, outcomeOf } from './between.ts';
import { type CarryFacts, requestHead } from './request-head.ts';
import { upgradeHead, upgradeUrl, wantsWebSocket } from './upgrade.ts';

export type CarryResult = { readonly carried: Response } | Outcome;

/**
 * Carries a request, whose body must not have been read. One that asks for a WebSocket comes to a 101, with the socket
 * in it, or to the answer that the service gave instead. The carried response is to be returned as it is, or as
 * `new Response(response.body, response)` with other headers; `Content-Encoding` and body must stay together. A body that
 * is broken off errors; it never ends early. Never throws.
 */
export async function carry(link: Pick<Fetcher, 'fetch'>, request: Request, facts: CarryFacts): Promise<CarryResult> {
  const isUpgrade = wantsWebSocket(request);
  const head = headOf(request, facts, isUpgrade);
  if (typeof head !== 'string') return head;
  const { body } = request;
  const method = request.method === 'HEAD' ? 'HEAD' : body === null ? 'GET' : 'POST';
  // Who reads the body, to keep a copy, must see home's bytes and not what the runtime decoded from them.
  const options = { redirect: 'manual', encodeResponseBody: 'manual' } as const;
  let response: Response;
  try {
    response = isUpgrade
      ? await link.fetch(upgradeUrl, { headers: { [headHeader]: head, upgrade: 'websocket' }, ...options })
      : await link.fetch(carryUrl, { method, body, headers: { [headHeader]: head }, ...options });
  } catch {
    // The object was reset (a deployment, a crash) before it answered: the platform says no more than that.
    return { failed: 'lost' satisfies CarryFailure };
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
