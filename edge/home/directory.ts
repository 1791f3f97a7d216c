// Which home answers for a hostname, and with which key it proves itself. D1 behind it, remembered for a moment per
// isolate: a single-home edge must not pay a query per request.

import { eq, inArray } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { JWK } from 'jose';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { FreshMemory } from './fresh-memory.ts';
import { homes, hosts } from './schema.ts';

export interface HomeRecord {
  readonly homeId: string;
  /** Hosts it claimed; with a port only in development. */
  readonly hosts: readonly string[];
  /** Ed25519, public part. */
  readonly publicKey: JWK;
}

export interface Directory {
  homeOf(host: string): Promise<HomeRecord | null>;
  /** Never from memory: the link's handshake asks for it, and a rotated key must count at once. */
  home(homeId: string): Promise<HomeRecord | null>;
}

type Rows = readonly { readonly homeId: string; readonly publicKey: JWK; readonly host: string }[];

export class D1Directory implements Directory {
  readonly #database: ReturnType<typeof drizzle>;
  readonly #memory: FreshMemory<HomeRecord | null>;

  constructor(database: D1Database, clock: Clock, keepAlive: (work: Promise<unknown>) => void) {
    this.#database = drizzle(database);
    this.#memory = new FreshMemory({
      clock,
      freshMs: limits.directoryFreshMs,
      maxKeys: limits.memoryEntries,
      keepAlive,
    });
  }

  async homeOf(host: string): Promise<HomeRecord | null> {
    return await this.#memory.get(host, async () => {
      const owner = this.#database.select({ homeId: hosts.homeId }).from(hosts).where(eq(hosts.host, host));
      return recordOf(await this.#rows().where(inArray(homes.homeId, owner)));
    });
  }

  async home(homeId: string): Promise<HomeRecord | null> {
    return recordOf(await this.#rows().where(eq(homes.homeId, homeId)));
  }

  /** After a claim in this isolate: visitors of these hosts were told "unknown" a moment ago. */
  forget(changed: readonly string[]): void {
    for (const host of changed) this.#memory.forget(host);
  }

  #rows() {
    return this.#database
      .select({ homeId: homes.homeId, publicKey: homes.publicKey, host: hosts.host })
      .from(homes)
      .innerJoin(hosts, eq(hosts.homeId, homes.homeId));
  }
}

/** Rows of one home, a row for each of its hosts. */
function recordOf(rows: Rows): HomeRecord | null {
  const first = rows[0];
  if (first === undefined) return null;
  return { homeId: first.homeId, publicKey: first.publicKey, hosts: rows.map((row) => row.host).sort() };
}
