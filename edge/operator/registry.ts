// What the operator sees and changes in the directory: codes, homes, keys, hosts. D1 only: what follows for a home's
// link and spool is routes.ts's. Each change may be asked again without harm.

import { and, asc, eq, gt, isNull, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { Clock } from '../../shared/clock.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { CodeReply, HomesReply, WaitingCode } from '../../shared/operator/messages.ts';
import { registerClaimCode } from '../home/issue-code.ts';
import { claimCodes, claims, homeKeys, homes, hosts } from '../home/schema.ts';

/** Characters of a code's hash that are shown, and that name it at least: 48 bits. */
export const hashPrefixLength = 8;

export class Registry {
  readonly #d1: D1Database;
  readonly #database: ReturnType<typeof drizzle>;
  readonly #clock: Clock;

  constructor(database: D1Database, clock: Clock) {
    this.#d1 = database;
    this.#database = drizzle(database);
    this.#clock = clock;
  }

  /** Throws as registerClaimCode. */
  async putCode(codeHash: string, wanted: readonly string[]): Promise<CodeReply> {
    return await registerClaimCode(this.#d1, codeHash, wanted, this.#clock);
  }

  /** Those that may still be used, the oldest first. */
  async codes(): Promise<WaitingCode[]> {
    const rows = await this.#database
      .select({
        codeHash: claimCodes.codeHash,
        hosts: claimCodes.hosts,
        expiresAt: claimCodes.expiresAt,
        replaces: claimCodes.replaces,
      })
      .from(claimCodes)
      .leftJoin(claims, eq(claims.codeHash, claimCodes.codeHash))
      .where(and(isNull(claims.codeHash), gt(claimCodes.expiresAt, this.#clock.now())))
      .orderBy(asc(claimCodes.expiresAt), asc(claimCodes.codeHash))
      .limit(limits.operatorListed);
    return rows.map(({ codeHash, ...code }) => ({ hashPrefix: codeHash.slice(0, hashPrefixLength), ...code }));
  }

  /** The code whose hash begins so. Throws `no-code`, `code-ambiguous`, `code-used`. */
  async dropCode(hashStart: string): Promise<void> {
    const begins = (table: string): string =>
      `SELECT code_hash AS codeHash FROM ${table} WHERE substr(code_hash, 1, ?1) = ?2 LIMIT 2`;
    const ask = async (table: string): Promise<string[]> => {
      const { results } = await this.#d1
        .prepare(begins(table))
        .bind(hashStart.length, hashStart)
        .all<{ codeHash: string }>();
      return results.map((row) => row.codeHash);
    };
    const [codeHash, ...more] = await ask('claim_codes');
    if (codeHash === undefined) {
      if ((await ask('dropped_codes')).length > 0) return;
      throw cannot('no-code', 'drop the code', 'none has this hash; look at the list of codes.');
    }
    if (more.length > 0)
      throw cannot('code-ambiguous', 'drop the code', 'more than one hash begins so; give all of it.');
    const [used] = await this.#database.select().from(claims).where(eq(claims.codeHash, codeHash));
    if (used !== undefined) {
      throw cannot('code-used', 'drop the code', `home ${used.homeId} has claimed with it; revoke its key instead.`);
    }
    // A claim that comes in between makes the deletion fail, and one that comes later finds no code.
    await this.#d1.batch([
      this.#d1
        .prepare('INSERT INTO dropped_codes VALUES (?, ?) ON CONFLICT DO NOTHING')
        .bind(codeHash, this.#clock.now()),
      this.#d1.prepare('DELETE FROM claim_codes WHERE code_hash = ?').bind(codeHash),
    ]);
  }

  /** Homes whose id comes after this one. */
  async homes(after: string): Promise<HomesReply> {
    const rows = await this.#database
      .select({
        homeId: homes.homeId,
        hosts: sql<string>`(SELECT json_group_array(host) FROM
          (SELECT host FROM hosts WHERE hosts.home_id = homes.home_id ORDER BY host))`,
        key: homes.keyThumbprint,
        claimedAt: sql<number | null>`(SELECT min(since) FROM home_keys WHERE home_keys.home_id = homes.home_id)`,
        keySince: homeKeys.since,
        revokedAt: homeKeys.revokedAt,
      })
      .from(homes)
      .leftJoin(homeKeys, eq(homeKeys.keyThumbprint, homes.keyThumbprint))
      .where(gt(homes.homeId, after))
      .orderBy(asc(homes.homeId))
      .limit(limits.operatorListed);
    const listed = rows.map((row) => ({ ...row, hosts: JSON.parse(row.hosts) as string[] }));
    return { homes: listed, next: rows.length < limits.operatorListed ? null : (rows.at(-1)?.homeId ?? null) };
  }

  /** The key may do nothing any more. Resolves to the time since when. Throws `no-home`, `key-not-current`. */
  async revoke(homeId: string, key: string): Promise<number> {
    // Only the key that counts, unless it is revoked already: a call that is sent again harms no later key.
    await this.#d1
      .prepare(
        `INSERT INTO home_keys (key_thumbprint, home_id, since, revoked_at)
         SELECT key_thumbprint, home_id, ?3, ?3 FROM homes WHERE home_id = ?1 AND key_thumbprint = ?2
         ON CONFLICT (key_thumbprint) DO UPDATE SET revoked_at = coalesce(revoked_at, excluded.revoked_at)`,
      )
      .bind(homeId, key, this.#clock.now())
      .run();
    const [row] = await this.#database
      .select({ revokedAt: homeKeys.revokedAt })
      .from(homeKeys)
      .where(and(eq(homeKeys.keyThumbprint, key), eq(homeKeys.homeId, homeId)));
    if (row !== undefined && row.revokedAt !== null) return row.revokedAt;
    const [home] = await this.#database.select().from(homes).where(eq(homes.homeId, homeId));
    if (home === undefined) throw cannot('no-home', 'revoke the key', `there is no home ${homeId}; look at the list.`);
    throw cannot('key-not-current', 'revoke the key', `home ${homeId} has another key now; look at the list.`);
  }

  /** Nobody answers for the host any more; for a while it is between homes. Throws `host-elsewhere` when it is another home's. */
  async release(host: string, homeId: string): Promise<void> {
    await this.#d1.batch([
      this.#d1
        .prepare(
          `INSERT INTO meant_hosts (host, until) SELECT host, ?3 FROM hosts WHERE host = ?1 AND home_id = ?2
           ON CONFLICT DO UPDATE SET until = excluded.until`,
        )
        .bind(host, homeId, this.#clock.now() + limits.betweenHomesMs),
      this.#d1.prepare('DELETE FROM hosts WHERE host = ?1 AND home_id = ?2').bind(host, homeId),
    ]);
    const [row] = await this.#database.select().from(hosts).where(eq(hosts.host, host));
    if (row === undefined) return;
    throw cannot('host-elsewhere', `release ${host}`, `it is not home ${homeId}'s; look at the list.`);
  }
}

function cannot(code: ErrorCode, what: string, found: string): PorchlightError {
  return new PorchlightError(code, `Cannot ${what}: ${found}`);
}
