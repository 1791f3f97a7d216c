// Is a host among those that home blocks? A domain stands for itself and for all that is below it, in whole labels, as in
// the lists that ActivityPub servers exchange.

/** Made once per list that an isolate holds: a long one would be gone through for every question of a stranger. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

/** `blocked` in small letters, without a final dot. notbad.example is not below bad.example. */
export function isBlocked(host: string, blocked: readonly string[]): boolean {
  const domains = sets.get(blocked) ?? new Set(blocked);
  sets.set(blocked, domains);
  let name = host.toLowerCase().replace(/\.$/, '');
  // Nothing longer is a domain, and none is in the list.
  while (name.length > 253 || !domains.has(name)) {
    const dot = name.indexOf('.');
    if (dot === -1) return false;
    name = name.slice(dot + 1);
  }
  return true;
}
