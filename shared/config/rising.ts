// Of two things that home left under rising versions the higher counts, in whatever order they arrive. Pure.

/** What is there; its digest tells whether something is the same. */
export interface Versioned {
  readonly version: number;
  readonly digest: string;
  /** The key of home that left it, as JWK member `x`; null: it was not written down. */
  readonly key: string | null;
}

/** `same`: its answer was lost, nothing is to be done. `older`: a later one, or another one with this version, is there. */
export type Rising = 'later' | 'same' | 'older';

export function rising(there: Versioned | null, arriving: Versioned): Rising {
  if (there === null) return 'later';
  if (there.digest === arriving.digest) return 'same';
  // A key that was stolen may have left the highest version there is: it binds nobody who has another key by now.
  if (there.key !== null && arriving.key !== null && there.key !== arriving.key) return 'later';
  return arriving.version > there.version ? 'later' : 'older';
}
