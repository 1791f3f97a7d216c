// Makes the snapshot: what the services leave for strangers, put together for the edge. Pure; leave.ts gathers and
// sends.

import type { Acceptance } from '../../shared/acceptance/acceptance.ts';
import { BloomFilter } from '../../shared/known-actors/bloom.ts';
import { limits } from '../../shared/limits.ts';
import type { ServiceProfile, SignatureKind, Snapshot } from '../../shared/snapshot.ts';
import type { Leavings } from '../adapters/adapter.ts';

export interface SnapshotService {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly signatures: readonly SignatureKind[];
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
  /** Actors whose deliveries home has taken. */
  readonly senders: readonly string[];
}

/** Without its version and time: two of these are equal when the edge need not be told. */
export type SnapshotContent = Omit<Snapshot, 'version' | 'madeAt'>;

/** One stranger in a thousand is taken for somebody known, and merely judged in full. */
const falsePositiveRate = 0.001;
const fewestActors = 1024;

export function snapshotContent({ language, title, complete, services, senders }: SnapshotFacts): SnapshotContent {
  const profiles: ServiceProfile[] = services.map(
    ({ name, hosts, signatures, accepts, authorizedFetch, defers, leavings }) => ({
      name,
      hosts,
      inboxes: leavings.inboxes,
      signatures,
      ...(authorizedFetch === true ? { authorizedFetch } : {}),
      ...(accepts === undefined ? {} : { accepts }),
      ...(defers === true ? { defers } : {}),
    }),
  );
  const met = services.map(({ leavings }) => leavings.knownActors);
  const actors = new Set([...met.flatMap((known) => known ?? []), ...senders]);
  return {
    language,
    title,
    complete,
    services: profiles,
    accounts: services.flatMap(({ leavings }) => leavings.accounts ?? []),
    // There is one for a domain: that of the service named first.
    nodeinfo: services.map(({ leavings }) => leavings.nodeinfo).find((nodeinfo) => nodeinfo !== null) ?? null,
    documents: services.flatMap(({ leavings }) => leavings.documents),
    // News of an actor that a service may know is never forgotten: where one cannot say whom it knows, all are known.
    ...actorKeys(services),
    knownActors: (met.includes(null) ? BloomFilter.full() : filterOf(actors)).toData(),
    ...blocksOf(services),
    ...goneOf(services),
  };
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
  const filter = BloomFilter.empty(room, falsePositiveRate);
  for (const actor of actors) filter.add(actor);
  return filter;
}
