// How many new names one domain may make the edge look up. Whoever has wildcard DNS has endless host names, each with
// a key server of its own, each good for one question: so the names under one registrable domain are counted. Kept in
// memory, per isolate: it is a brake, not a book.

import { getDomain } from 'tldts';
import { limits } from '../../shared/limits.ts';

const windowMs = 3600 * 1000;

export class NewHosts {
  /** Registrable domain → host → when it was first asked. */
  readonly #seen = new Map<string, Map<string, number>>();

  /** May a key at this host be asked for now? A host that was admitted within the hour does not count again. */
  admit(host: string, now: number): boolean {
    const domain = domainOf(host);
    const hosts = this.#seen.get(domain) ?? new Map<string, number>();
    for (const [each, at] of hosts) if (now - at >= windowMs) hosts.delete(each);
    if (hosts.has(host)) return true;
    if (hosts.size >= limits.keySubdomainsPerHour) return false;
    hosts.set(host, now);
    this.#remember(domain, hosts);
    return true;
  }

  /** A host that does not exist does not count: else anybody could use up what a domain may have, by inventing names. */
  forget(host: string): void {
    this.#seen.get(domainOf(host))?.delete(host);
  }

  #remember(domain: string, hosts: Map<string, number>): void {
    this.#seen.delete(domain);
    this.#seen.set(domain, hosts);
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= limits.memoryEntries) return;
      this.#seen.delete(oldest);
    }
  }
}

/** With the private part of the Public Suffix List: tenants of one hoster are not one domain. */
function domainOf(host: string): string {
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}
