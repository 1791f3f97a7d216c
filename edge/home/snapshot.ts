// Reads the snapshot that home sends, before anything of it is stored or answered to a stranger: shapes, and that home
// speaks only of hosts that it claimed. A snapshot may narrow what the claim gave, never widen it. What is not in
// shared/snapshot.ts is left out, so that a newer home can speak to an older edge.
//
// One bad entry among many costs that entry where strangers are then told less, and nothing that is not so; the rest of the
// snapshot is what keeps home answering:
//
//   what cannot be read                     is taken for
//   an account                              not said: whoever is not here is the running services' to say, or 503
//   a document, a key, a link of the owner  not there
//   an address that is gone                 not gone
//   nodeinfo of a host                      to be asked of the service
//   the filter of known actors              one that knows everybody
//   the filter of those surely met          one that knows nobody
//   anything in a list of blocks, or more   no list: nobody is told what is shown to some servers only
//     than limits.blockedDomains
//   a domain that is allowed                not allowed
//   a domain that is spared of a block      blocked
//
// Services are home's settings and not rows: where one cannot be read, nobody knows who may be told what of it.

import { readAcceptance } from '../../shared/acceptance/read.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { BloomFilter } from '../../shared/known-actors/bloom.ts';
import { limits } from '../../shared/limits.ts';
import type { BloomFilterData, ServiceProfile, SignatureKind, Snapshot } from '../../shared/snapshot.ts';
import {
  account,
  accountLink,
  actorKey,
  allowedDomain,
  document,
  domain,
  goneObject,
  list,
  matching,
  optional,
  path,
  type ReadHost,
  record,
  text,
  wrong,
} from '../../shared/snapshot-entries.ts';

const signatureKinds: readonly SignatureKind[] = ['cavage', 'rfc9421'];

export interface SnapshotReading {
  readonly snapshot: Snapshot;
  /** Of what could not be read: the first of each kind, and how many, in words for home. */
  readonly leftOut: readonly string[];
}

/** As readSnapshot(), without what is left out. */
export function parseSnapshot(bytes: Uint8Array, claimedHosts: readonly string[]): Snapshot {
  return readSnapshot(bytes, claimedHosts).snapshot;
}

/**
 * Throws `snapshot-malformed` with the place and what was expected there, `snapshot-foreign-host` for a host that is
 * not among `claimedHosts`.
 */
export function readSnapshot(bytes: Uint8Array, claimedHosts: readonly string[]): SnapshotReading {
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
  const leftOut: string[] = [];
  const entries = entriesInto(leftOut);
  const accounts = entries(fields.accounts, 'accounts', account);
  const isWhole = accounts.length === (fields.accounts as readonly unknown[]).length;
  const { links, gone, actorKeys } = fields;
  const snapshot: Snapshot = {
    version: count(fields.version, 'version'),
    madeAt: count(fields.madeAt, 'madeAt'),
    language: matching(fields.language, 'language', /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'a language tag (BCP 47)'),
    title: text(fields.title, 'title'),
    complete: fields.complete === true && isWhole,
    // Whose account it was that cannot be read, nobody knows.
    services: isWhole ? services : services.map((each) => ({ ...each, tellsAccounts: false })),
    accounts,
    nodeinfo: nodeinfo(fields.nodeinfo, 'nodeinfo', leftOut),
    ...optional(fields, 'nodeinfos', 'nodeinfos', (value, at) => nodeinfosOf(value, at, host, leftOut)),
    ...(links === undefined ? {} : { links: entries(links, 'links', accountLink) }),
    documents: entries(fields.documents, 'documents', (value, at) => document(value, at, host)),
    knownActors: bloomFilter(fields.knownActors, 'knownActors', leftOut) ?? BloomFilter.full().toData(),
    ...met(fields.metActors, leftOut),
    ...blocks(fields, 'blockedDomains', leftOut),
    ...blocks(fields, 'blockedBesideAllowed', leftOut),
    // One that is not here is blocked.
    ...(fields.sparedDomains === undefined
      ? {}
      : { sparedDomains: entries(fields.sparedDomains, 'sparedDomains', allowedDomain, limits.blockedDomains) }),
    ...(gone === undefined
      ? {}
      : {
          gone: entries(gone, 'gone', (value, at) => goneObject(value, at, host), limits.goneObjects),
        }),
    // A key that is not here is asked for. Absent: an earlier home, which leaves none.
    ...(actorKeys === undefined ? {} : { actorKeys: entries(actorKeys, 'actorKeys', actorKey, limits.actorKeys) }),
  };
  return { snapshot, leftOut };
}

type Entries = <Item>(
  value: unknown,
  at: string,
  item: (value: unknown, at: string) => Item,
  most?: number,
) => readonly Item[];

/** Reads a list, and leaves out what cannot be read of it or is too much. Throws where it is no list. */
function entriesInto(leftOut: string[]): Entries {
  return (value, at, item, most = Number.POSITIVE_INFINITY) => {
    const faults: string[] = [];
    const values = list(value, at, (one) => one);
    const read = values.slice(0, most).flatMap((one, index) => {
      try {
        return [item(one, `${at}[${index}]`)];
      } catch (thrown) {
        if (!isMalformed(thrown)) throw thrown;
        faults.push(causeOf(thrown));
        return [];
      }
    });
    const [first] = faults;
    if (first !== undefined) leftOut.push(`${faults.length} of ${at}, the first: ${first}`);
    if (values.length > most) leftOut.push(`${values.length - most} of ${at}: it has more than ${most}`);
    return read;
  };
}

/** A list that lacks one domain shows it what it is kept from it for: nothing of such a list counts. */
function blocks<Name extends 'blockedDomains' | 'blockedBesideAllowed'>(
  fields: Readonly<Record<string, unknown>>,
  name: Name,
  leftOut: string[],
): Partial<Record<Name, readonly string[]>> {
  const value = fields[name];
  if (value === undefined) return {};
  try {
    const named = list(value, name, domain);
    if (named.length <= limits.blockedDomains) return { [name]: named } as Record<Name, readonly string[]>;
    leftOut.push(`${name}: it has more than ${limits.blockedDomains}`);
  } catch (thrown) {
    if (!isMalformed(thrown)) throw thrown;
    leftOut.push(`${name}: ${causeOf(thrown)}`);
  }
  return {};
}

function isMalformed(thrown: unknown): boolean {
  return thrown instanceof PorchlightError && thrown.code === 'snapshot-malformed';
}

function service(value: unknown, at: string, host: ReadHost): ServiceProfile {
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
    ...allowed(fields.allowedDomains),
    ...(fields.accepts === undefined ? {} : { accepts: readAcceptance(fields.accepts, `${at}.accepts`, wrong) }),
  };
}

/** Whoever is not in the list is told nothing: so is everybody, where it cannot be read; and who reads signs. */
function allowed(value: unknown): Pick<ServiceProfile, 'allowedDomains' | 'authorizedFetch'> {
  if (value === undefined) return {};
  const named = Array.isArray(value) ? value.slice(0, limits.allowedDomains) : [];
  return { authorizedFetch: true, allowedDomains: entriesInto([])(named, 'allowedDomains', allowedDomain) };
}

function nodeinfo(value: unknown, at: string, leftOut: string[]): Snapshot['nodeinfo'] {
  if (value === null) return null;
  try {
    return record(value, at);
  } catch (thrown) {
    leftOut.push(causeOf(thrown));
    return null;
  }
}

function nodeinfosOf(
  value: unknown,
  at: string,
  host: ReadHost,
  leftOut: string[],
): NonNullable<Snapshot['nodeinfos']> {
  const entries = Object.entries(record(value, at)).map(([name, one]) => [
    host(name, at),
    nodeinfo(one, `${at}.${name}`, leftOut),
  ]);
  return Object.fromEntries(entries) as NonNullable<Snapshot['nodeinfos']>;
}

/** Of a home of an earlier version there is none. */
function met(value: unknown, leftOut: string[]): Pick<Snapshot, 'metActors'> {
  const filter = value === undefined ? null : bloomFilter(value, 'metActors', leftOut);
  return filter === null ? {} : { metActors: filter };
}

/** null: it cannot be read. */
function bloomFilter(value: unknown, at: string, leftOut: string[]): BloomFilterData | null {
  try {
    const { bits, hashes } = record(value, at) as unknown as BloomFilterData;
    BloomFilter.fromData({ bits, hashes });
    return { bits, hashes };
  } catch (thrown) {
    if (!(thrown instanceof PorchlightError)) throw thrown;
    leftOut.push(`${at}: ${causeOf(thrown)}`);
    return null;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return wrong('the snapshot', 'JSON in UTF-8');
  }
}

function count(value: unknown, at: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : wrong(at, 'a whole number');
}

function distinct(values: readonly string[], at: string, what: string): void {
  const seen = new Set<string>();
  const twice = values.find((value) => seen.size === seen.add(value).size);
  if (twice !== undefined) wrong(at, `each ${what} once; ${twice} is there twice`);
}
