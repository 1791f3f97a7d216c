// An answer that home gives to a stranger and that may not be kept says something of the copies that are kept already:
// that strangers may no longer read them. Of which? Of those that this very question would be given, and only if the
// question leaves no doubt of the kind it is for. Too few, and what became private is given again; too many, and
// anybody removes what stays public, because many services refuse an unsigned question for the ActivityPub document of
// an address whose page is open to all, and do not say that they vary by Accept. A service that refuses by User-Agent or
// Referer can still be made to speak of its public page; that copy is gone until it is made again. Pure.
//
//   the answer                                   what it speaks of
//   2xx or 3xx to an unsafe method               the whole address (RFC 9111 section 4.4)
//   410, 451                                     the whole address: it is gone on purpose, in every form
//   301, 302, 303, 307, 308, 401, 403, 404, and  the copies that this question would be given
//     200 that is private
//   anything else                                nothing: home's own trouble, or the question's

import { listOf } from './list-of.ts';
import type { Question } from './strangers.ts';
import { type Variant, variantOfType, variants } from './variant.ts';

const redirects = new Set([301, 302, 303, 307, 308]);
const refusals = new Set([401, 403, 404]);
const forAll = new Set([410, 451]);

interface Answer {
  readonly status: number;
  readonly headers: Headers;
}

/** Copies that an answer to a stranger's GET speaks of by its status alone. */
export function spokenOfByStatus(question: Question, answer: Answer): readonly Variant[] {
  if (forAll.has(answer.status)) return variants;
  if (refusals.has(answer.status)) return spokenOf(question, answer);
  if (!redirects.has(answer.status)) return [];
  // The copy is the page of who asks for no language; who asks for one may be sent elsewhere.
  const byLanguage = listOf(answer.headers.get('Vary')).includes('accept-language');
  return byLanguage && question.headers.has('Accept-Language') ? [] : spokenOf(question, answer);
}

/** Copies that this question would be given. Empty when services may take it for a question of another kind. */
export function spokenOf({ headers }: Question, answer: Answer): readonly Variant[] {
  const named = listOf(headers.get('Accept'))
    .filter((range) => !isUnwanted(range))
    .map((range) => range.split(';')[0]?.trim() ?? '')
    .filter((range) => range !== '*/*');
  const kinds = new Set(named.map(variantOfType));
  // Who names no kind gets the page that people see, unless that is a matter of kinds here.
  if (kinds.size === 0)
    return listOf(answer.headers.get('Vary')).includes('accept') ? ['other', 'any'] : ['other', 'any', 'html'];
  if (kinds.has('html')) return named.every(isOfBrowsers) ? ['html', 'any'] : [];
  if (kinds.has('activitypub')) return kinds.size === 1 ? ['activitypub'] : [];
  return ['other', 'any'];
}

/** Weight 0: not acceptable (RFC 9110 section 12.4.2). */
function isUnwanted(range: string): boolean {
  return /;\s*q=0(\.0*)?\s*(;|$)/i.test(range);
}

/** What browsers name beside pages when they ask for one; a service's programming interface has other types. */
function isOfBrowsers(range: string): boolean {
  return variantOfType(range) === 'html' || /^(application\/xml|application\/signed-exchange|image\/.+)$/.test(range);
}
