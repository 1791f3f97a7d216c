// What a visitor is told when home is away and nothing of the page is kept: 503 with when to come back. A page for
// browsers, a problem for programs. Made from data alone: no script, no request elsewhere, everything escaped.

import { type Presence, retryAfterSeconds } from '../../shared/presence.ts';
import { variantAsked } from '../cache/variant.ts';
import { problem, problemPage } from '../http/problem.ts';
import { expectedBack } from './expected-back.ts';
import { frame } from './frame.ts';
import { pageLanguage } from './language.ts';
import type { Site } from './site.ts';
import { statusPath } from './status.ts';
import { statusWords } from './status-words.ts';
import { wordsFor } from './words.ts';

/** Retry-After while nobody has said when home will be back. */
const unknownSeconds = 600;
/** The last instant that a Date can tell; home may say any number. */
const lastInstant = 8.64e15;

export function asleepResponse(
  request: Pick<Request, 'headers' | 'method'>,
  presence: Presence,
  site: Site,
  now: number,
): Response {
  const options = { retryAfterSeconds: retryAfterSeconds(presence, now, unknownSeconds) };
  const isBrowser = variantAsked(request.headers.get('Accept')) === 'html';
  if (!isBrowser) return problem(503, presence.link === 'asleep' ? 'asleep' : 'away', options);
  const language = pageLanguage(site.language, request.headers.get('Accept-Language'));
  const response = problemPage(503, asleepPage(presence, { ...site, language }, now), options);
  response.headers.set('Content-Language', language);
  return response;
}

/** The page as HTML. Before home has said so it has no name for the site. */
export function asleepPage(presence: Presence, { language, title, statusPage }: Site, now: number): string {
  const { lang, words } = wordsFor(language ?? 'en');
  const link = statusPage ? { path: statusPath, text: statusWords[lang]?.link ?? '' } : null;
  const shared = { lang, site: title, link };
  switch (presence.link) {
    case 'asleep': {
      const { until } = presence;
      const back =
        until === null || until <= now || until > lastInstant
          ? words.backSoon
          : words.backAt.replace('{time}', () => expectedBack(until, now, lang));
      return frame({ ...shared, title: words.asleepTitle, paragraphs: [words.asleep, back], why: words.why });
    }
    case 'never':
      return frame({ ...shared, title: words.neverTitle, paragraphs: [words.never], why: null });
    case 'lost':
    case 'connected':
      return frame({ ...shared, title: words.awayTitle, paragraphs: [words.away], why: words.why });
  }
}
