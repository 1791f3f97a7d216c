// What an edge says about itself to anybody, at every host (docs/protocol.md, "What an edge is"): whoever deploys it sees
// what is live, and a home whether it can speak with it.

import type { JsonObject } from './json-object.ts';

export const edgeAboutPath = '/.porchlight/v1/edge';
const software = 'porchlight';

export interface EdgeAbout {
  readonly software: typeof software;
  /** Of the program (package.json); null: whoever deployed it did not say. */
  readonly version: string | null;
  /** Digest of the deployed bundle with its configuration; null: it was not deployed by `npm run deploy`. */
  readonly build: string | null;
  /** Versions of the link protocol that it speaks, the best first. */
  readonly linkVersions: readonly number[];
}

export function edgeAbout(version: string, build: string, linkVersions: readonly number[]): EdgeAbout {
  return { software, version: version || null, build: build || null, linkVersions };
}

/** null: whatever said this, it is no Porchlight edge. Members that are not as they must be are as if not said. */
export function readEdgeAbout(said: JsonObject): EdgeAbout | null {
  if (said.software !== software) return null;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const versions = Array.isArray(said.linkVersions) ? said.linkVersions : [];
  const linkVersions = versions.filter((one): one is number => Number.isSafeInteger(one));
  return edgeAbout(text(said.version), text(said.build), linkVersions);
}
