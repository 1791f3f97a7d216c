// Where what home leaves under rising versions lies (its snapshot, the edge's part of its settings): one object in R2 per
// home and kind, read by every Worker and remembered for a moment per isolate. Written only after it was judged, so
// that what lies there needs no second look.

import type { Clock } from '../../shared/clock.ts';
import { rising } from '../../shared/config/rising.ts';
import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { say } from '../log.ts';
import { FreshMemory } from './fresh-memory.ts';

export type LeaveResult =
  | { readonly left: true }
  /** A later one, or another one with this version, is there. */
  | { readonly left: false; readonly version: number };

interface Held<Value> {
  readonly value: Value;
  readonly etag: string;
}

export interface LeftObjectsOptions {
  readonly store: R2Bucket;
  readonly clock: Clock;
  readonly keepAlive: (work: Promise<unknown>) => void;
  /** Folder of the objects in the store. */
  readonly folder: string;
  readonly freshMs: number;
}

export class LeftObjects<Value extends { readonly version: number }> {
  readonly #options: LeftObjectsOptions;
  readonly #memory: FreshMemory<Held<Value> | null>;

  constructor(options: LeftObjectsOptions) {
    const { clock, freshMs, keepAlive } = options;
    this.#options = options;
    this.#memory = new FreshMemory({ clock, freshMs, maxKeys: limits.memoryEntries, keepAlive });
  }

  /** null when this home has never left one. The same object again while it is the same. */
  async of(homeId: string): Promise<Value | null> {
    const held = await this.#memory.get(homeId, async (stale) => await this.#readOr(homeId, stale ?? null));
    return held?.value ?? null;
  }

  /**
   * Takes `value` unless a later one by the same key of home is there. The same one again is taken without a write: its
   * answer was lost. `key`: of the one who leaves it, as JWK member `x`.
   */
  async leave(homeId: string, value: Value, key: string | null = null): Promise<LeaveResult> {
    const { store } = this.#options;
    const body = JSON.stringify(value);
    const digest = await sha256(body);
    const customMetadata = { version: String(value.version), sha256: digest, ...(key === null ? {} : { key }) };
    for (;;) {
      const there = await store.head(this.#keyOf(homeId));
      const version = Number(there?.customMetadata?.version ?? -1);
      const { sha256 = '', key: by = null } = there?.customMetadata ?? {};
      const before = there === null ? null : { version, digest: sha256, key: by };
      const judged = rising(before, { version: value.version, digest, key });
      if (judged === 'same') return { left: true };
      if (judged === 'older') return { left: false, version };
      // Two at once: the one that comes second finds another object than it judged, and judges again.
      const onlyIf = there === null ? new Headers({ 'If-None-Match': '*' }) : { etagMatches: there.etag };
      if ((await store.put(this.#keyOf(homeId), body, { onlyIf, customMetadata })) === null) continue;
      this.#memory.forget(homeId);
      return { left: true };
    }
  }

  /** While the store does not answer, what was there a moment ago goes on: nobody is turned away for that. */
  async #readOr(homeId: string, stale: Held<Value> | null): Promise<Held<Value> | null> {
    try {
      return await this.#read(homeId, stale);
    } catch (thrown) {
      if (stale === null) throw thrown;
      say('error', 'store-unreadable', { key: this.#keyOf(homeId), cause: causeOf(thrown) });
      return stale;
    }
  }

  async #read(homeId: string, stale: Held<Value> | null): Promise<Held<Value> | null> {
    const object = await this.#options.store.get(
      this.#keyOf(homeId),
      stale === null ? {} : { onlyIf: { etagDoesNotMatch: stale.etag } },
    );
    if (object === null) return null;
    if (!('body' in object)) return stale;
    return { value: await object.json<Value>(), etag: object.etag };
  }

  #keyOf(homeId: string): string {
    return `${this.#options.folder}/${homeId}.json`;
  }
}

async function sha256(body: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
