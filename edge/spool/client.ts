// The spool as a Worker sees it: the contract of spool.ts over the home's Durable Object, and R2 for large bodies.

import { base64url } from 'jose';
import type { Clock } from '../../shared/clock.ts';
import type { Arrival } from '../../shared/delivery.ts';
import { causeOf } from '../../shared/errors.ts';
import { BloomFilter } from '../../shared/known-actors/bloom.ts';
import { limits } from '../../shared/limits.ts';
import { bodyKey } from './bodies.ts';
import type { SpoolObject } from './object.ts';
import type { PutResult, Spool } from './spool.ts';
import { heard } from './told.ts';

/** How long the object's filter of senders is trusted. */
const filterFreshMs = 60 * 1000;

export interface SpoolClientParts {
  readonly homeId: string;
  readonly spools: DurableObjectNamespace<SpoolObject>;
  readonly store: R2Bucket;
  readonly clock: Clock;
}

/** One per home and isolate: it remembers the filter of senders, and whom this isolate stored something of. */
export class SpoolClient implements Spool {
  readonly #parts: SpoolClientParts;
  #filter: { readonly may: (sender: string) => boolean; readonly askedAt: number } | null = null;
  #asking: Promise<void> | null = null;
  /** Senders stored since the filter was asked for: it may have been made before. */
  #stored = new Set<string>();

  constructor(parts: SpoolClientParts) {
    this.#parts = parts;
  }

  /**
   * A body over `limits.inlineBodyBytes` is put into R2 before the row is committed, and taken away if there is no row.
   * When the object's answer is lost the body stays: the row may be there; if not, the sweep finds it. Throws
   * `delivery-too-large` and what the platform throws; the sender then gets a temporary error.
   */
  async put(arrival: Arrival, body: Uint8Array<ArrayBuffer>): Promise<PutResult> {
    // Before the commit, so that nobody asks in between and hears no.
    this.#stored.add(arrival.sender);
    if (body.length <= limits.inlineBodyBytes) return heard(await this.#object().put(arrival, body));
    const key = bodyKey(this.#parts.homeId, arrival.lane, arrival.id);
    // R2 refuses other bytes than those that the envelope speaks of.
    await this.#parts.store.put(key, body, { sha256: base64url.decode(arrival.bodySha256) });
    const told = await this.#object().put(arrival, null);
    if (!told.ok || told.value.put !== 'stored') await this.#takeAway(key);
    return heard(told);
  }

  async mayHoldFrom(sender: string): Promise<boolean> {
    if (this.#stored.has(sender)) return true;
    const filter = this.#filter;
    if (filter !== null && this.#parts.clock.now() < filter.askedAt + filterFreshMs) return filter.may(sender);
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    await this.#asking;
    return this.#stored.has(sender) || (this.#filter?.may(sender) ?? true);
  }

  /** Renews the filter. If the object cannot be asked, everybody may be held, until it can. */
  async #ask(): Promise<void> {
    const before = this.#stored;
    this.#stored = new Set();
    const askedAt = this.#parts.clock.now();
    try {
      const data = await this.#object().senderFilter();
      const filter = data === null ? null : BloomFilter.fromData(data);
      this.#filter = { askedAt, may: (sender) => filter?.mayContain(sender) ?? true };
    } catch (thrown) {
      for (const sender of before) this.#stored.add(sender);
      this.#filter = null;
      console.warn(`sender-filter-unknown: every sender is taken for a known one: ${causeOf(thrown)}`);
    }
  }

  async #takeAway(key: string): Promise<void> {
    try {
      await this.#parts.store.delete(key);
    } catch (thrown) {
      console.warn(`body-not-deleted: ${key} is left to the sweep: ${causeOf(thrown)}`);
    }
  }

  #object(): DurableObjectStub<SpoolObject> {
    const { spools, homeId } = this.#parts;
    return spools.get(spools.idFromName(homeId));
  }
}
