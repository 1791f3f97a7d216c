// Which edge this is: what it says of itself to whoever asks, so that an owner sees from home which program answers at a
// name, and an operator whether it is what they would deploy.

import { version } from '../package.json';
import type { EdgeAbout } from '../shared/edge-about.ts';
import { linkVersions } from '../shared/link/frames.ts';

/** `build` as `npm run deploy` set it; empty: it was not deployed by that. */
export function edgeBuild(build: string): EdgeAbout {
  return { software: 'porchlight', version, build: build || 'source', linkVersions };
}
