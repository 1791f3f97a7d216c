// What a visitor is told when home, or this part of it, is away and nothing of the page is kept: 503 with when to come
// back. A page for browsers, a problem for programs. Made from data alone: no script, no request elsewhere, everything
// escaped.

import type { ErrorCode } from '../../shared/error-codes.ts';
import { type Absence, type AwayReason, retryAfterSeconds } from '../../shared/presence.ts';
import { variantAsked } from '../cache/variant.ts';
import { problem, problemPage } from '../http/problem.ts';
import { expectedBack } from './expected-back.ts';
import { frame } from './frame.ts';
import { pageLanguage } from './language.ts';
import type { Site } from './site.ts';
import { statusPath } from './status.ts';
import { statusWords } from './status-words.ts';
import { type Words, wordsFor } from './words.ts';

/** The last instant that a Date can tell; home may say any number. */
const lastInstant = 8.64e15;

/** What programs are told. */
const codes = {
  asleep: 'asleep',
  starting: 'service-away',
  stopped: 'service-away',
  failing: 'service-away',
  lost: 'away',
  never: 'away',
  unreachable: 'away',
} as const satisfies Readonly<Record<AwayReason, ErrorCode>>;

export function asleepResponse(
  request: Pick<Request, 'headers' | 'method'>,
  absence: Absence,
  site: Site,
  now: number,
): Response {
  const options = { retryAfterSeconds: retryAfterSeconds(absence, now) };
  const isBrowser = variantAsked(request.headers.get('Accept')) === 'html';
  if (!isBrowser) return problem(503, codes[absence.reason], options);
  const language = pageLanguage(site.language, request.headers.get('Accept-Language'));
  const response = problemPage(503, asleepPage(absence, { ...site, language }, now), options);
  response.headers.set('Content-Language', language);
  return response;
}

/** The page as HTML. Before home has said so it has no name for the site. */
export function asleepPage({ reason, until }: Absence, { language, title, statusPage }: Site, now: number): string {
  const { lang, words } = wordsFor(language ?? 'en');
  const link = statusPage ? { path: statusPath, text: statusWords[lang]?.link ?? '' } : null;
  const shared = { lang, site: title, link };
  const back = (known: string, unknown: string): string =>
    until === null || until <= now || until > lastInstant
      ? unknown
      : known.replace('{time}', () => expectedBack(until, now, lang));
  switch (reason) {
    case 'asleep': {
      const paragraphs = [words.asleep, back(words.backAt, words.backSoon)];
      return frame({ ...shared, title: words.asleepTitle, paragraphs, why: words.why });
    }
    case 'starting':
    case 'stopped':
    case 'failing': {
      const paragraphs = [partWords(words)[reason], back(words.partBackAt, words.partBackSoon)];
      return frame({ ...shared, title: words.partTitle, paragraphs, why: words.partWhy });
    }
    case 'never':
      return frame({ ...shared, title: words.neverTitle, paragraphs: [words.never], why: null });
    case 'lost':
    case 'unreachable':
      return frame({ ...shared, title: words.awayTitle, paragraphs: [words.away], why: words.why });
  }
}

function partWords({ partStarting, partStopped, partFailing }: Words) {
  return { starting: partStarting, stopped: partStopped, failing: partFailing };
}
