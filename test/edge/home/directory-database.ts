// The directory's database for tests: migrated, with homes and codes put in as an operator would.

import { applyD1Migrations, env } from 'cloudflare:test';
import type { JWK } from 'jose';
import { hashClaimCode, parseClaimCode } from '../../../shared/claim/code.ts';
import type { Clock } from '../../../shared/clock.ts';

interface TestEnv {
  readonly DIRECTORY: D1Database;
  readonly STORE: R2Bucket;
  readonly TEST_MIGRATIONS: Parameters<typeof applyD1Migrations>[1];
}

export const bindings = env as unknown as TestEnv;

/** A clock that stands still until it is told to go on. */
export class HandClock implements Clock {
  #now = 1_790_000_000_000;

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

export async function migrated(): Promise<D1Database> {
  await applyD1Migrations(bindings.DIRECTORY, bindings.TEST_MIGRATIONS);
  return bindings.DIRECTORY;
}

export async function addHome(homeId: string, hosts: readonly string[], publicKey: JWK): Promise<void> {
  const database = bindings.DIRECTORY;
  await database.batch([
    database.prepare('INSERT INTO homes VALUES (?, ?, ?)').bind(homeId, JSON.stringify(publicKey), homeId),
    ...hosts.map((host) => database.prepare('INSERT INTO hosts VALUES (?, ?)').bind(host, homeId)),
  ]);
}

export async function addCode(
  code: string,
  hosts: readonly string[],
  expiresAt: number,
  replaces: string | null = null,
): Promise<void> {
  await bindings.DIRECTORY.prepare('INSERT INTO claim_codes VALUES (?, ?, ?, ?)')
    .bind(await hashClaimCode(parseClaimCode(code)), JSON.stringify(hosts), replaces, expiresAt)
    .run();
}
