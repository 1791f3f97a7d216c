// What the edge's own pages must know of the site that they stand in for.

import type { GoesBy } from '../../shared/config/goes-by.ts';

export interface Site {
  /** BCP 47; null while home has not said. */
  readonly language: string | null;
  /** The site's own name; null while home has not said. */
  readonly title: string | null;
  /** May anybody see how home is doing? */
  readonly statusPage: boolean;
}

/** A home that has said nothing yet has no name. */
export function siteOf({ words, statusPage }: Pick<GoesBy, 'words' | 'statusPage'>): Site {
  return { language: words?.language ?? null, title: words?.title ?? null, statusPage };
}
