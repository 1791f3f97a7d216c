// What is said at the address of something that home deleted, while home is away: 410, as a page for people, as a
// Tombstone for peers (ActivityPub section 3.1.4), as a problem for programs. Only at addresses that home itself named:
// who is told 410 deletes what it has of it, for good.

import type { GoneObject, Snapshot } from '../../shared/snapshot.ts';
import { variantAsked } from '../cache/variant.ts';
import { problem, problemDocument, problemPage } from '../http/problem.ts';
import { frame } from './frame.ts';
import { pageLanguage } from './language.ts';
import type { Site } from './site.ts';
import { wordsFor } from './words.ts';

/** By host and path; made once per snapshot that an isolate holds. */
const lists = new WeakMap<readonly GoneObject[], ReadonlySet<string>>();

/** An account that home has, with all its names, is never gone, whatever else stands in the list. */
export function isGone(url: URL, { gone, accounts }: Pick<Snapshot, 'gone' | 'accounts'>): boolean {
  if (gone === undefined) return false;
  const list = lists.get(gone) ?? new Set(gone.map(({ host, path }) => host + path));
  lists.set(gone, list);
  if (!list.has(url.host + url.pathname + url.search)) return false;
  const isOwn = (address: string | undefined): boolean => {
    const own = address === undefined ? null : URL.parse(address);
    return own !== null && own.host === url.host && own.pathname + own.search === url.pathname + url.search;
  };
  return !accounts.some(({ aliases, links }) => aliases.some(isOwn) || links.some(({ href }) => isOwn(href)));
}

export function goneResponse(request: Pick<Request, 'headers' | 'url'>, site: Site): Response {
  const url = new URL(request.url);
  const asked = variantAsked(request.headers.get('Accept'));
  const response =
    asked === 'activitypub' ? tombstone(url) : asked === 'html' ? page(request, site) : problem(410, 'gone');
  response.headers.set('Vary', 'Accept');
  return response;
}

function tombstone({ origin, pathname, search }: URL): Response {
  const context = 'https://www.w3.org/ns/activitystreams';
  const body = { '@context': context, id: origin + pathname + search, type: 'Tombstone' };
  return problemDocument(410, 'application/activity+json', JSON.stringify(body));
}

function page(request: Pick<Request, 'headers'>, site: Site): Response {
  const language = pageLanguage(site.language, request.headers.get('Accept-Language'));
  const { lang, words } = wordsFor(language);
  const response = problemPage(
    410,
    frame({ lang, site: site.title, link: null, title: words.goneTitle, paragraphs: [words.gone], why: null }),
  );
  response.headers.set('Content-Language', language);
  return response;
}
