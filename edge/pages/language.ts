// Which language a page of the edge's own speaks: the site's, because it stands among the site's pages. Only where the
// edge does not speak that one may the visitor's browser choose, before it is English. Pure.

import { words } from './words.ts';

/** One of the languages of words.ts. `accepted` is the visitor's Accept-Language (RFC 9110 section 12.5.4). */
export function pageLanguage(ofSite: string | null, accepted: string | null): string {
  return spoken(ofSite ?? '') ?? preferred(accepted ?? '') ?? 'en';
}

function preferred(accepted: string): string | null {
  let best: { readonly lang: string; readonly weight: number } | null = null;
  for (const range of accepted.slice(0, longestHeader).split(',')) {
    const [tag = '', ...parameters] = range.trim().split(';');
    const lang = spoken(tag);
    const weight = Number(/^\s*q\s*=\s*([\d.]+)/i.exec(parameters.join(';'))?.[1] ?? 1);
    if (lang !== null && weight > (best?.weight ?? 0)) best = { lang, weight };
  }
  return best?.lang ?? null;
}

/** Characters that are looked at; no browser sends as many. */
const longestHeader = 512;

function spoken(tag: string): string | null {
  const lang = tag.trim().toLowerCase().split('-')[0] ?? '';
  return Object.hasOwn(words, lang) ? lang : null;
}
