// Whom a server blocks, by its own rule, as the lists that the edge goes by: blocked domains, each with all that is below it,
// and what of that is spared. Servers differ in what a block says of names below its domain, and in what lifts one. Pure.

import { isAllowed, isBlocked } from '../../shared/domain-lists.ts';
import type { Federation } from '../adapters/adapter.ts';
import { asHostName, asHostNames } from '../host-name.ts';

export interface OwnBlocks {
  /** As its database has them. */
  readonly blocked: readonly string[];
  /** A block is for the name alone, and not for what is below it. */
  readonly isExact: boolean;
  /** Domains for which a milder rule holds than for one above them: the longest counts. */
  readonly milder: readonly string[];
  /** Domains of which no block counts, neither of them nor of one above; `*.` before one for what is below it. */
  readonly lifted: readonly string[];
}

export function federationBlocks({ blocked, isExact, milder, lifted }: OwnBlocks): Federation {
  const free = lifted.flatMap((domain) => asHostNames(domain) ?? []);
  const holding = blocked.filter((domain) => !isAllowed(asHostName(domain) ?? domain, free));
  const named = holding.map((domain) => domain.toLowerCase());
  const spared = isExact ? named.map((domain) => `*.${domain.replace(/^\*\./, '')}`) : [];
  const hosts = holding.flatMap((domain) => asHostName(domain) ?? []);
  for (const domain of [...milder, ...free]) {
    const host = asHostNames(domain);
    // Most milder rules are below no block.
    if (host !== null && isBlocked(host.replace(/^\*\./, ''), hosts)) spared.push(host);
  }
  return { blockedDomains: named, ...(spared.length === 0 ? {} : { sparedDomains: [...new Set(spared)] }) };
}
