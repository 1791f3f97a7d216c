// Lets a home in: registers its public key for the hosts that a claim code is bound to. The proof was verified before
// (shared/claim/claim.ts); here the code is judged and used up, in one batch that holds whole or not at all.

import { eq, inArray, sql } from 'drizzle-orm';
import type { BatchItem } from 'drizzle-orm/batch';
import { drizzle } from 'drizzle-orm/d1';
import type { ClaimReply, VerifiedClaim } from '../../shared/claim/claim.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import { claimCodes, claims, homeKeys, homes, hosts, meantHosts } from './schema.ts';

/** What the directory knows that bears on one claim. */
export interface ClaimFacts {
  /** null: no such code was ever issued. */
  readonly code: {
    readonly hosts: readonly string[];
    readonly replaces: string | null;
    readonly expiresAt: number;
    readonly usedBy: string | null;
  } | null;
  /** The home whose key signed the claim; null when the key is new. */
  readonly keyOwner: string | null;
  /** The operator has revoked that key. */
  readonly keyRevoked: boolean;
  /** Owners of the code's hosts, as far as they have one. */
  readonly owners: ReadonlyMap<string, string>;
}

export type ClaimVerdict =
  /** `newKey`: of a home that is there, whose key was lost. */
  | { readonly verdict: 'granted'; readonly homeId: string | null; readonly newKey: boolean; readonly add: string[] }
  | { readonly verdict: 'already'; readonly homeId: string }
  /** `code`: unknown, expired or used by another; which of them is nobody's business. */
  | { readonly verdict: 'refused'; readonly reason: ClaimRefusal };

export type ClaimRefusal = 'code' | 'host-taken' | 'key-taken' | 'key-revoked';

/** Pure. */
export function judgeClaim({ code, keyOwner, keyRevoked, owners }: ClaimFacts, now: number): ClaimVerdict {
  if (code === null) return { verdict: 'refused', reason: 'code' };
  const isGood = code.usedBy === null ? code.expiresAt > now : code.usedBy === keyOwner;
  if (!isGood) return { verdict: 'refused', reason: 'code' };
  if (keyRevoked) return { verdict: 'refused', reason: 'key-revoked' };
  if (code.usedBy !== null) return { verdict: 'already', homeId: code.usedBy };
  const homeId = code.replaces ?? keyOwner;
  if (keyOwner !== null && keyOwner !== homeId) return { verdict: 'refused', reason: 'key-taken' };
  if ([...owners.values()].some((owner) => owner !== homeId)) return { verdict: 'refused', reason: 'host-taken' };
  const add = code.hosts.filter((host) => !owners.has(host));
  return { verdict: 'granted', homeId, newKey: homeId !== null && keyOwner === null, add };
}

export type ClaimOutcome = ClaimReply | { readonly refused: ClaimRefusal };

export class ClaimDesk {
  readonly #database: ReturnType<typeof drizzle>;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(database: D1Database, clock: Clock, random: Random) {
    this.#database = drizzle(database);
    this.#clock = clock;
    this.#random = random;
  }

  async claim(claim: VerifiedClaim): Promise<ClaimOutcome> {
    try {
      return await this.#attempt(claim);
    } catch {
      // A claim that raced with this one has taken the code, a host or the key, and a constraint undid the batch: now
      // the facts say so. Anything else fails again, and that is thrown.
      return await this.#attempt(claim);
    }
  }

  async #attempt(claim: VerifiedClaim): Promise<ClaimOutcome> {
    const now = this.#clock.now();
    const verdict = judgeClaim(await this.#facts(claim), now);
    switch (verdict.verdict) {
      case 'refused':
        return { refused: verdict.reason };
      case 'already':
        return await this.#reply(verdict.homeId, true);
      case 'granted': {
        const homeId = verdict.homeId ?? newHomeId(this.#random);
        await this.#database.batch(this.#writes(claim, verdict, homeId, now));
        return await this.#reply(homeId, false);
      }
    }
  }

  async #facts(claim: VerifiedClaim): Promise<ClaimFacts> {
    // Columns are named one by one: in a batch, D1 gives rows as objects, in which two columns of one name are one.
    const { hosts: wanted, replaces, expiresAt } = claimCodes;
    const [codeRows, ownerRows, keyRows] = await this.#database.batch([
      this.#database
        .select({ hosts: wanted, replaces, expiresAt, usedBy: claims.homeId })
        .from(claimCodes)
        .leftJoin(claims, eq(claims.codeHash, claimCodes.codeHash))
        .where(eq(claimCodes.codeHash, claim.codeHash)),
      this.#database.select({ homeId: homes.homeId }).from(homes).where(eq(homes.keyThumbprint, claim.thumbprint)),
      this.#database
        .select({ revokedAt: homeKeys.revokedAt })
        .from(homeKeys)
        .where(eq(homeKeys.keyThumbprint, claim.thumbprint)),
    ]);
    const code = codeRows[0] ?? null;
    const keyOwner = ownerRows[0]?.homeId ?? null;
    const keyRevoked = (keyRows[0]?.revokedAt ?? null) !== null;
    if (code === null) return { code, keyOwner, keyRevoked, owners: new Map() };
    const owned = await this.#database.select().from(hosts).where(inArray(hosts.host, code.hosts));
    return { code, keyOwner, keyRevoked, owners: new Map(owned.map((row) => [row.host, row.homeId])) };
  }

  #writes(
    { codeHash, publicKey, thumbprint: keyThumbprint }: VerifiedClaim,
    verdict: Extract<ClaimVerdict, { verdict: 'granted' }>,
    homeId: string,
    claimedAt: number,
  ): [BatchItem<'sqlite'>, ...BatchItem<'sqlite'>[]] {
    const database = this.#database;
    const use = database.insert(claims).values({ codeHash, homeId, claimedAt });
    // One statement for all hosts: limits.claimHosts rows of two values are as many as one may have.
    const add =
      verdict.add.length === 0
        ? []
        : [
            database.insert(hosts).values(verdict.add.map((host) => ({ host, homeId }))),
            database
              .insert(meantHosts)
              .values(verdict.add.map((host) => ({ host, until: sql`NULL` })))
              .onConflictDoUpdate({ target: meantHosts.host, set: { until: sql`NULL` } }),
          ];
    const since = { homeId, since: claimedAt };
    const note = database
      .insert(homeKeys)
      .values({ keyThumbprint, ...since })
      .onConflictDoUpdate({ target: homeKeys.keyThumbprint, set: since });
    if (verdict.homeId === null)
      return [use, database.insert(homes).values({ homeId, publicKey, keyThumbprint }), note, ...add];
    if (!verdict.newKey) return [use, ...add];
    const replace = database.update(homes).set({ publicKey, keyThumbprint }).where(eq(homes.homeId, homeId));
    return [use, replace, note, ...add];
  }

  async #reply(homeId: string, already: boolean): Promise<ClaimReply> {
    const rows = await this.#database.select().from(hosts).where(eq(hosts.homeId, homeId));
    return { homeId, hosts: rows.map((row) => row.host).sort(), already };
  }
}

/** Names the home's Durable Objects for ever, whatever becomes of its keys and hosts. */
function newHomeId(random: Random): string {
  return Array.from(random.bytes(16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
