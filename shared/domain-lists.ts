// Is a host among those that home blocks, and among those that a service federates with? One rule for the edge, which asks
// it of strangers, and for home, which puts the lists of several services together. Pure.

/** Made once per list that is held: a long one would be gone through for every question of a stranger. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

function setOf(list: readonly string[]): ReadonlySet<string> {
  const made = sets.get(list) ?? new Set(list);
  sets.set(list, made);
  return made;
}

/** Nothing longer is a domain, and none is in a list. */
const longest = 253;

/**
 * `blocked`: domains, each for itself and for all that is below it, in whole labels, as in the lists that ActivityPub servers
 * exchange: notbad.example is not below bad.example. `spared`: what is not blocked after all, a domain with all that is below
 * it, or `*.` before one for what is below it alone. The longest that fits counts; of two of the same length, it is blocked.
 * Both in small letters, without a final dot.
 */
export function isBlocked(host: string, blocked: readonly string[], spared: readonly string[] = []): boolean {
  const [domains, exceptions] = [setOf(blocked), setOf(spared)];
  if (domains.size === 0) return false;
  for (const name of suffixes(host)) {
    if (name.isBelow && exceptions.has(`*.${name.domain}`)) return false;
    if (domains.has(name.domain)) return true;
    if (exceptions.has(name.domain)) return false;
  }
  return false;
}

/** `allowed`: domains, each for itself alone; `*.` before one for what is below it. In small letters, without a final dot. */
export function isAllowed(host: string, allowed: readonly string[]): boolean {
  const domains = setOf(allowed);
  if (inSmall(host).length > longest) return false;
  for (const { domain, isBelow } of suffixes(host)) if (domains.has(isBelow ? `*.${domain}` : domain)) return true;
  return false;
}

/** A host and what it is below, the longest first. */
function* suffixes(host: string): Generator<{ readonly domain: string; readonly isBelow: boolean }> {
  let domain = inSmall(host);
  for (let isBelow = false; ; isBelow = true) {
    if (domain.length <= longest) yield { domain, isBelow };
    const dot = domain.indexOf('.');
    if (dot === -1) return;
    domain = domain.slice(dot + 1);
  }
}

function inSmall(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
