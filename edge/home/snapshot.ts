// Reads the snapshot that home sends, before anything of it is stored or answered to a stranger: shapes, and that home
// speaks only of hosts that it claimed. A snapshot may narrow what the claim gave, never widen it. What is not in
// shared/snapshot.ts is left out, so that a newer home can speak to an older edge.

import { readAcceptance } from '../../shared/acceptance/read.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { isOwnPath } from '../../shared/own-path.ts';
import type {
  AccountLink,
  ActorKey,
  BloomFilterData,
  GoneObject,
  PublicDocument,
  ServiceProfile,
  SignatureKind,
  Snapshot,
  WebFingerAccount,
  WebFingerLink,
} from '../../shared/snapshot.ts';

type Fields = Readonly<Record<string, unknown>>;

const signatureKinds: readonly SignatureKind[] = ['cavage', 'rfc9421'];

/**
 * Throws `snapshot-malformed` with the place and what was expected there, `snapshot-foreign-host` for a host that is
 * not among `claimedHosts`.
 */
export function parseSnapshot(bytes: Uint8Array, claimedHosts: readonly string[]): Snapshot {
  const fields = record(parseJson(bytes), 'the snapshot');
  const host = (value: unknown, at: string): string => {
    const named = text(value, at);
    if (claimedHosts.includes(named)) return named;
    throw new PorchlightError(
      'snapshot-foreign-host',
      `Cannot take the snapshot: ${at} is ${named}, which this home did not claim; name only ${claimedHosts.join(', ')}.`,
    );
  };
  const services = list(fields.services, 'services', (value, at) => service(value, at, host));
  distinct(
    services.map(({ name }) => name),
    'services',
    'name',
  );
  distinct(
    services.flatMap(({ hosts, inboxes }) => hosts.flatMap((h) => inboxes.map((path) => h + path))),
    'services',
    'inbox',
  );
  return {
    version: count(fields.version, 'version'),
    madeAt: count(fields.madeAt, 'madeAt'),
    language: matching(fields.language, 'language', /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'a language tag (BCP 47)'),
    title: text(fields.title, 'title'),
    complete: fields.complete === true,
    services,
    accounts: list(fields.accounts, 'accounts', account),
    nodeinfo: fields.nodeinfo === null ? null : record(fields.nodeinfo, 'nodeinfo'),
    ...optional(fields, 'nodeinfos', 'nodeinfos', (value, at) => nodeinfosOf(value, at, host)),
    ...optional(fields, 'links', 'links', (value, at) => list(value, at, accountLink)),
    documents: list(fields.documents, 'documents', (value, at) => document(value, at, host)),
    knownActors: bloomFilter(fields.knownActors, 'knownActors'),
    ...(fields.blockedDomains === undefined
      ? {}
      : { blockedDomains: atMost(limits.blockedDomains, fields.blockedDomains, 'blockedDomains', domain) }),
    ...(fields.gone === undefined
      ? {}
      : { gone: atMost(limits.goneObjects, fields.gone, 'gone', (value, at) => goneObject(value, at, host)) }),
    ...actorKeys(fields.actorKeys),
  };
}

function service(value: unknown, at: string, host: (value: unknown, at: string) => string): ServiceProfile {
  const fields = record(value, at);
  return {
    name: matching(fields.name, `${at}.name`, /^[a-z0-9][a-z0-9-]{0,62}$/, 'small letters, digits and hyphens'),
    hosts: list(fields.hosts, `${at}.hosts`, host),
    inboxes: list(fields.inboxes, `${at}.inboxes`, path),
    signatures: list(fields.signatures, `${at}.signatures`, (kind, where) => {
      const known = signatureKinds.find((one) => one === kind);
      return known ?? wrong(where, `one of ${signatureKinds.join(', ')}`);
    }),
    ...optional(fields, 'accountDomain', `${at}.accountDomain`, text),
    ...(typeof fields.tellsAccounts === 'boolean' ? { tellsAccounts: fields.tellsAccounts } : {}),
    ...(fields.defers === true ? { defers: true } : {}),
    // What is neither is no reason to answer strangers.
    ...(fields.authorizedFetch === undefined ? {} : { authorizedFetch: fields.authorizedFetch !== false }),
    ...(fields.accepts === undefined ? {} : { accepts: readAcceptance(fields.accepts, `${at}.accepts`, wrong) }),
  };
}

function account(value: unknown, at: string): WebFingerAccount {
  const fields = record(value, at);
  return {
    subject: text(fields.subject, `${at}.subject`),
    aliases: list(fields.aliases, `${at}.aliases`, text),
    links: list(fields.links, `${at}.links`, webFingerLink),
    ...optional(fields, 'properties', `${at}.properties`, texts),
  };
}

function webFingerLink(value: unknown, at: string): WebFingerLink {
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

function accountLink(value: unknown, at: string): AccountLink {
  const { account, rel, href } = record(value, at);
  return { account: text(account, `${at}.account`), rel: text(rel, `${at}.rel`), href: text(href, `${at}.href`) };
}

function nodeinfosOf(value: unknown, at: string, host: (value: unknown, at: string) => string): Snapshot['nodeinfos'] {
  const entries = Object.entries(record(value, at)).map(([name, one]) => [
    host(name, at),
    one === null ? null : record(one, `${at}.${name}`),
  ]);
  return Object.fromEntries(entries) as Snapshot['nodeinfos'];
}

/** Names and texts; null where a property has no value. */
function texts(value: unknown, at: string): Readonly<Record<string, string | null>> {
  const fields = record(value, at);
  const isBad = Object.values(fields).some((one) => typeof one !== 'string' && one !== null);
  return isBad ? wrong(at, 'an object of texts') : (fields as Readonly<Record<string, string | null>>);
}

/** Nothing when it is not there, as homes of an earlier version leave it. */
function optional<Name extends string, Value>(
  fields: Fields,
  name: Name,
  at: string,
  read: (value: unknown, at: string) => Value,
): Partial<Record<Name, NonNullable<Value>>> {
  const value = fields[name];
  return value === undefined ? {} : ({ [name]: read(value, at) } as Partial<Record<Name, NonNullable<Value>>>);
}

function document(value: unknown, at: string, host: (value: unknown, at: string) => string): PublicDocument {
  const fields = record(value, at);
  return {
    host: host(fields.host, `${at}.host`),
    path: path(fields.path, `${at}.path`),
    contentType: matching(fields.contentType, `${at}.contentType`, /^[\x20-\x7e]+$/, 'a media type'),
    body: text(fields.body, `${at}.body`),
  };
}

/** A host name without a port, in small letters, as it is held against that of a key. */
function domain(value: unknown, at: string): string {
  return matching(
    value,
    at,
    /^(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*$/,
    'a domain in small letters (RFC 5891: its A-label)',
  );
}

function goneObject(value: unknown, at: string, host: (value: unknown, at: string) => string): GoneObject {
  const fields = record(value, at);
  return { host: host(fields.host, `${at}.host`), path: path(fields.path, `${at}.path`) };
}

function bloomFilter(value: unknown, at: string): BloomFilterData {
  const fields = record(value, at);
  const hashes = count(fields.hashes, `${at}.hashes`);
  if (hashes < 1 || hashes > 32) wrong(`${at}.hashes`, 'a number from 1 to 32');
  return { bits: matching(fields.bits, `${at}.bits`, /^[\w-]+$/, 'base64url without padding'), hashes };
}

/** Those beyond the limit are left out: a key that is not here is asked for. Absent: an earlier home, which leaves none. */
function actorKeys(value: unknown): { readonly actorKeys?: readonly ActorKey[] } {
  if (value === undefined) return {};
  return { actorKeys: list(value, 'actorKeys', actorKey).slice(0, limits.actorKeys) };
}

function actorKey(value: unknown, at: string): ActorKey {
  const fields = record(value, at);
  const bounded = (name: keyof ActorKey, most: number): string => {
    const found = text(fields[name], `${at}.${name}`);
    return found.length <= most ? found : wrong(`${at}.${name}`, `at most ${most} characters`);
  };
  return {
    keyId: bounded('keyId', limits.addressLength),
    owner: bounded('owner', limits.addressLength),
    publicKeyPem: bounded('publicKeyPem', limits.actorKeyLength),
    ...(fields.domain === undefined ? {} : { domain: bounded('domain', 253).toLowerCase() }),
  };
}

/** A path of home's own, as visitors and peers ask for it; never one of the edge's. */
function path(value: unknown, at: string): string {
  const named = matching(value, at, /^\/[\x21-\x7e]*$/, 'a path that begins with /');
  return isOwnPath(named) ? wrong(at, 'a path of home, not one of the edge') : named;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return wrong('the snapshot', 'JSON in UTF-8');
  }
}

function record(value: unknown, at: string): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : wrong(at, 'an object');
}

function list<Item>(value: unknown, at: string, item: (value: unknown, at: string) => Item): readonly Item[] {
  return Array.isArray(value) ? value.map((one, index) => item(one, `${at}[${index}]`)) : wrong(at, 'a list');
}

function atMost<Item>(
  most: number,
  value: unknown,
  at: string,
  item: (value: unknown, at: string) => Item,
): readonly Item[] {
  return Array.isArray(value) && value.length > most ? wrong(at, `a list of at most ${most}`) : list(value, at, item);
}

function text(value: unknown, at: string): string {
  return typeof value === 'string' && value !== '' ? value : wrong(at, 'text');
}

function matching(value: unknown, at: string, pattern: RegExp, expected: string): string {
  return typeof value === 'string' && pattern.test(value) ? value : wrong(at, expected);
}

function count(value: unknown, at: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : wrong(at, 'a whole number');
}

function distinct(values: readonly string[], at: string, what: string): void {
  const seen = new Set<string>();
  const twice = values.find((value) => seen.size === seen.add(value).size);
  if (twice !== undefined) wrong(at, `each ${what} once; ${twice} is there twice`);
}

function wrong(at: string, expected: string): never {
  throw new PorchlightError(
    'snapshot-malformed',
    `Cannot take the snapshot: ${at} is not ${expected}; bring home and edge to the same version.`,
  );
}
