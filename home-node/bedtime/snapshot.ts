// Makes the snapshot: what the services leave for strangers, put together for the edge. Pure; leave.ts gathers and
// sends.

import type { Acceptance } from '../../shared/acceptance/acceptance.ts';
import { limits } from '../../shared/limits.ts';
import type { AccountLink, BloomFilterData, ServiceProfile, SignatureKind, Snapshot } from '../../shared/snapshot.ts';
import type { Leavings, LeftOut } from '../adapters/adapter.ts';
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
  /** Of the actors that services have met, and of those whose deliveries home has taken (known-filter.ts). */
  readonly knownActors: BloomFilterData;
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
      tellsAccounts: leavings.accounts !== null && leavings.hasUntold !== true && !found.incomplete.has(name),
      ...(authorizedFetch === true ? { authorizedFetch } : {}),
      ...allowed(leavings),
      ...(accepts === undefined ? {} : { accepts }),
      ...(defers === true ? { defers } : {}),
    }),
  );
  const blocks = blocksOf(services);
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
    ...blocks.said,
    ...goneOf(services),
  };
  const told = services.flatMap(({ name, leavings }) =>
    (leavings.leftOut ?? []).map((one) => ({ ...one, of: `${name}: ${one.of}`, text: `${name}: ${one.text}` })),
  );
  return { content, faults: found.faults, leftOut: [...told, ...blocks.leftOut] };
}

/** At each host that of the service named first there. */
function nodeinfosOf(services: readonly SnapshotService[]): NonNullable<Snapshot['nodeinfos']> {
  const byHost = new Map<string, Readonly<Record<string, unknown>> | null>();
  for (const { hosts, leavings } of services) {
    for (const host of hosts) if (byHost.get(host) == null) byHost.set(host, leavings.nodeinfo);
  }
  return Object.fromEntries(byHost);
}

/** Whoever has such a list shows nothing to who does not sign, and an edge that knows no lists is told that too. */
function allowed({ allowedDomains }: Leavings): Pick<ServiceProfile, 'allowedDomains' | 'authorizedFetch'> {
  if (allowedDomains === undefined) return {};
  const named = allowedDomains.flatMap((domain) => {
    const isBelow = domain.startsWith('*.');
    const host = asHostName(isBelow ? domain.slice(2) : domain);
    return host === null ? [] : [isBelow ? `*.${host}` : host];
  });
  return { authorizedFetch: true, allowedDomains: sorted(named) };
}

interface Blocks {
  readonly said: Pick<Snapshot, 'blockedDomains' | 'blockedBesideAllowed'>;
  readonly leftOut: readonly LeftOut[];
}

/**
 * One list for all services; without it the edge says 503 where it would have to hold somebody against it. Only when each that shows something to some servers only said whom it blocks, and completely:
 * a list that lacks somebody would show them what it is kept from them for. Under another name beside a list of those that
 * are allowed: an edge that knows no such lists must not take the blocks for all there is to know.
 */
function blocksOf(services: readonly SnapshotService[]): Blocks {
  const limited = services.filter(({ leavings }) => leavings.allowedDomains !== undefined);
  const choosy = services.filter((one) => one.authorizedFetch === true || limited.includes(one));
  const isUntold = ({ leavings }: SnapshotService): boolean =>
    leavings.blockedDomains === undefined && (leavings.allowedDomains ?? []).length === 0;
  if (choosy.some(isUntold)) {
    return { said: {}, leftOut: [] };
  }
  const named = services.flatMap(({ leavings }) => leavings.blockedDomains ?? []);
  if (named.length === 0 && choosy.length === 0) return { said: {}, leftOut: [] };
  const [domains, unreadable] = [new Set<string>(), new Set<string>()];
  for (const domain of named) {
    const host = asHostName(domain);
    if (host === null) unreadable.add(domain);
    else domains.add(host);
  }
  const leftOut = [...(unreadable.size === 0 ? [] : [noHosts(unreadable)])];
  if (domains.size > limits.blockedDomains) return { said: {}, leftOut: [...leftOut, tooMany(domains.size)] };
  const name = limited.length > 0 ? 'blockedBesideAllowed' : 'blockedDomains';
  return { said: { [name]: sorted(domains) }, leftOut };
}

function noHosts(domains: ReadonlySet<string>): LeftOut {
  const [first = ''] = domains;
  const text = `${domains.size} of the blocked domains are no names of hosts and block nobody (the first: ${JSON.stringify(first.slice(0, 100))}); write them in the service as the domain alone.`;
  return { of: 'blocks that are none', text };
}

function tooMany(count: number): LeftOut {
  const text = `${count} domains are blocked, and the edge holds questions against ${limits.blockedDomains} at most; none is left there, and what a service shows to some servers only is shown to nobody while it is away. Block whole domains instead of names below them.`;
  return { of: 'blocks', text };
}

function sorted(domains: Iterable<string>): readonly string[] {
  return [...new Set(domains)].sort((a, b) => (a < b ? -1 : 1));
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
