// What a deployment would make and change, without doing any of it.

import { join } from 'node:path';
import { bundleSize } from './bundle-size.ts';
import type { Source } from './configuration.ts';
import type { Seen } from './look.ts';
import type { DeployOptions } from './options.ts';
import type { Steps } from './steps.ts';
import type { Wrangler } from './wrangler.ts';

export interface Rehearsal {
  readonly seen: Seen;
  readonly source: Source;
  readonly build: string;
  readonly hosts: readonly string[];
  readonly ourKey: string | null;
  readonly options: DeployOptions;
}

/** What would be made and changed. */
export async function rehearse(
  wrangler: Wrangler,
  steps: Steps,
  folder: string,
  { seen, source, build, hosts, ourKey, options }: Rehearsal,
): Promise<readonly string[]> {
  const { account, applied } = seen;
  const would: string[] = [];
  if (ourKey === null || options.newOperatorKey) would.push("make an operator's key");
  if (account.databaseId === null) would.push(`make the D1 database ${source.database.name}`);
  if (!account.bucket) would.push(`make the R2 bucket ${source.bucket.name}`);
  const missing = source.migrations.filter((one) => applied?.includes(one.name) !== true);
  if (missing.length > 0) would.push(`apply the migrations ${missing.map((one) => one.name).join(', ')}`);
  if (account.worker?.vars.BUILD !== build) would.push(`upload the Worker ${source.name} for ${hosts.join(', ')}`);
  else if (hosts.some((host) => seen.live.get(host)?.is !== 'edge')) would.push(`attach ${hosts.join(', ')}`);
  await steps.take('Packing the Worker', async () => {
    const ran = await wrangler.run('deploy', '--dry-run', '--config', join(folder, 'wrangler.json'));
    return [null, `Worker ${source.name}: ${bundleSize(ran)}.`] as const;
  });
  return would;
}
