// The entries of a snapshot that there are many of, each read by itself: accounts, documents, keys, domains. The edge reads
// so what home sends it; home holds against the same rules what services say, so that what one row has wrong costs that
// row and not the snapshot. Each reader throws `snapshot-malformed` with the place and what was expected there.

import { PorchlightError } from './errors.ts';
import { limits } from './limits.ts';
import { isOwnPath } from './own-path.ts';
import type { AccountLink, ActorKey, GoneObject, PublicDocument, WebFingerAccount, WebFingerLink } from './snapshot.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Reads a host name that may stand in the snapshot. */
export type ReadHost = (value: unknown, at: string) => string;

export function account(value: unknown, at: string): WebFingerAccount {
  const fields = record(value, at);
  return {
    subject: text(fields.subject, `${at}.subject`),
    aliases: list(fields.aliases, `${at}.aliases`, text),
    links: list(fields.links, `${at}.links`, webFingerLink),
    ...optional(fields, 'properties', `${at}.properties`, texts),
  };
}

export function webFingerLink(value: unknown, at: string): WebFingerLink {
  const fields = record(value, at);
  return {
    rel: text(fields.rel, `${at}.rel`),
    ...optional(fields, 'type', `${at}.type`, text),
    ...optional(fields, 'href', `${at}.href`, text),
    ...optional(fields, 'template', `${at}.template`, text),
    ...optional(fields, 'properties', `${at}.properties`, texts),
    ...optional(fields, 'titles', `${at}.titles`, texts),
  };
}

export function accountLink(value: unknown, at: string): AccountLink {
  const { account, rel, href } = record(value, at);
  return { account: text(account, `${at}.account`), rel: text(rel, `${at}.rel`), href: text(href, `${at}.href`) };
}

export function document(value: unknown, at: string, host: ReadHost): PublicDocument {
  const fields = record(value, at);
  return {
    host: host(fields.host, `${at}.host`),
    path: path(fields.path, `${at}.path`),
    contentType: matching(fields.contentType, `${at}.contentType`, /^[\x20-\x7e]+$/, 'a media type'),
    body: text(fields.body, `${at}.body`),
  };
}

export function goneObject(value: unknown, at: string, host: ReadHost): GoneObject {
  const fields = record(value, at);
  return { host: host(fields.host, `${at}.host`), path: path(fields.path, `${at}.path`) };
}

export function actorKey(value: unknown, at: string): ActorKey {
  const fields = record(value, at);
  const bounded = (name: keyof ActorKey, most: number): string => {
    const found = text(fields[name], `${at}.${name}`);
    return found.length <= most ? found : wrong(`${at}.${name}`, `at most ${most} characters`);
  };
  // What cannot be held against a list of blocks counts as not told.
  const host = fields.domain === undefined ? '' : (URL.parse(`https://${bounded('domain', 253)}`)?.hostname ?? '');
  return {
    keyId: bounded('keyId', limits.addressLength),
    owner: bounded('owner', limits.addressLength),
    publicKeyPem: bounded('publicKeyPem', limits.actorKeyLength),
    ...(host === '' ? {} : { domain: host }),
  };
}

/** A host name without a port, in small letters, as it is held against that of a key. */
export function domain(value: unknown, at: string): string {
  return matching(
    value,
    at,
    /^(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*$/,
    'a domain in small letters (RFC 5891: its A-label)',
  );
}

/** As domain(), or `*.` before one: whatever is below it, and not it itself. */
export function allowedDomain(value: unknown, at: string): string {
  const isBelow = typeof value === 'string' && value.startsWith('*.');
  const named = domain(isBelow ? value.slice(2) : value, at);
  return isBelow ? `*.${named}` : named;
}

/** A path of home's own, as visitors and peers ask for it; never one of the edge's. */
export function path(value: unknown, at: string): string {
  const named = matching(value, at, /^\/[\x21-\x7e]*$/, 'a path that begins with /');
  return isOwnPath(named) ? wrong(at, 'a path of home, not one of the edge') : named;
}

/** Names and texts; null where a property has no value. */
export function texts(value: unknown, at: string): Readonly<Record<string, string | null>> {
  const fields = record(value, at);
  const isBad = Object.values(fields).some((one) => typeof one !== 'string' && one !== null);
  return isBad ? wrong(at, 'an object of texts') : (fields as Readonly<Record<string, string | null>>);
}

/** Nothing when it is not there, as homes of an earlier version leave it. */
export function optional<Name extends string, Value>(
  fields: Fields,
  name: Name,
  at: string,
  read: (value: unknown, at: string) => Value,
): Partial<Record<Name, NonNullable<Value>>> {
  const value = fields[name];
  return value === undefined ? {} : ({ [name]: read(value, at) } as Partial<Record<Name, NonNullable<Value>>>);
}

export function record(value: unknown, at: string): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : wrong(at, 'an object');
}

export function list<Item>(value: unknown, at: string, item: (value: unknown, at: string) => Item): readonly Item[] {
  return Array.isArray(value) ? value.map((one, index) => item(one, `${at}[${index}]`)) : wrong(at, 'a list');
}

export function text(value: unknown, at: string): string {
  return typeof value === 'string' && value !== '' ? value : wrong(at, 'text');
}

export function matching(value: unknown, at: string, pattern: RegExp, expected: string): string {
  return typeof value === 'string' && pattern.test(value) ? value : wrong(at, expected);
}

export function wrong(at: string, expected: string): never {
  throw new PorchlightError(
    'snapshot-malformed',
    `Cannot take the snapshot: ${at} is not ${expected}; bring home and edge to the same version.`,
  );
}
