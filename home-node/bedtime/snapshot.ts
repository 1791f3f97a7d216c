// Makes the snapshot: what the services leave for strangers, put together for the edge. Pure; leave.ts gathers and
// sends.

import type { Acceptance } from '../../shared/acceptance/acceptance.ts';
import { BloomFilter } from '../../shared/known-actors/bloom.ts';
import { limits } from '../../shared/limits.ts';
import type { AccountLink, ServiceProfile, SignatureKind, Snapshot } from '../../shared/snapshot.ts';
import type { Leavings } from '../adapters/adapter.ts';
import { type AccountFault, accountsOf } from './accounts.ts';
import { withExactInboxes } from './exact-inboxes.ts';

export interface SnapshotService {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly signatures: readonly SignatureKind[];
  /** What its people have after the `@`, if its owner says so. */
  readonly accountDomain?: string;
  readonly accepts?: Acceptance;
  /** It answers ActivityPub questions only to who signs them; false if left out. */
  readonly authorizedFetch?: boolean;
  /** Its inboxes take nothing while it is away; false if left out. */
  readonly defers?: boolean;
  readonly leavings: Leavings;
}

export interface SnapshotFacts {
  readonly language: string;
  readonly title: string;
  /** False while some service has never left anything. */
  readonly complete: boolean;
  readonly services: readonly SnapshotService[];
  /** What the owner adds to accounts. */
  readonly links?: readonly AccountLink[];
  /** Actors whose deliveries home has taken. */
  readonly senders: readonly string[];
}

/** Without its version and time: two of these are equal when the edge need not be told. */
export type SnapshotContent = Omit<Snapshot, 'version' | 'madeAt'>;

const fewestActors = 1024;

export interface SnapshotMade {
  readonly content: SnapshotContent;
  /** What the owner must mend. */
  readonly faults: readonly AccountFault[];
}

export function snapshotContent(facts: SnapshotFacts): SnapshotContent {
  return makeSnapshot(facts).content;
}

export function makeSnapshot({
  language,
  title,
  complete,
  services,
  links = [],
  senders,
}: SnapshotFacts): SnapshotMade {
  const named = services.map(({ leavings, ...service }) => ({ ...service, accounts: leavings.accounts }));
  const found = accountsOf(named, links);
  const profiles: ServiceProfile[] = services.map(
    ({ name, hosts, signatures, accepts, accountDomain, authorizedFetch, defers, leavings }) => ({
      name,
      hosts,
      inboxes: withExactInboxes(leavings),
      signatures,
      ...(accountDomain === undefined ? {} : { accountDomain }),
      tellsAccounts: leavings.accounts !== null && !found.incomplete.has(name),
      ...(authorizedFetch === true ? { authorizedFetch } : {}),
      ...(accepts === undefined ? {} : { accepts }),
      ...(defers === true ? { defers } : {}),
    }),
  );
  const met = services.map(({ leavings }) => leavings.knownActors);
  const actors = new Set([...met.flatMap((known) => known ?? []), ...senders]);
  const content: SnapshotContent = {
    language,
    title,
    complete: complete && found.incomplete.size === 0,
    services: profiles,
    accounts: found.accounts,
    // Of a host without a server of its own: that of the service named first.
    nodeinfo: services.map(({ leavings }) => leavings.nodeinfo).find((nodeinfo) => nodeinfo !== null) ?? null,
    ...(services.length > 1 ? { nodeinfos: nodeinfosOf(services) } : {}),
    ...(found.links.length > 0 ? { links: found.links } : {}),
    documents: services.flatMap(({ leavings }) => leavings.documents),
    ...actorKeys(services),
    // News of an actor that a service may know is never forgotten: where one cannot say whom it knows, all are known.
    knownActors: (met.includes(null) ? BloomFilter.full() : filterOf(actors)).toData(),
    ...blocksOf(services),
    ...goneOf(services),
  };
  return { content, faults: found.faults };
}

/** At each host that of the service named first there. */
function nodeinfosOf(services: readonly SnapshotService[]): NonNullable<Snapshot['nodeinfos']> {
  const byHost = new Map<string, Readonly<Record<string, unknown>> | null>();
  for (const { hosts, leavings } of services) {
    for (const host of hosts) if (byHost.get(host) == null) byHost.set(host, leavings.nodeinfo);
  }
  return Object.fromEntries(byHost);
}

/**
 * One list for all services. Only when each that shows something to some servers only said whom it blocks, and completely:
 * a list that lacks somebody would show them what it is kept from them for.
 */
function blocksOf(services: readonly SnapshotService[]): Pick<Snapshot, 'blockedDomains'> {
  const choosy = services.filter(({ authorizedFetch }) => authorizedFetch === true);
  if (choosy.some(({ leavings }) => leavings.blockedDomains === undefined)) return {};
  const named = services.flatMap(({ leavings }) => leavings.blockedDomains ?? []);
  if (named.length === 0 && choosy.length === 0) return {};
  const domains = new Set(named.map(asHostName).filter((domain) => domain !== null));
  return domains.size > limits.blockedDomains ? {} : { blockedDomains: [...domains].sort((a, b) => (a < b ? -1 : 1)) };
}

/** As a key's address would spell it; null for what is no host's name (a pattern, a remark): it can be nobody's. */
function asHostName(domain: string): string | null {
  const host = URL.parse(`https://${domain.trim().replace(/^\*\./, '')}`)?.hostname.replace(/\.$/, '') ?? '';
  return /^(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host) ? host : null;
}

/** Each at the service's first host, which is that of its documents. The newest, as many as the edge takes. */
function goneOf(services: readonly SnapshotService[]): Pick<Snapshot, 'gone'> {
  const gone = services.flatMap(({ hosts, leavings }) =>
    (leavings.gone ?? []).flatMap((path) => (hosts[0] === undefined ? [] : [{ host: hosts[0], path }])),
  );
  return gone.length === 0 ? {} : { gone: gone.slice(0, limits.goneObjects) };
}

/** None of them: the snapshot is as one of a home that knows nothing of keys. */
function actorKeys(services: readonly SnapshotService[]): Pick<Snapshot, 'actorKeys'> {
  const keys = services.flatMap(({ leavings }) => leavings.actorKeys ?? []);
  return keys.length === 0 ? {} : { actorKeys: keys.slice(0, limits.actorKeys) };
}

function filterOf(actors: ReadonlySet<string>): BloomFilter {
  // Sized in doublings, so that one new actor changes a few bits and not all of them.
  const room = 2 ** Math.ceil(Math.log2(Math.max(fewestActors, actors.size)));
  const filter = BloomFilter.within(limits.knownActorsBytes, room, limits.knownActorsFalsePositives);
  for (const actor of actors) filter.add(actor);
  return filter;
}
