// What a visitor is told when home, or this part of it, is away and nothing of the page is kept: 503 with when to come
// back. A page for browsers, a problem for programs. Made from data alone: no script, no request elsewhere, everything
// escaped.

import { type Absence, type AwayReason, retryAfterSeconds } from '../../shared/presence.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { variantAsked } from '../cache/variant.ts';
import { problem, problemPage } from '../http/problem.ts';
import { expectedBack } from './expected-back.ts';
import { frame } from './frame.ts';
import { type Words, wordsFor } from './words.ts';

/** What programs are told. */
const codes: Readonly<Record<AwayReason, string>> = {
  asleep: 'asleep',
  starting: 'service-away',
  stopped: 'service-away',
  failing: 'service-away',
  lost: 'away',
  never: 'away',
  unreachable: 'away',
};

export function asleepResponse(
  request: Pick<Request, 'headers' | 'method'>,
  absence: Absence,
  snapshot: Pick<Snapshot, 'language' | 'title'> | null,
  now: number,
): Response {
  const options = { retryAfterSeconds: retryAfterSeconds(absence, now) };
  const isBrowser = variantAsked(request.headers.get('Accept')) === 'html';
  if (!isBrowser) return problem(503, codes[absence.reason], options);
  return problemPage(503, asleepPage(absence, snapshot, now), options);
}

/** The page as HTML. Before home has left a snapshot it has no name for the site and speaks English. */
export function asleepPage(
  { reason, until }: Absence,
  snapshot: Pick<Snapshot, 'language' | 'title'> | null,
  now: number,
): string {
  const { lang, words } = wordsFor(snapshot?.language ?? 'en');
  const site = snapshot?.title ?? null;
  const back = (known: string, unknown: string): string =>
    until === null || until <= now ? unknown : known.replace('{time}', () => expectedBack(until, now, lang));
  switch (reason) {
    case 'asleep': {
      const paragraphs = [words.asleep, back(words.backAt, words.backSoon)];
      return frame({ lang, site, title: words.asleepTitle, paragraphs, why: words.why });
    }
    case 'starting':
    case 'stopped':
    case 'failing': {
      const paragraphs = [partWords(words)[reason], back(words.partBackAt, words.partBackSoon)];
      return frame({ lang, site, title: words.partTitle, paragraphs, why: words.partWhy });
    }
    case 'never':
      return frame({ lang, site, title: words.neverTitle, paragraphs: [words.never], why: null });
    case 'lost':
    case 'unreachable':
      return frame({ lang, site, title: words.awayTitle, paragraphs: [words.away], why: words.why });
  }
}

function partWords({ partStarting, partStopped, partFailing }: Words) {
  return { starting: partStarting, stopped: partStopped, failing: partFailing };
}
