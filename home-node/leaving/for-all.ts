// What of an answer that a service gave to its own actor is for all who sign. That actor lives there, and may be shown more than
// a stranger: what is for the people of this server alone. So it is closed unless it is known: actors; posts that the database
// says are for all; lists without the posts of here that are not. Pure.

import { isObject, type JsonObject, readJsonObject } from '../../shared/json-object.ts';
import type { Shown } from '../adapters/adapter.ts';
import type { Answer } from './public-answers.ts';

export interface PublicPosts {
  /** At these live the posts that are judged; what is elsewhere was shown by its own server. */
  readonly hosts: readonly string[];
  /** Host and path of each. */
  readonly posts: ReadonlySet<string>;
  readonly postPath: RegExp;
}

const actorTypes = new Set(['Person', 'Service', 'Application', 'Group', 'Organization']);
const nothing = { status: 404, contentType: '', body: '' };

/** `url`: as it was asked for. */
export function forAll(url: URL, { status, contentType, text }: Answer, known: PublicPosts): Shown {
  const post = postOf(url, known);
  const isOpen = post === null || known.posts.has(url.host + post);
  const isActivity = /^application\/(activity\+json|ld\+json)\b/.test(contentType);
  const document = status === 200 && isOpen && isActivity ? objectIn(text) : null;
  if (document === null) return { answer: nothing, post, isList: false };
  if (!isList(document)) {
    const isWhole = post !== null || actorTypes.has(String(document.type));
    const isItself = document.id === url.href;
    if (!isWhole || !isItself) return { answer: nothing, post, isList: false };
  }
  const shown = withoutHidden(document, known) as JsonObject;
  // How many answers there are counts those that are not for all.
  const { totalItems, ...rest } = shown;
  const isCounted = post !== null && isList(document) && totalItems !== undefined;
  const body = shown === document && !isCounted ? text : JSON.stringify(isCounted ? rest : shown);
  return { answer: { status: 200, contentType, body }, post, isList: isList(document) };
}

function isList({ type }: JsonObject): boolean {
  return /^(Ordered)?Collection(Page)?$/.test(String(type));
}

function postOf({ host, pathname }: URL, { hosts, postPath }: PublicPosts): string | null {
  return hosts.includes(host) ? (postPath.exec(pathname)?.[0] ?? null) : null;
}

/** The same without items that are not for all, of every list within; itself if there are none. */
function withoutHidden(value: unknown, known: PublicPosts): unknown {
  if (Array.isArray(value)) {
    const cleaned = value.map((one) => withoutHidden(one, known));
    return cleaned.every((one, at) => one === value[at]) ? value : cleaned;
  }
  if (!isObject(value)) return value;
  let isChanged = false;
  const members = Object.entries(value).map(([name, member]) => {
    const shown = listNames.has(name) ? withoutHidden(itemsForAll(member, known), known) : withoutHidden(member, known);
    isChanged ||= shown !== member;
    return [name, shown];
  });
  return isChanged ? Object.fromEntries(members) : value;
}

const listNames = new Set(['items', 'orderedItems']);

function itemsForAll(items: unknown, known: PublicPosts): unknown {
  const all: readonly unknown[] = Array.isArray(items) ? items : [items];
  const kept = all.filter((item) => isForAll(item, known));
  return kept.length === all.length ? items : kept;
}

/** An item of a list: the address of a post, the post, or the activity that made it. */
function isForAll(item: unknown, known: PublicPosts): boolean {
  const object = isObject(item) ? (item.object ?? item.id) : item;
  const address = isObject(object) ? object.id : object;
  const url = typeof address === 'string' ? URL.parse(address) : null;
  if (url === null) return false;
  return !known.hosts.includes(url.host) || known.posts.has(url.host + url.pathname);
}

function objectIn(text: string): JsonObject | null {
  const reading = readJsonObject(new TextEncoder().encode(text));
  return 'json' in reading ? reading.json : null;
}
