// What an edge says about itself to anybody, at every host (docs/protocol.md, "What anybody may ask"): whoever deploys it
// sees what is live, and a home whether it can speak with it.

import type { JsonObject } from './json-object.ts';

export const edgeAboutPath = '/.porchlight/v1/edge';

export interface EdgeAbout {
  readonly software: 'porchlight';
  /** Of the program (package.json). */
  readonly version: string;
  /** Digest of the deployed bundle with its configuration; `source`: it was not deployed by `npm run deploy`. */
  readonly build: string;
  /** Versions of the link protocol that it speaks, the best first. */
  readonly linkVersions: readonly number[];
}

/** null: whatever said this, it is no Porchlight edge. */
export function readEdgeAbout(said: JsonObject): EdgeAbout | null {
  const { software, version, build, linkVersions } = said;
  if (software !== 'porchlight' || typeof version !== 'string' || typeof build !== 'string') return null;
  if (!Array.isArray(linkVersions)) return null;
  return { software, version, build, linkVersions: linkVersions.filter((one) => typeof one === 'number') };
}
