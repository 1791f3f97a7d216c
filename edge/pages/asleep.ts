// What a visitor is told when home is away and nothing of the page is kept: 503 with when to come back. A page for
// browsers, a problem for programs. Made from data alone: no script, no request elsewhere, everything escaped.

import { type Presence, retryAfterSeconds } from '../../shared/presence.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { variantAsked } from '../cache/variant.ts';
import { problem, problemPage } from '../http/problem.ts';
import { expectedBack } from './expected-back.ts';
import { frame } from './frame.ts';
import { wordsFor } from './words.ts';

/** Retry-After while nobody has said when home will be back. */
const unknownSeconds = 600;

export function asleepResponse(
  request: Pick<Request, 'headers' | 'method'>,
  presence: Presence,
  snapshot: Pick<Snapshot, 'language' | 'title'> | null,
  now: number,
): Response {
  const options = { retryAfterSeconds: retryAfterSeconds(presence, now, unknownSeconds) };
  const isBrowser = variantAsked(request.headers.get('Accept')) === 'html';
  if (!isBrowser) return problem(503, presence.link === 'asleep' ? 'asleep' : 'away', options);
  return problemPage(503, asleepPage(presence, snapshot, now), options);
}

/** The page as HTML. Before home has left a snapshot it has no name for the site and speaks English. */
export function asleepPage(
  presence: Presence,
  snapshot: Pick<Snapshot, 'language' | 'title'> | null,
  now: number,
): string {
  const { lang, words } = wordsFor(snapshot?.language ?? 'en');
  const site = snapshot?.title ?? null;
  switch (presence.link) {
    case 'asleep': {
      const { until } = presence;
      const back =
        until === null || until <= now
          ? words.backSoon
          : words.backAt.replace('{time}', () => expectedBack(until, now, lang));
      return frame({ lang, site, title: words.asleepTitle, paragraphs: [words.asleep, back], why: words.why });
    }
    case 'never':
      return frame({ lang, site, title: words.neverTitle, paragraphs: [words.never], why: null });
    case 'lost':
    case 'connected':
      return frame({ lang, site, title: words.awayTitle, paragraphs: [words.away], why: words.why });
  }
}
