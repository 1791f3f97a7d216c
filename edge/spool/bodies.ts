// Large bodies in R2: their names, and the sweep for those that no row names. A body is put before its row is
// committed and deleted after its row is gone, so that a row never names what is not there; what a crash leaves in
// between is an orphan, found a day later.

import { PorchlightError } from '../../shared/errors.ts';

/** Younger objects may belong to a row that is about to be committed. */
const orphanAgeMs = 3600 * 1000;

/** R2 key of a delivery's body. Throws `delivery-id-malformed` for an id that could name something else. */
export function bodyKey(homeId: string, lane: string, deliveryId: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(deliveryId)) {
    throw new PorchlightError(
      'delivery-id-malformed',
      `Cannot name a body: the delivery id ${JSON.stringify(deliveryId)} has other characters than A-Z a-z 0-9 _ -.`,
    );
  }
  return `${bodiesOf(homeId)}${encodeURIComponent(lane)}/${deliveryId}`;
}

/** Prefix of all bodies of one home. */
export function bodiesOf(homeId: string): string {
  return `bodies/${encodeURIComponent(homeId)}/`;
}

export interface Sweep {
  readonly store: R2Bucket;
  readonly homeId: string;
  readonly now: number;
  /** Go on after this key; null: from the beginning. */
  readonly after: string | null;
  /** Objects looked at in one run, at most 1000 (one list call, one delete call). */
  readonly atMost: number;
  /** Which of these delivery ids some row names. */
  readonly namedAmong: (ids: readonly string[]) => ReadonlySet<string>;
}

export interface Swept {
  readonly deleted: number;
  /** Where the next run goes on; null: all were looked at. */
  readonly after: string | null;
}

/** Deletes bodies older than an hour that no row names. */
export async function sweepOrphans(sweep: Sweep): Promise<Swept> {
  const { store, homeId, now, after, atMost } = sweep;
  const page = await store.list({
    prefix: bodiesOf(homeId),
    limit: atMost,
    ...(after === null ? {} : { startAfter: after }),
  });
  const old = page.objects.filter((object) => object.uploaded.getTime() <= now - orphanAgeMs);
  const ids = old.map((object) => object.key.slice(object.key.lastIndexOf('/') + 1));
  const named = ids.length === 0 ? new Set<string>() : sweep.namedAmong(ids);
  const orphans = old.filter((_, at) => !named.has(ids[at] ?? '')).map((object) => object.key);
  if (orphans.length > 0) await store.delete(orphans);
  return { deleted: orphans.length, after: page.truncated ? (page.objects.at(-1)?.key ?? null) : null };
}
