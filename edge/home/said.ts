// What home said of itself, put together for whoever answers for it: its claim, the edge's part of its settings, and its
// snapshot. The two that lie in the store are asked for at once, so that a visitor waits for one reading and not for two.

import type { Clock } from '../../shared/clock.ts';
import type { EdgePart } from '../../shared/config/edge-part.ts';
import { type GoesBy, goesBy } from '../../shared/config/goes-by.ts';
import { limits } from '../../shared/limits.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import type { HomeRecord } from './directory.ts';
import { LeftObjects } from './left-objects.ts';

interface Merged {
  readonly claimed: string;
  readonly part: EdgePart | null;
  readonly snapshot: Snapshot | null;
  readonly said: GoesBy;
}

export class HomeSaid {
  readonly snapshots: LeftObjects<Snapshot>;
  readonly parts: LeftObjects<EdgePart>;
  /** Others remember things about a snapshot by its identity: while nothing changes, it is one and the same. */
  readonly #merged = new Map<string, Merged>();

  constructor(store: R2Bucket, clock: Clock, keepAlive: (work: Promise<unknown>) => void) {
    const shared = { store, clock, keepAlive };
    this.snapshots = new LeftObjects({ ...shared, folder: 'snapshots', freshMs: limits.snapshotFreshMs });
    this.parts = new LeftObjects({ ...shared, folder: 'configs', freshMs: limits.configFreshMs });
  }

  async of({ homeId, hosts }: HomeRecord): Promise<GoesBy> {
    const [part, snapshot] = await Promise.all([this.parts.of(homeId), this.snapshots.of(homeId)]);
    const claimed = hosts.join(' ');
    const before = this.#merged.get(homeId);
    if (before?.claimed === claimed && before.part === part && before.snapshot === snapshot) return before.said;
    const said = goesBy(hosts, part, snapshot);
    this.#remember(homeId, { claimed, part, snapshot, said });
    return said;
  }

  #remember(homeId: string, merged: Merged): void {
    this.#merged.delete(homeId);
    this.#merged.set(homeId, merged);
    if (this.#merged.size <= limits.memoryEntries) return;
    for (const oldest of this.#merged.keys()) {
      this.#merged.delete(oldest);
      return;
    }
  }
}
