// Gives a home another key, because the one that counts has asked for it (docs/protocol.md, "A new key for a home"). What
// was asked is verified before (shared/claim/key-change.ts); here it is judged and written, whole or not at all.

import { eq, inArray, or } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { VerifiedKeyChange } from '../../shared/claim/key-change.ts';
import type { Clock } from '../../shared/clock.ts';
import { homeKeys, homes } from './schema.ts';

/** What the directory knows that bears on a change. Keys by thumbprint. */
export interface KeyFacts {
  /** The home's key; null: there is no such home. */
  readonly current: string | null;
  /** The home whose key the new one is; null: nobody's. */
  readonly owner: string | null;
  readonly revoked: ReadonlySet<string>;
}

export type KeyVerdict = 'granted' | 'already' | 'revoked' | 'key-revoked' | 'key-taken' | 'key-not-current';

/** Pure. */
export function judgeKeyChange(
  { current, owner, revoked }: KeyFacts,
  homeId: string,
  { from, to }: Pick<VerifiedKeyChange, 'from' | 'to'>,
): KeyVerdict {
  if (current !== null && revoked.has(current)) return 'revoked';
  if (current === to) return 'already';
  if (current !== from) return 'key-not-current';
  if (revoked.has(to)) return 'key-revoked';
  return owner !== null && owner !== homeId ? 'key-taken' : 'granted';
}

export class KeyDesk {
  readonly #d1: D1Database;
  readonly #database: ReturnType<typeof drizzle>;
  readonly #clock: Clock;

  constructor(database: D1Database, clock: Clock) {
    this.#d1 = database;
    this.#database = drizzle(database);
    this.#clock = clock;
  }

  /** What would become of the change. */
  async judge(homeId: string, change: VerifiedKeyChange): Promise<KeyVerdict> {
    return judgeKeyChange(await this.#facts(homeId, change), homeId, change);
  }

  async change(homeId: string, change: VerifiedKeyChange): Promise<KeyVerdict> {
    const verdict = await this.judge(homeId, change);
    if (verdict !== 'granted') return verdict;
    let failure: unknown = null;
    try {
      await this.#write(homeId, change);
    } catch (thrown) {
      // A home that claimed with this very key meanwhile; the facts say so now. Anything else is thrown below.
      failure = thrown;
    }
    const after = await this.judge(homeId, change);
    if (after === 'granted') throw failure ?? new Error(`the key of home ${homeId} was not written`);
    return after === 'already' && failure === null ? 'granted' : after;
  }

  async #facts(homeId: string, { from, to }: VerifiedKeyChange): Promise<KeyFacts> {
    const [rows, keys] = await this.#database.batch([
      this.#database
        .select({ homeId: homes.homeId, key: homes.keyThumbprint })
        .from(homes)
        .where(or(eq(homes.homeId, homeId), eq(homes.keyThumbprint, to))),
      this.#database
        .select()
        .from(homeKeys)
        .where(inArray(homeKeys.keyThumbprint, [from, to])),
    ]);
    return {
      current: rows.find((row) => row.homeId === homeId)?.key ?? null,
      owner: rows.find((row) => row.key === to)?.homeId ?? null,
      revoked: new Set(keys.filter((row) => row.revokedAt !== null).map((row) => row.keyThumbprint)),
    };
  }

  /** The conditions are those of the verdict: what changed since then makes it write nothing. */
  async #write(homeId: string, { from, to, publicKey }: VerifiedKeyChange): Promise<void> {
    await this.#d1.batch([
      this.#d1
        .prepare(
          `UPDATE homes SET public_key = ?4, key_thumbprint = ?3 WHERE home_id = ?1 AND key_thumbprint = ?2
           AND NOT EXISTS (SELECT 1 FROM home_keys WHERE key_thumbprint IN (?2, ?3) AND revoked_at IS NOT NULL)`,
        )
        .bind(homeId, from, to, JSON.stringify(publicKey)),
      this.#d1
        .prepare(
          `INSERT INTO home_keys (key_thumbprint, home_id, since)
           SELECT key_thumbprint, home_id, ?3 FROM homes WHERE home_id = ?1 AND key_thumbprint = ?2
           ON CONFLICT (key_thumbprint) DO UPDATE SET home_id = excluded.home_id, since = excluded.since`,
        )
        .bind(homeId, to, this.#clock.now()),
    ]);
  }
}
