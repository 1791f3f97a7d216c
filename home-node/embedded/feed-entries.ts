// Reads the entries of a feed, Atom, RSS, RDF or JSON Feed (by feedsmith), as the few plain texts that a post is made
// of. Markup is taken out, not cleaned: a post shows title, summary and link, and who wants more follows the link.

import { type AnyFeed, parseFeed } from 'feedsmith';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { plainText, shortened } from './plain-text.ts';

export interface FeedEntry {
  /** The feed's own id for it: atom:id, guid, or the link. */
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** http or https. */
  readonly link: string | null;
  /** ms since the epoch; null if the feed does not say. */
  readonly publishedAt: number | null;
}

interface RawEntry {
  readonly id?: string | undefined;
  readonly title: string;
  readonly summary: string;
  readonly link?: string | undefined;
  readonly published?: string | undefined;
}

const titleCharacters = 200;
const summaryCharacters = 600;

/** In the feed's order. Throws `feed` when the text is not a whole feed, as while somebody is writing it. */
export function readEntries(text: string, base: string): readonly FeedEntry[] {
  return rawEntries(parseWhole(text)).flatMap(({ id, title, summary, link, published }) => {
    const address = webAddress(link, base);
    const name = id ?? address;
    if (name === null || name === '' || (title === '' && summary === '')) return [];
    const time = published === undefined ? Number.NaN : Date.parse(published);
    return [{ id: name, title, summary, link: address, publishedAt: Number.isNaN(time) ? null : time }];
  });
}

/** Ids of entries that the feed says were deleted (RFC 6721 section 3; in Atom alone). Throws as readEntries does. */
export function readDeleted(text: string): readonly string[] {
  if (parseWhole(text).format !== 'atom') return [];
  const told = text.replace(/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>/g, '');
  return [...told.matchAll(/<(?:[\w-]+:)?deleted-entry\s([^>]*)>/g)].flatMap(([, attributes = '']) => {
    const [, double, single] = /(?:^|\s)ref\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(attributes) ?? [];
    const ref = plainText(double ?? single ?? '', limits.addressLength);
    return ref === '' ? [] : [ref];
  });
}

function parseWhole(text: string): AnyFeed {
  // The parser is lenient: half a file would give half an entry, and an entry becomes a post only once.
  if (!/(<\/(feed|rss|([\w-]+:)?RDF)\s*>|\})\s*(<!--[^>]*-->\s*)*$/i.test(text.slice(-1000))) {
    throw notAFeed('it has no end yet');
  }
  try {
    return parseFeed(text);
  } catch (thrown) {
    throw notAFeed(causeOf(thrown), thrown);
  }
}

function rawEntries(parsed: AnyFeed): readonly RawEntry[] {
  switch (parsed.format) {
    case 'atom':
      return (parsed.feed.entries ?? []).map((entry) => ({
        id: entry.id,
        title: atomText(entry.title, titleCharacters),
        summary: atomText(entry.summary, summaryCharacters),
        link: entry.links?.find(({ rel }) => rel === undefined || rel === 'alternate')?.href,
        published: entry.published ?? entry.updated,
      }));
    case 'rss':
    case 'rdf':
      return (parsed.feed.items ?? []).map((item) => ({
        id: 'guid' in item ? item.guid?.value : undefined,
        title: plainText(item.title ?? '', titleCharacters),
        summary: plainText(item.description ?? '', summaryCharacters),
        link: item.link,
        published: 'pubDate' in item ? item.pubDate : item.dc?.dates?.[0],
      }));
    case 'json':
      return (parsed.feed.items ?? []).map((item) => ({
        id: item.id,
        title: shortened(item.title ?? '', titleCharacters),
        summary: shortened(item.summary ?? item.content_text ?? '', summaryCharacters),
        link: item.url,
        published: item.date_published,
      }));
  }
}

/** RFC 4287 section 3.1.1: `text`, the default, is not markup. */
function atomText(text: { readonly value: string; readonly type?: string } | undefined, longest: number): string {
  if (text === undefined) return '';
  return text.type === undefined || text.type === 'text'
    ? shortened(text.value, longest)
    : plainText(text.value, longest);
}

function webAddress(link: string | undefined, base: string): string | null {
  if (link === undefined) return null;
  const url = URL.parse(link, base);
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : null;
}

function notAFeed(found: string, cause?: unknown): PorchlightError {
  return new PorchlightError('feed', `Cannot read the feed: ${found}; it is read again when it changes.`, { cause });
}
