// Whom home's services want nothing to do with, and whom alone, as the snapshot has it. Pure; how a host is held against
// such a list is shared/domain-lists.ts's.

import type { Snapshot } from '../../shared/snapshot.ts';

export interface Blocks {
  readonly blockedDomains: readonly string[];
  /** Of those, what is not blocked after all. */
  readonly sparedDomains: readonly string[];
}

/** Wherever it stands in the snapshot; undefined: home did not say. */
export function blocksIn({
  blockedDomains,
  blockedBesideAllowed,
  sparedDomains = none,
}: Pick<Snapshot, 'blockedDomains' | 'blockedBesideAllowed' | 'sparedDomains'>): Blocks | undefined {
  const blocked = blockedDomains ?? blockedBesideAllowed;
  return blocked === undefined ? undefined : { blockedDomains: blocked, sparedDomains };
}

const none: readonly string[] = [];

/** The lists of those that may read at a host of home's; none: whoever is not blocked. One must be in each of them. */
export function allowListsAt({ services }: Pick<Snapshot, 'services'>, host: string): readonly (readonly string[])[] {
  return services.flatMap(({ hosts, allowedDomains }) =>
    allowedDomains !== undefined && hosts.includes(host) ? [allowedDomains] : [],
  );
}
