// Reads an ActivityPub document that home wants kept for the night: is it one that any stranger may read, by what it says
// itself (ActivityPub section 5.6, public addressing), and what does it lead to that a peer will ask for next? No JSON-LD:
// names are read as every server of the fediverse writes them. Pure.

import { isObject, type JsonObject, readJsonObject } from '../../shared/json-object.ts';
import { limits } from '../../shared/limits.ts';
import type { DocumentLink, LinkKind } from '../../shared/warming.ts';

export type DocumentReading =
  | { readonly links: readonly DocumentLink[] }
  /** Why it is not kept. */
  | { readonly unfit: string };

const publicNames = new Set(['https://www.w3.org/ns/activitystreams#Public', 'as:Public', 'Public']);
/** Other types (a key, a Tombstone) have none of the links below. */
const actorTypes = new Set(['Person', 'Service', 'Application', 'Group', 'Organization']);
const audiences = ['to', 'cc', 'audience'] as const;

/** `url`: its address; only what is at the same origin is worth naming. */
export function readPublicDocument(body: Uint8Array, url: URL): DocumentReading {
  const reading = readJsonObject(body);
  if ('malformed' in reading) return { unfit: `it cannot be read: ${reading.malformed}` };
  const { json } = reading;
  if (!isForAll(json)) return { unfit: 'it is not addressed to the public' };
  const found = new Map<string, DocumentLink>();
  const links: Links = (kind, value) => {
    const path = pathAt(value, url);
    if (path === null || found.size >= limits.documentLinks) return;
    const isPage = kind === 'page';
    if (!isPage && path === url.pathname + url.search) return;
    const name = `${isPage ? 'page' : 'document'} ${path}`;
    if (!found.has(name)) found.set(name, { kind, path });
  };
  read(json, links);
  return { links: [...found.values()] };
}

/** True for what names no audience: an actor, a collection, a key. */
function isForAll(json: JsonObject): boolean {
  // ActivityPub section 6: no stranger is ever shown these.
  if (json.bto !== undefined || json.bcc !== undefined) return false;
  const named = audiences.filter((name) => json[name] !== undefined);
  return named.length === 0 || named.some((name) => asList(json[name]).some(isPublic));
}

function isPublic(name: unknown): boolean {
  return typeof name === 'string' && publicNames.has(name);
}

type Links = (kind: LinkKind, value: unknown) => void;

function read(json: JsonObject, links: Links): void {
  if (asList(json.type).some((type) => actorTypes.has(String(type)))) readActor(json, links);
  else if (/Collection(Page)?$/.test(String(json.type))) readCollection(json, links);
  else readObject(json, links);
}

function readActor(json: JsonObject, links: Links): void {
  links('outbox', json.outbox);
  links('featured', json.featured);
  const keys = asList(json.publicKey).map((key) => (isObject(key) ? key.id : key));
  for (const key of keys) links('key', typeof key === 'string' ? key.replace(/#.*$/s, '') : null);
  for (const name of ['icon', 'image']) for (const one of asList(json[name])) readPicture(one, links);
  for (const name of ['followers', 'following', 'featuredTags']) links('index', json[name]);
  links('page', pageOf(json.url));
}

function readCollection(json: JsonObject, links: Links): void {
  const { first } = json;
  if (isObject(first)) {
    links('first', first.id);
    readCollection(first, links);
  } else links('first', first);
  for (const item of [...asList(json.orderedItems), ...asList(json.items)]) readItem(item, links);
  links('next', json.next);
}

function readItem(item: unknown, links: Links): void {
  if (!isObject(item)) {
    links('object', item);
    return;
  }
  const { object } = item;
  // A Create has its object in it, a boost (Announce) names one that is mostly elsewhere.
  if (object === undefined) {
    links('object', item.id);
    readObject(item, links);
    return;
  }
  links('activity', item.id);
  if (isObject(object)) readItem(object, links);
  else links('object', object);
}

function readObject(json: JsonObject, links: Links): void {
  for (const name of ['attachment', 'image', 'icon']) for (const one of asList(json[name])) readPicture(one, links);
  const { replies } = json;
  links('replies', isObject(replies) ? replies.id : replies);
  if (isObject(replies) && isObject(replies.first)) links('next', replies.first.next);
  for (const name of ['likes', 'shares']) {
    const value = json[name];
    links('index', isObject(value) ? value.id : value);
  }
  links('page', pageOf(json.url));
}

/** Pictures alone: a film would take the whole night's way. */
function readPicture(value: unknown, links: Links): void {
  if (!isObject(value)) return;
  const { type, mediaType, url } = value;
  const isPicture = typeof mediaType === 'string' ? mediaType.startsWith('image/') : type === 'Image';
  const address = asList(url)[0];
  if (isPicture) links('media', isObject(address) ? address.href : address);
}

/** PeerTube names many forms of a video; the page is the one that is HTML. */
function pageOf(url: unknown): unknown {
  const named = asList(url);
  const page = named.find((one) => isObject(one) && one.mediaType === 'text/html') ?? named[0];
  return isObject(page) ? page.href : page;
}

function asList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** Path and query of an address at the origin of `url`; null for anything else. */
function pathAt(value: unknown, url: URL): string | null {
  if (typeof value !== 'string') return null;
  const named = URL.parse(value);
  if (named === null || named.origin !== url.origin) return null;
  const path = named.pathname + named.search;
  return path.length <= limits.copyPathLength ? path : null;
}
