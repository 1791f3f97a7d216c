// How large a Worker is, as wrangler reported it.

import { size } from '../../home-node/cli/words.ts';
import { isObject } from '../../shared/json-object.ts';
import type { Ran } from './wrangler.ts';

export function bundleSize({ report }: Ran): string {
  const said = report.find((line) => line.type === 'deploy')?.bundle_size;
  if (!isObject(said)) return 'of a size that wrangler does not tell';
  return `${size(Number(said.raw_bytes))} (${size(Number(said.gzip_bytes))} compressed)`;
}
