// The spool's tables as drizzle sees them (migrations/spool creates them). One row per delivery from arrival to gone;
// the other tables hold one row each.

import { customType, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { JWK } from 'jose';
import type { Arrival, Lane } from '../../shared/delivery.ts';
import type { BloomFilterData } from '../../shared/snapshot.ts';
import type { CarriedTotals } from './totals.ts';

/** What a delivery carries and the spool itself never asks for. */
export type Envelope = Pick<Arrival, 'method' | 'host' | 'headers' | 'remoteAddress' | 'proof' | 'undecided'>;

const bytes = customType<{ data: Uint8Array<ArrayBuffer>; driverData: ArrayBuffer | Uint8Array<ArrayBuffer> }>({
  dataType: () => 'blob',
  toDriver: (value) => value,
  fromDriver: (value) => new Uint8Array(value),
});

export const delivery = sqliteTable('delivery', {
  /** Where it is on its way (key-line.ts). */
  place: integer().primaryKey(),
  seq: integer().notNull(),
  receivedAt: integer('received_at').notNull(),
  /** Not leased before this time, ms; 0 unless home answered `later`. */
  notBefore: integer('not_before').notNull(),
  attempts: integer().notNull(),
  /** How many of this sender waited once it was stored, itself included (senders.ts). */
  senderWaiting: integer('sender_waiting').notNull(),
  bodyBytes: integer('body_bytes').notNull(),
  id: text().notNull(),
  lane: text().$type<Lane>().notNull(),
  service: text().notNull(),
  sender: text().notNull(),
  /** Origin of the key that could not be had; null when the proof held. */
  undecidedOrigin: text('undecided_origin'),
  bodySha256: text('body_sha256').notNull(),
  /** The spool's totals once this row was written (totals.ts). */
  totals: text({ mode: 'json' }).$type<CarriedTotals>().notNull(),
  path: text().notNull(),
  /** What home said last when it did not take it. */
  reason: text(),
  envelope: text({ mode: 'json' }).$type<Envelope>().notNull(),
  /** null: it lies in R2 (bodies.ts). */
  body: bytes(),
});

export const session = sqliteTable('session', {
  one: integer().primaryKey(),
  session: text().notNull(),
  epoch: integer().notNull(),
  publicKey: text('public_key', { mode: 'json' }).$type<JWK>().notNull(),
});

export const marks = sqliteTable('marks', {
  one: integer().primaryKey(),
  totals: text({ mode: 'json' }).$type<CarriedTotals>().notNull(),
  /** Edge time at which home left its newest snapshot, and the one before; 0 if never. */
  snapshotAt: integer('snapshot_at').notNull(),
  snapshotBefore: integer('snapshot_before').notNull(),
});

export const knownSenders = sqliteTable('known_senders', {
  one: integer().primaryKey(),
  /** Holds the senders of whatever left waiting at or after this time, ms. */
  since: integer().notNull(),
  builtAt: integer('built_at').notNull(),
  /** Holds every sender up to this seq, and up to these marks of what was kept and what died. */
  coveredSeq: integer('covered_seq').notNull(),
  coveredKept: integer('covered_kept').notNull(),
  coveredDead: integer('covered_dead').notNull(),
  items: integer().notNull(),
  capacity: integer().notNull(),
  /** null: it cannot be told, so everybody may be held. */
  filter: text({ mode: 'json' }).$type<BloomFilterData>(),
});

export const schema = { delivery, session, marks, knownSenders };
