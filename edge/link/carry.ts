// The Worker's side of carrying: a visitor's request goes to home's Link object, and what comes back is home's own
// answer, "home is not there", or "that failed". Which of the three it is cannot be forged by home: the outcome is said
// in a header that the Link object drops from every answer (between.ts).

import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { headText } from '../../shared/link/heads.ts';
import { askAnew } from './anew.ts';
import { type CarryFailure, carryUrl, headHeader, type Outcome, outcomeOf } from './between.ts';
import { type CarryFacts, requestHead } from './request-head.ts';

export type CarryResult = { readonly carried: Response } | Outcome;

/**
 * Carries a request, whose body must not have been read. The carried response is to be returned as it is, or as
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
  const head = headOf(request, facts);
  if (typeof head !== 'string') return head;
  const { body } = request;
  const method = request.method === 'HEAD' ? 'HEAD' : body === null ? 'GET' : 'POST';
  const init: RequestInit = {
    method,
    body,
    headers: { [headHeader]: head },
    redirect: 'manual',
    // Who reads the body, to keep a copy, must see home's bytes and not what the runtime decoded from them.
    encodeResponseBody: 'manual',
  };
  let response: Response;
  try {
    response = await link.fetch(carryUrl, init);
  } catch (thrown) {
    // The object was reset (a deployment, a crash) before it answered: the platform says no more than that.
    const mayRepeat = body === null && (request.method === 'GET' || request.method === 'HEAD');
    const answered =
      anew !== undefined && mayRepeat ? await askAnew(async () => await anew().fetch(carryUrl, init), thrown) : null;
    if (answered === null) return { failed: 'lost' satisfies CarryFailure };
    response = answered;
  }
  return outcomeOf(response) ?? { carried: response };
}

function headOf(request: Request, facts: CarryFacts): string | { readonly failed: CarryFailure } {
  try {
    return headText(requestHead(request, facts), limits.frameHeadBytes);
  } catch (thrown) {
    const refusal = thrown instanceof PorchlightError ? refusals.find((code) => code === thrown.code) : undefined;
    if (refusal !== undefined) return { failed: refusal };
    throw thrown;
  }
}

const refusals = ['bad-request', 'expectation', 'head-too-large', 'method-not-carried'] as const;
