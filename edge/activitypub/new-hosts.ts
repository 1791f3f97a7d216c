// How many new names one domain may make the edge look up. Whoever has wildcard DNS has endless host names, each with
// a key server of its own, each good for one question; and anybody can name them, because the question comes before the
// proof. So the names under one registrable domain are counted until a key is found there, for each network that names
// them, and for each home that they were named to: a stranger who names ten leaves their ten to the domain's own servers,
// and what is named to one home of an edge holds back nothing that is for another. Kept in memory, per isolate: it is a
// brake, not a book, and what it holds back is undecided, not refused (judge.ts).

import { getDomain } from 'tldts';
import { limits } from '../../shared/limits.ts';
import { FairMemory } from './fair-memory.ts';

const windowMs = 3600 * 1000;

interface Asked {
  /** When it was first asked, ms since the epoch. */
  readonly at: number;
  readonly network: NamedBy['network'];
}

/** Who named a key. */
export interface NamedBy {
  /** The home to which it was named. */
  readonly homeId: string;
  /** The network from which it came (`networkOf`); null if unknown. */
  readonly network: string | null;
}

export class NewHosts {
  /** Of each home: registrable domain → host. */
  readonly #asked = new FairMemory<Map<string, Asked>>(limits.memoryEntries);
  /**
   * Hosts at which a key was found → their registrable domain, the latest last. Only a real key server gets in here,
   * whichever home it was asked for.
   */
  readonly #good = new Map<string, string>();

  /** May a key at this host be asked for now? A host that is good, or was admitted within the hour, does not count. */
  admit(host: string, now: number, { homeId, network }: NamedBy): boolean {
    if (this.#good.has(host)) return true;
    const domain = domainOf(host);
    const hosts = this.#asked.get(homeId, domain) ?? new Map<string, Asked>();
    let named = 0;
    for (const [each, asked] of hosts) {
      // A key may have been found there for another home.
      if (now - asked.at >= windowMs || this.#good.has(each)) hosts.delete(each);
      else if (asked.network === network) named += 1;
    }
    if (hosts.has(host)) return true;
    if (named >= limits.keySubdomainsPerHour || hosts.size >= limits.keySubdomainsPerHourInAll) return false;
    hosts.set(host, { at: now, network });
    this.#asked.set(homeId, domain, hosts);
    return true;
  }

  /** A host that does not exist does not count: else anybody could use up what a domain may have, by inventing names. */
  forget(host: string, homeId: string): void {
    const domain = domainOf(host);
    const hosts = this.#asked.get(homeId, domain);
    hosts?.delete(host);
    if (hosts?.size === 0) this.#asked.delete(homeId, domain);
  }

  /** A key was found at this host: it is no longer new, and makes room for one that is. */
  found(host: string): void {
    if (this.#good.has(host)) return;
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
