// Makes the snapshot: what the services leave for strangers, put together for the edge. Pure; leave.ts gathers and
// sends.

import { BloomFilter } from '../../shared/known-actors/bloom.ts';
import type { AccountLink, ServiceProfile, SignatureKind, Snapshot } from '../../shared/snapshot.ts';
import type { Leavings } from '../adapters/adapter.ts';
import { type AccountFault, accountsOf } from './accounts.ts';

export interface SnapshotService {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly signatures: readonly SignatureKind[];
  /** What its people have after the `@`, if its owner says so. */
  readonly accountDomain?: string;
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

/** One stranger in a thousand is taken for somebody known, and merely judged in full. */
const falsePositiveRate = 0.001;
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
  const profiles: ServiceProfile[] = services.map(({ name, hosts, signatures, accountDomain, leavings }) => ({
    name,
    hosts,
    inboxes: leavings.inboxes,
    signatures,
    ...(accountDomain === undefined ? {} : { accountDomain }),
    tellsAccounts: leavings.accounts !== null,
  }));
  const met = services.map(({ leavings }) => leavings.knownActors);
  const actors = new Set([...met.flatMap((known) => known ?? []), ...senders]);
  const named = services.map(({ leavings, ...service }) => ({ ...service, accounts: leavings.accounts }));
  const found = accountsOf(named, links);
  const content: SnapshotContent = {
    language,
    title,
    complete,
    services: profiles,
    accounts: found.accounts,
    // Of a host without a server of its own: that of the service named first.
    nodeinfo: services.map(({ leavings }) => leavings.nodeinfo).find((nodeinfo) => nodeinfo !== null) ?? null,
    ...(services.length > 1 ? { nodeinfos: nodeinfosOf(services) } : {}),
    ...(found.links.length > 0 ? { links: found.links } : {}),
    documents: services.flatMap(({ leavings }) => leavings.documents),
    // News of an actor that a service may know is never forgotten: where one cannot say whom it knows, all are known.
    knownActors: (met.includes(null) ? BloomFilter.full() : filterOf(actors)).toData(),
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

function filterOf(actors: ReadonlySet<string>): BloomFilter {
  // Sized in doublings, so that one new actor changes a few bits and not all of them.
  const room = 2 ** Math.ceil(Math.log2(Math.max(fewestActors, actors.size)));
  const filter = BloomFilter.empty(room, falsePositiveRate);
  for (const actor of actors) filter.add(actor);
  return filter;
}
