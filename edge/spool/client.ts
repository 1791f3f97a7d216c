// The spool as a Worker sees it: the contract of spool.ts over the home's Durable Object, and R2 for large bodies.

import { base64url } from 'jose';
import type { Clock } from '../../shared/clock.ts';
import type { Arrival } from '../../shared/delivery.ts';
import { causeOf } from '../../shared/errors.ts';
import { BloomFilter } from '../../shared/known-actors/bloom.ts';
import { limits } from '../../shared/limits.ts';
import { say } from '../log.ts';
import { bodyKey } from './bodies.ts';
import type { SpoolObject } from './object.ts';
import type { PutResult, Spool } from './spool.ts';
import { heard, type Told } from './told.ts';

export interface SpoolClientParts {
  readonly homeId: string;
  readonly spools: DurableObjectNamespace<SpoolObject>;
  readonly store: R2Bucket;
  readonly clock: Clock;
  /** Resolves after so many ms. */
  readonly pause: (ms: number) => Promise<void>;
}

/** One per home and isolate: it remembers the filter of senders, and whom this isolate stored something of. */
export class SpoolClient implements Spool {
  readonly #parts: SpoolClientParts;
  #filter: { readonly may: (sender: string) => boolean; readonly askedAt: number } | null = null;
  /** Senders of whom something was stored, by the count of puts: a filter that was made before may lack them. */
  readonly #stored = new Map<string, number>();
  #puts = 0;

  constructor(parts: SpoolClientParts) {
    this.#parts = parts;
  }

  /**
   * A body over `limits.inlineBodyBytes` is put into R2 before the row is committed, and taken away if there is no row.
   * When the object's answer is lost the body stays: the row may be there; if not, the sweep finds it. Throws
   * `delivery-too-large` and what the platform throws; the sender then gets a temporary error.
   */
  async put(arrival: Arrival, body: Uint8Array<ArrayBuffer>): Promise<PutResult> {
    // Before the commit, so that nobody asks in between and hears no; and after it, for filters made meanwhile.
    this.#note(arrival.sender);
    try {
      const result = heard(await this.#put(arrival, body));
      if ('settleMs' in result && result.settleMs !== undefined) await this.#parts.pause(result.settleMs);
      return result;
    } finally {
      this.#note(arrival.sender);
    }
  }

  async mayHoldFrom(sender: string): Promise<boolean> {
    if (this.#stored.has(sender)) return true;
    const filter = this.#filter;
    if (filter !== null && this.#parts.clock.now() < filter.askedAt + limits.senderFilterMs) return filter.may(sender);
    // Each request asks for itself: one that waited for another's would hang if that other were cancelled.
    return (await this.#ask())(sender) || this.#stored.has(sender);
  }

  async #put(arrival: Arrival, body: Uint8Array<ArrayBuffer>): Promise<Told<PutResult>> {
    if (body.length <= limits.inlineBodyBytes) return await this.#object().put(arrival, body);
    const key = bodyKey(this.#parts.homeId, arrival.lane, arrival.id);
    // R2 refuses other bytes than those that the envelope speaks of.
    await this.#parts.store.put(key, body, { sha256: base64url.decode(arrival.bodySha256) });
    const told = await this.#object().put(arrival, null);
    if (!told.ok || told.value.put !== 'stored') await this.#takeAway(key);
    return told;
  }

  #note(sender: string): void {
    this.#puts += 1;
    this.#stored.set(sender, this.#puts);
    if (this.#stored.size <= limits.memoryEntries) return;
    this.#stored.clear();
    this.#filter = null;
  }

  /** A new filter. If the object cannot be asked, everybody may be held, until it can. */
  async #ask(): Promise<(sender: string) => boolean> {
    const askedAt = this.#parts.clock.now();
    const puts = this.#puts;
    try {
      const data = await this.#object().senderFilter();
      const filter = data === null ? null : BloomFilter.fromData(data);
      const may = (sender: string): boolean => filter?.mayContain(sender) ?? true;
      for (const [sender, at] of this.#stored) if (at <= puts) this.#stored.delete(sender);
      this.#filter = { askedAt, may };
      return may;
    } catch (thrown) {
      say('warn', 'sender-filter-unknown', { detail: 'every sender is taken for a known one', cause: causeOf(thrown) });
      return () => true;
    }
  }

  async #takeAway(key: string): Promise<void> {
    try {
      await this.#parts.store.delete(key);
    } catch (thrown) {
      say('warn', 'body-not-deleted', { key, cause: causeOf(thrown) });
    }
  }

  #object(): DurableObjectStub<SpoolObject> {
    const { spools, homeId } = this.#parts;
    return spools.get(spools.idFromName(homeId));
  }
}
