// Which edge this is: what it says of itself to whoever asks, so that an owner sees from home which program answers at a
// name. The build is written in when the Worker is bundled for deployment; from source there is none.

import { version } from '../package.json';
import { linkVersions } from '../shared/link/frames.ts';

declare const PORCHLIGHT_BUILD: string;

export const edgeBuild = {
  software: 'porchlight',
  version,
  build: typeof PORCHLIGHT_BUILD === 'string' ? PORCHLIGHT_BUILD : 'source',
  linkVersions,
} as const;
