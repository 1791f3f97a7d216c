// The directory's tables in D1, as drizzle sees them. The files of migrations/edge are their twins.

import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { JWK } from 'jose';

export const homes = sqliteTable('homes', {
  homeId: text('home_id').primaryKey(),
  publicKey: text('public_key', { mode: 'json' }).$type<JWK>().notNull(),
  keyThumbprint: text('key_thumbprint').notNull().unique(),
});

export const hosts = sqliteTable('hosts', {
  host: text('host').primaryKey(),
  homeId: text('home_id')
    .notNull()
    .references(() => homes.homeId),
});

/** Hosts that the operator meant for a home, claimed or not: one row for each (migrations/edge/0003_meant_hosts.sql). */
export const meantHosts = sqliteTable('meant_hosts', {
  host: text('host').primaryKey(),
  /** null while a home has it. */
  until: integer('until'),
});

export const claimCodes = sqliteTable('claim_codes', {
  codeHash: text('code_hash').primaryKey(),
  hosts: text('hosts', { mode: 'json' }).$type<string[]>().notNull(),
  /** The home whose lost key this code replaces. */
  replaces: text('replaces').references(() => homes.homeId),
  expiresAt: integer('expires_at').notNull(),
});

/** Used codes. */
export const claims = sqliteTable('claims', {
  codeHash: text('code_hash')
    .primaryKey()
    .references(() => claimCodes.codeHash),
  homeId: text('home_id')
    .notNull()
    .references(() => homes.homeId),
  claimedAt: integer('claimed_at').notNull(),
});

/** Every key that a home ever had here; `homes` holds the one that counts. */
export const homeKeys = sqliteTable('home_keys', {
  keyThumbprint: text('key_thumbprint').primaryKey(),
  homeId: text('home_id')
    .notNull()
    .references(() => homes.homeId),
  since: integer('since').notNull(),
  /** null: the operator never revoked it. */
  revokedAt: integer('revoked_at'),
});

/** Codes that were taken back before they were used. */
export const droppedCodes = sqliteTable('dropped_codes', {
  codeHash: text('code_hash').primaryKey(),
  droppedAt: integer('dropped_at').notNull(),
});
