// Makes the snapshot: what the services leave for strangers, put together for the edge. Pure; leave.ts gathers and
// sends.

import type { Acceptance } from '../../shared/acceptance/acceptance.ts';
import { limits } from '../../shared/limits.ts';
import type { AccountLink, BloomFilterData, ServiceProfile, SignatureKind, Snapshot } from '../../shared/snapshot.ts';
import type { Leavings, LeftOut } from '../adapters/adapter.ts';
import { type AccountFault, accountsOf } from './accounts.ts';
import { withExactInboxes } from './exact-inboxes.ts';
import { makeFederation } from './federation.ts';

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
  /** Of the actors that services have met, and of those whose deliveries home has taken (known-filter.ts). */
  readonly knownActors: BloomFilterData;
  /** Where the former is one of everybody: of those whom somebody surely met. */
  readonly metActors?: BloomFilterData;
}

/** Without its version and time: two of these are equal when the edge need not be told. */
export type SnapshotContent = Omit<Snapshot, 'version' | 'madeAt'>;

export interface SnapshotMade {
  readonly content: SnapshotContent;
  /** What the owner must mend. */
  readonly faults: readonly AccountFault[];
  /** What is there and is not left. */
  readonly leftOut: readonly LeftOut[];
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
  knownActors,
  metActors,
}: SnapshotFacts): SnapshotMade {
  const named = services.map(({ leavings, ...service }) => ({ ...service, accounts: leavings.accounts }));
  const found = accountsOf(named, links);
  const federation = makeFederation(services);
  const profiles: ServiceProfile[] = services.map(
    ({ name, hosts, signatures, accepts, accountDomain, authorizedFetch, defers, leavings }, index) => ({
      name,
      hosts,
      inboxes: withExactInboxes(leavings),
      signatures,
      ...(accountDomain === undefined ? {} : { accountDomain }),
      tellsAccounts: leavings.accounts !== null && leavings.hasUntold !== true && !found.incomplete.has(name),
      ...(authorizedFetch === true ? { authorizedFetch } : {}),
      ...federation.allowed[index],
      ...(accepts === undefined ? {} : { accepts }),
      ...(defers === true ? { defers } : {}),
    }),
  );
  const content: SnapshotContent = {
    language,
    title,
    complete: complete && profiles.every(({ tellsAccounts }) => tellsAccounts === true),
    services: profiles,
    accounts: found.accounts,
    // Of a host without a server of its own: that of the service named first.
    nodeinfo: services.map(({ leavings }) => leavings.nodeinfo).find((nodeinfo) => nodeinfo !== null) ?? null,
    ...(services.length > 1 ? { nodeinfos: nodeinfosOf(services) } : {}),
    ...(found.links.length > 0 ? { links: found.links } : {}),
    documents: services.flatMap(({ leavings }) => leavings.documents),
    ...actorKeys(services),
    knownActors,
    ...(metActors === undefined ? {} : { metActors }),
    ...federation.said,
    ...goneOf(services),
  };
  const told = services.flatMap(({ name, leavings }) =>
    (leavings.leftOut ?? []).map((one) => ({ ...one, of: `${name}: ${one.of}`, text: `${name}: ${one.text}` })),
  );
  return { content, faults: found.faults, leftOut: [...told, ...federation.leftOut] };
}

/** At each host that of the service named first there. */
function nodeinfosOf(services: readonly SnapshotService[]): NonNullable<Snapshot['nodeinfos']> {
  const byHost = new Map<string, Readonly<Record<string, unknown>> | null>();
  for (const { hosts, leavings } of services) {
    for (const host of hosts) if (byHost.get(host) == null) byHost.set(host, leavings.nodeinfo);
  }
  return Object.fromEntries(byHost);
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
