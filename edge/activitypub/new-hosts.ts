// How many new names one domain may make the edge look up. Whoever has wildcard DNS has endless host names, each with
// a key server of its own, each good for one question; and anybody can name them, because the question comes before the
// proof. So the names under one registrable domain are counted until a key is found there, for each network that names
// them: a stranger who names ten leaves their ten to the domain's own servers. Kept in memory, per isolate: it is a brake,
// not a book, and what it holds back is undecided, not refused (judge.ts).

import { getDomain } from 'tldts';
import { limits } from '../../shared/limits.ts';

const windowMs = 3600 * 1000;

interface Asked {
  /** When it was first asked, ms since the epoch. */
  readonly at: number;
  /** The network that named it; null if unknown. */
  readonly namedBy: string | null;
}

export class NewHosts {
  /** Registrable domain → host. */
  readonly #asked = new Map<string, Map<string, Asked>>();
  /** Hosts at which a key was found → their registrable domain, the latest last. Only a real key server gets in here. */
  readonly #good = new Map<string, string>();

  /**
   * May a key at this host be asked for now? `namedBy`: the network from which it was named (`networkOf`). A host that is
   * good, or was admitted within the hour, does not count.
   */
  admit(host: string, now: number, namedBy: string | null): boolean {
    if (this.#good.has(host)) return true;
    const domain = domainOf(host);
    const hosts = this.#asked.get(domain) ?? new Map<string, Asked>();
    let named = 0;
    for (const [each, asked] of hosts) {
      if (now - asked.at >= windowMs) hosts.delete(each);
      else if (asked.namedBy === namedBy) named += 1;
    }
    if (hosts.has(host)) return true;
    if (named >= limits.keySubdomainsPerHour || hosts.size >= limits.keySubdomainsPerHourInAll) return false;
    hosts.set(host, { at: now, namedBy });
    this.#asked.delete(domain);
    this.#asked.set(domain, hosts);
    for (const oldest of this.#asked.keys()) {
      if (this.#asked.size <= limits.memoryEntries) break;
      this.#asked.delete(oldest);
    }
    return true;
  }

  /** A host that does not exist does not count: else anybody could use up what a domain may have, by inventing names. */
  forget(host: string): void {
    const domain = domainOf(host);
    const hosts = this.#asked.get(domain);
    hosts?.delete(host);
    if (hosts?.size === 0) this.#asked.delete(domain);
  }

  /** A key was found at this host: it is no longer new, and makes room for one that is. */
  found(host: string): void {
    if (this.#good.has(host)) return;
    this.forget(host);
    this.#good.set(host, domainOf(host));
    if (this.#good.size > limits.memoryEntries) this.#forgetOneOfMany();
  }

  /** The domain with most hosts gives way, so that nobody who serves keys at endless names displaces other domains. */
  #forgetOneOfMany(): void {
    const counts = new Map<string, number>();
    for (const domain of this.#good.values()) counts.set(domain, (counts.get(domain) ?? 0) + 1);
    const most = Math.max(...counts.values());
    for (const [host, domain] of this.#good) {
      if (counts.get(domain) !== most) continue;
      this.#good.delete(host);
      return;
    }
  }
}

/** With the private part of the Public Suffix List: tenants of one hoster are not one domain. */
function domainOf(host: string): string {
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}
