// Which home answers for a hostname, and with which key it proves itself. D1 behind it, remembered for a moment per
// isolate: a single-home edge must not pay a query per request.

import { and, eq, gt, inArray, isNull, or } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { JWK } from 'jose';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { FreshMemory } from './fresh-memory.ts';
import { homeKeys, homes, hosts, meantHosts } from './schema.ts';

export interface HomeRecord {
  readonly homeId: string;
  /** Hosts it claimed; with a port only in development. */
  readonly hosts: readonly string[];
  /** Ed25519, public part. */
  readonly publicKey: JWK;
  /** Since when this key may do nothing any more, ms since the epoch; absent: it was not revoked. */
  readonly revokedAt?: number;
}

export interface Directory {
  homeOf(host: string): Promise<HomeRecord | null>;
  /**
   * Has the operator meant this host for a home: is it in a code that may still be claimed with, or did a home have it
   * until not long ago (limits.betweenHomesMs)? Of a host that no home has now: it may be about to have one.
   */
  isMeant(host: string): Promise<boolean>;
  /** Never from memory: the link's handshake asks for it, and a rotated key must count at once. */
  home(homeId: string): Promise<HomeRecord | null>;
}

type Rows = readonly {
  readonly homeId: string;
  readonly publicKey: JWK;
  readonly host: string;
  readonly revokedAt: number | null;
}[];

export class D1Directory implements Directory {
  readonly #database: ReturnType<typeof drizzle>;
  readonly #memory: FreshMemory<HomeRecord | null>;
  /** What was asked although something was remembered. */
  readonly #anew: FreshMemory<HomeRecord | null>;
  readonly #meant: FreshMemory<boolean>;
  readonly #clock: Clock;

  constructor(database: D1Database, clock: Clock, keepAlive: (work: Promise<unknown>) => void) {
    this.#database = drizzle(database);
    this.#clock = clock;
    const options = { clock, maxKeys: limits.memoryEntries, keepAlive };
    this.#memory = new FreshMemory({ ...options, freshMs: limits.directoryFreshMs });
    this.#anew = new FreshMemory({ ...options, freshMs: limits.directoryAgainMs });
    this.#meant = new FreshMemory({ ...options, freshMs: limits.directoryFreshMs });
  }

  async homeOf(host: string): Promise<HomeRecord | null> {
    return await this.#memory.get(host, async () => {
      const owner = this.#database.select({ homeId: hosts.homeId }).from(hosts).where(eq(hosts.host, host));
      return recordOf(await this.#rows().where(inArray(homes.homeId, owner)));
    });
  }

  /** As homeOf, for somebody whom what is remembered does not fit: at most one question in limits.directoryAgainMs. */
  async homeOfAnew(host: string): Promise<HomeRecord | null> {
    return await this.#anew.get(host, async () => {
      this.#memory.forget(host);
      return await this.homeOf(host);
    });
  }

  async isMeant(host: string): Promise<boolean> {
    return await this.#meant.get(host, async () => {
      const isNow = or(isNull(meantHosts.until), gt(meantHosts.until, this.#clock.now()));
      const rows = await this.#database
        .select({ host: meantHosts.host })
        .from(meantHosts)
        .where(and(eq(meantHosts.host, host), isNow));
      return rows.length > 0;
    });
  }

  async home(homeId: string): Promise<HomeRecord | null> {
    return recordOf(await this.#rows().where(eq(homes.homeId, homeId)));
  }

  /** After a change in this isolate: visitors of these hosts may have been told "unknown" a moment ago. */
  forget(changed: readonly string[]): void {
    for (const host of changed) {
      this.#memory.forget(host);
      this.#anew.forget(host);
      this.#meant.forget(host);
    }
  }

  #rows() {
    return this.#database
      .select({ homeId: homes.homeId, publicKey: homes.publicKey, host: hosts.host, revokedAt: homeKeys.revokedAt })
      .from(homes)
      .innerJoin(hosts, eq(hosts.homeId, homes.homeId))
      .leftJoin(homeKeys, eq(homeKeys.keyThumbprint, homes.keyThumbprint));
  }
}

/** Rows of one home, a row for each of its hosts. */
function recordOf(rows: Rows): HomeRecord | null {
  const first = rows[0];
  if (first === undefined) return null;
  const { homeId, publicKey, revokedAt } = first;
  const record = { homeId, publicKey, hosts: rows.map((row) => row.host).sort() };
  return revokedAt === null ? record : { ...record, revokedAt };
}
