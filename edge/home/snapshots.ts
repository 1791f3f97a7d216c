// Where snapshots lie: one object in R2 per home, read by every Worker and remembered for a moment per isolate. Written
// only after snapshot.ts has read it, so that what lies there needs no second look.

import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { FreshMemory } from './fresh-memory.ts';

export type LeaveResult =
  | { readonly left: true }
  /** A later one, or another one with this version, is there. */
  | { readonly left: false; readonly version: number };

interface Held {
  readonly snapshot: Snapshot;
  readonly etag: string;
}

export class Snapshots {
  readonly #store: R2Bucket;
  readonly #memory: FreshMemory<Held | null>;

  constructor(store: R2Bucket, clock: Clock, keepAlive: (work: Promise<unknown>) => void) {
    this.#store = store;
    this.#memory = new FreshMemory({
      clock,
      freshMs: limits.snapshotFreshMs,
      maxKeys: limits.memoryEntries,
      keepAlive,
    });
  }

  /** null when this home has never left one. */
  async of(homeId: string): Promise<Snapshot | null> {
    const held = await this.#memory.get(homeId, async (stale) => await this.#read(homeId, stale ?? null));
    return held?.snapshot ?? null;
  }

  /** Takes `snapshot` unless a later one is there. The same one again is taken without a write: its answer was lost. */
  async leave(homeId: string, snapshot: Snapshot): Promise<LeaveResult> {
    const body = JSON.stringify(snapshot);
    const digest = await sha256(body);
    const customMetadata = { version: String(snapshot.version), sha256: digest };
    for (;;) {
      const there = await this.#store.head(keyOf(homeId));
      if (there?.customMetadata?.sha256 === digest) return { left: true };
      const version = Number(there?.customMetadata?.version ?? -1);
      if (version >= snapshot.version) return { left: false, version };
      // Two at once: the one that comes second finds another object than it judged, and judges again.
      const onlyIf = there === null ? new Headers({ 'If-None-Match': '*' }) : { etagMatches: there.etag };
      if ((await this.#store.put(keyOf(homeId), body, { onlyIf, customMetadata })) === null) continue;
      this.#memory.forget(homeId);
      return { left: true };
    }
  }

  async #read(homeId: string, stale: Held | null): Promise<Held | null> {
    const object = await this.#store.get(
      keyOf(homeId),
      stale === null ? {} : { onlyIf: { etagDoesNotMatch: stale.etag } },
    );
    if (object === null) return null;
    if (!('body' in object)) return stale;
    return { snapshot: await object.json<Snapshot>(), etag: object.etag };
  }
}

function keyOf(homeId: string): string {
  return `snapshots/${homeId}.json`;
}

async function sha256(body: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
