// With whom home's services have to do, put together for the edge: one list of blocks for all of them, and of each whom
// alone it federates with. A host is blocked if any of them blocks it. Pure.

import { isBlocked } from '../../shared/domain-lists.ts';
import { limits } from '../../shared/limits.ts';
import type { ServiceProfile, Snapshot } from '../../shared/snapshot.ts';
import type { Federation, LeftOut } from '../adapters/adapter.ts';
import { asHostName, asHostNames } from '../host-name.ts';

export interface FederatingService {
  readonly name: string;
  readonly authorizedFetch?: boolean;
  readonly leavings: Federation;
}

export interface FederationMade {
  readonly said: Pick<Snapshot, 'blockedDomains' | 'blockedBesideAllowed' | 'sparedDomains'>;
  /** Of each service in their order. */
  readonly allowed: readonly Pick<ServiceProfile, 'allowedDomains' | 'authorizedFetch'>[];
  readonly leftOut: readonly LeftOut[];
}

export function makeFederation(services: readonly FederatingService[]): FederationMade {
  const allowed = services.map(allowedBy);
  const blocks = blocksOf(services, allowed);
  return {
    said: blocks.said,
    allowed: allowed.map(({ named }) => (named === null ? {} : { authorizedFetch: true, allowedDomains: named })),
    leftOut: [...allowed.flatMap(({ leftOut }) => leftOut), ...blocks.leftOut],
  };
}

interface Allowed {
  /** null: whoever is not blocked. */
  readonly named: readonly string[] | null;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Whoever has such a list shows nothing to who does not sign, and an edge that knows no lists is told that too. What stands
 * for all below a domain counts only beside a list of blocks: a service allows `*.example` but for those that it blocks, and
 * where nobody says who these are, they would be shown what it keeps from them.
 */
function allowedBy({ name, leavings: { allowedDomains, blockedDomains } }: FederatingService): Allowed {
  if (allowedDomains === undefined) return { named: null, leftOut: [] };
  const named = sorted(allowedDomains.flatMap((domain) => asHostNames(domain) ?? []));
  if (blockedDomains !== undefined) return { named, leftOut: [] };
  const exact = named.filter((domain) => !domain.startsWith('*.'));
  const [first] = named.filter((domain) => domain.startsWith('*.'));
  return { named: exact, leftOut: first === undefined ? [] : [noneBelow(name, first)] };
}

/**
 * One list for all services; without it the edge says 503 where it would have to hold somebody against it. Only when each
 * that shows something to some servers only said whom it blocks, and completely: a list that lacks somebody would show them
 * what it is kept from them for. Under another name beside a list of those that are allowed: an edge that knows no such lists
 * must not take the blocks for all there is to know.
 */
function blocksOf(
  services: readonly FederatingService[],
  allowed: readonly Allowed[],
): Pick<FederationMade, 'said' | 'leftOut'> {
  const none = { said: {}, leftOut: [] };
  const isLimited = allowed.some(({ named }) => named !== null);
  const choosy = services.map((one, index) => one.authorizedFetch === true || allowed[index]?.named != null);
  const isUntold = services.some(
    ({ leavings }, index) =>
      choosy[index] === true && leavings.blockedDomains === undefined && (allowed[index]?.named ?? []).length === 0,
  );
  if (isUntold) return none;
  if (!choosy.includes(true) && services.every(({ leavings }) => (leavings.blockedDomains ?? []).length === 0))
    return none;
  const unreadable = new Set<string>();
  const rules = services.map(({ leavings: { blockedDomains = [], sparedDomains = [] } }) => ({
    blocked: blockedDomains.flatMap((domain) => {
      const host = asHostName(domain);
      if (host === null) unreadable.add(domain);
      return host ?? [];
    }),
    spared: sparedDomains.flatMap((domain) => asHostNames(domain) ?? []),
  }));
  const leftOut = unreadable.size === 0 ? [] : [noHosts(unreadable)];
  const blocked = sorted(rules.flatMap((rule) => rule.blocked));
  if (blocked.length > limits.blockedDomains) return { said: {}, leftOut: [...leftOut, tooMany(blocked.length)] };
  // What one spares, another may block. `*.bad.example` stands here for a host below of which no list says more.
  const spared = sorted(rules.flatMap((rule) => rule.spared)).filter((domain) =>
    rules.every((rule) => !isBlocked(domain, rule.blocked, rule.spared)),
  );
  return {
    said: {
      [isLimited ? 'blockedBesideAllowed' : 'blockedDomains']: blocked,
      // More than the edge takes are blocked.
      ...(spared.length === 0 ? {} : { sparedDomains: spared.slice(0, limits.blockedDomains) }),
    },
    leftOut,
  };
}

function noneBelow(name: string, first: string): LeftOut {
  const text = `${name}: ${first} in allowed_domains counts for nobody, because whom the server blocks below it is not known; set its database, or name each domain for itself.`;
  return { of: `${name}: domains below`, text };
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
