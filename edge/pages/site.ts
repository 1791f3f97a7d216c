// What the edge's own pages must know of the site that they stand in for.

import type { Snapshot } from '../../shared/snapshot.ts';

export interface Site {
  /** BCP 47; null while home has not said. */
  readonly language: string | null;
  /** The site's own name; null while home has not said. */
  readonly title: string | null;
  /** May anybody see how home is doing? */
  readonly statusPage: boolean;
}

/** As the snapshot says it; a home that has left none yet has no name. */
export function siteOf(snapshot: Pick<Snapshot, 'language' | 'title'> | null): Site {
  return { language: snapshot?.language ?? null, title: snapshot?.title ?? null, statusPage: true };
}
