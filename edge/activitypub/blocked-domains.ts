// Is a host among those that home blocks? A domain stands for itself and for all that is below it, in whole labels, as in
// the lists that ActivityPub servers exchange. And is it among those that a service federates with, where those are the only
// ones? There a domain stands for itself alone, unless it says otherwise. Pure.

import type { Snapshot } from '../../shared/snapshot.ts';

/** Made once per list that an isolate holds: a long one would be gone through for every question of a stranger. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

function setOf(list: readonly string[]): ReadonlySet<string> {
  const made = sets.get(list) ?? new Set(list);
  sets.set(list, made);
  return made;
}

/** Whom home's services want nothing to do with, wherever it stands in the snapshot; undefined: home did not say. */
export function blockedIn(
  snapshot: Pick<Snapshot, 'blockedDomains' | 'blockedBesideAllowed'>,
): readonly string[] | undefined {
  return snapshot.blockedDomains ?? snapshot.blockedBesideAllowed;
}

/** The lists of those that may read at a host of home's; none: whoever is not blocked. One must be in each of them. */
export function allowListsAt({ services }: Pick<Snapshot, 'services'>, host: string): readonly (readonly string[])[] {
  return services.flatMap(({ hosts, allowedDomains }) =>
    allowedDomains !== undefined && hosts.includes(host) ? [allowedDomains] : [],
  );
}

/** `allowed` as ServiceProfile has it (shared/snapshot.ts), in small letters, without a final dot. */
export function isAllowed(host: string, allowed: readonly string[]): boolean {
  const domains = setOf(allowed);
  let name = host.toLowerCase().replace(/\.$/, '');
  if (name.length > 253) return false;
  if (domains.has(name)) return true;
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.')) {
    name = name.slice(dot + 1);
    if (domains.has(`*.${name}`)) return true;
  }
  return false;
}

/** `blocked` in small letters, without a final dot. notbad.example is not below bad.example. */
export function isBlocked(host: string, blocked: readonly string[]): boolean {
  const domains = setOf(blocked);
  let name = host.toLowerCase().replace(/\.$/, '');
  // Nothing longer is a domain, and none is in the list.
  while (name.length > 253 || !domains.has(name)) {
    const dot = name.indexOf('.');
    if (dot === -1) return false;
    name = name.slice(dot + 1);
  }
  return true;
}
