// Which responses of home may be kept for strangers, under which name, and to whom a kept one may be given while home
// is away. Pure. Only what *any* stranger may read is ever kept, and only for the time when home cannot be asked: RFC
// 9111 section 4.2.4 lets a disconnected cache give stale responses unless the origin said otherwise.
//
// Decided here on purpose:
// - A page that varies by Accept-Language is kept only as home gives it to somebody who asks for no language (a warmed
//   page is asked for like that), and then given to all: a page in the site's own language is better than none.
// - A kept page is also given to a visitor with cookies or a signature: it is what a stranger may read, so nothing
//   leaks, and most peers sign their every question. Not to a request with Authorization: its sender, a program, would
//   take the strangers' view for its own account's.
// - A page that varies by Cookie, or by Signature, was asked for with neither: it is what who has none is shown. Services
//   that tell visitors apart say so of all they answer; only what they call public on top of it is kept.
// - An address with a query is kept only when home itself ordered it: anyone could fill the store by inventing queries.
//   What is kept of it is removed like any other copy.

import { limits } from '../../shared/limits.ts';
import { type Directives, directivesOf } from './cache-control.ts';
import { listOf } from './list-of.ts';
import { spokenOf, spokenOfByStatus } from './spoken-of.ts';
import { isAddressable, type Question, whyNotStrangers } from './strangers.ts';
import { type Variant, variantAsked, variantOfType, variants } from './variant.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
}

export type StoreVerdict =
  | { readonly store: true; readonly variant: Variant; readonly bytes: number }
  /** `gone`: what was kept of these kinds under this address is no longer what strangers may read, and must go. */
  | { readonly store: false; readonly because: string; readonly gone: readonly Variant[] };

/** `ordered`: home named the address at bedtime; nobody comes upon it by chance. */
export function mayStore(question: Question, answer: Answer, ordered = false): StoreVerdict {
  const no = (because: string, gone: readonly Variant[] = []): StoreVerdict => ({ store: false, because, gone });
  const { method } = question;
  if (!['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method)) {
    // RFC 9111 section 4.4: a change that home accepted makes what was kept of this address invalid.
    return no(`its method is ${method}`, answer.status < 400 ? variants : []);
  }
  const special = whyNotStrangers(question);
  if (special !== null) return no(special);
  if (!isAddressable(question.url)) return no('its address is too long, or is one of the edge’s own');
  if (answer.status !== 200) return no(`its status is ${answer.status}`, spokenOfByStatus(question, answer));
  const forWhom = spokenOf(question, answer);
  const secret = whyPrivate(answer.headers) ?? whyForOne(question.url.pathname);
  if (secret !== null) return no(secret, forWhom);
  const bytes = Number(answer.headers.get('Content-Length') ?? Number.NaN);
  if (bytes > limits.copyBytes) return no(`it is longer than ${limits.copyBytes} bytes`, forWhom);
  if (!Number.isSafeInteger(bytes) || bytes < 0) return no('its length is not known');
  const vary = listOf(answer.headers.get('Vary'));
  const odd = vary.find((name) => !variesHarmlessly(name, directivesOf(answer.headers)));
  if (odd !== undefined) return no(`it varies by ${odd}`, forWhom);
  if (vary.includes('accept-language') && question.headers.has('Accept-Language')) {
    return no('it varies by Accept-Language, and a language was asked for');
  }
  const asked = variantAsked(question.headers.get('Accept'));
  const given = variantOfType(answer.headers.get('Content-Type') ?? '');
  const variant = variantToKeep(asked, given, vary.includes('accept'));
  if (variant === 'activitypub' && directivesOf(answer.headers).get('max-age') === '0') {
    // Mastodon says so of pages of followers: whoever reads one later reads what is no longer so.
    return no('it is an ActivityPub document that is old at once', forWhom);
  }
  if (question.url.search !== '' && !ordered) return no('its address has a query');
  return variant === null ? no(`${asked} was asked for, ${given} came`) : { store: true, variant, bytes };
}

/** The question named neither cookie nor signature (strangers.ts). */
function variesHarmlessly(name: string, cacheControl: Directives): boolean {
  if (['accept', 'accept-encoding', 'accept-language'].includes(name)) return true;
  return ['cookie', 'signature'].includes(name) && cacheControl.has('public');
}

/** Never to be kept, whatever a service says: what is in an inbox, and who of one server follows (FEP-8fcf). */
function whyForOne(pathname: string): string | null {
  const last = pathname.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return ['inbox', 'followers_synchronization'].includes(last) ? `it is ${last}` : null;
}

/**
 * Where others look for it; null when it must not lie there. Asked in odd words, home may give another kind than the
 * words look like. Pages and ActivityPub documents lie apart also when home does not say that it varies by Accept:
 * many services forget to.
 */
function variantToKeep(asked: Variant, given: Variant, varies: boolean): Variant | null {
  if (given === asked) return given === 'other' && !varies ? 'any' : given;
  if (varies || asked === 'activitypub') return null;
  if (given === 'other') return 'any';
  return asked === 'other' ? given : null;
}

/** Which kept pages answer this request, best first; empty when none may. */
export function variantsFor({ method, url, headers }: Question): readonly Variant[] {
  const readable = (method === 'GET' || method === 'HEAD') && isAddressable(url) && !headers.has('Authorization');
  if (!readable) return [];
  const accept = headers.get('Accept') || '*/*';
  const asked = variantAsked(accept);
  // What does not vary is of other types (above): nothing for who asks for an ActivityPub document.
  if (asked === 'activitypub') return [asked];
  // Who takes anything takes the page that people see.
  return asked === 'other' && accept.includes('*/*') ? ['other', 'any', 'html'] : [asked, 'any'];
}

/** May bytes in this Content-Encoding be given to this client (RFC 9110 section 12.5.3)? */
export function acceptsCoding(acceptEncoding: string | null, coding: string | null): boolean {
  if (acceptEncoding === null) return true;
  const wanted = new Map(
    listOf(acceptEncoding).map((one) => {
      const [name = '', weight = 'q=1'] = one.replaceAll(' ', '').split(';');
      return [name, Number(weight.slice(2)) > 0] as const;
    }),
  );
  return listOf(coding).every((one) => one === 'identity' || (wanted.get(one) ?? wanted.get('*') ?? false));
}

/** null: home said nothing against its being kept, and given while home is away. */
function whyPrivate(headers: Headers): string | null {
  if (headers.has('Set-Cookie')) return 'it sets a cookie';
  // RFC 9213: what is addressed to caches like this one counts too.
  for (const field of ['Cache-Control', 'CDN-Cache-Control']) {
    const directives = directivesOf(headers, field);
    // RFC 9111 sections 5.2.2.7 and 5.2.2.5 forbid to keep it; 5.2.2.4, 5.2.2.2, 5.2.2.8 and 5.2.2.10, read with 4.2.4,
    // forbid to give it stale to anybody, that is, just when a copy would be needed.
    for (const name of ['private', 'no-store', 'no-cache', 'must-revalidate', 'proxy-revalidate', 's-maxage']) {
      if (directives.has(name)) return `its ${field} says ${name}`;
    }
  }
  return null;
}
