// Makes and changes what is not as it should be. Each step looks first whether it is still to be done.

import type { KeyPair } from '../../home-node/key-file.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { findDatabase } from './account.ts';
import { bundleSize } from './bundle-size.ts';
import type { Configuration, Source } from './configuration.ts';
import type { Seen } from './look.ts';
import { operatorKey } from './operator-key.ts';
import { near } from './remembered.ts';
import type { Steps } from './steps.ts';
import type { Wrangler } from './wrangler.ts';

export async function makeKey(steps: Steps, path: string, another: boolean, missing: boolean): Promise<KeyPair> {
  const key = await operatorKey(path, another);
  if (!missing && !another) return key;
  const line = `Operator's key: made ${near(path)}; keep a copy, whoever has it can let homes in and shut them out.`;
  steps.changes.push(line);
  steps.said(line);
  return key;
}

/** Resolves to the database's id. */
export async function makeStores(
  wrangler: Wrangler,
  steps: Steps,
  { database, bucket }: Source,
  seen: Seen,
  config: () => string,
): Promise<string> {
  let { databaseId } = seen;
  if (databaseId === null) {
    await steps.change(`Making the D1 database ${database.name}`, async () => {
      await wrangler.run('d1', 'create', database.name, '--config', config());
      databaseId = await findDatabase(wrangler, database.name);
      return `D1 database ${database.name}: made.`;
    });
  } else steps.said(`D1 database ${database.name}: there.`);
  if (!seen.account.bucket) {
    await steps.change(`Making the R2 bucket ${bucket.name}`, async () => {
      await wrangler.run('r2', 'bucket', 'create', bucket.name, '--config', config());
      return `R2 bucket ${bucket.name}: made.`;
    });
  } else steps.said(`R2 bucket ${bucket.name}: there.`);
  if (databaseId !== null) return databaseId;
  throw new PorchlightError(
    'wrangler-failed',
    `Cannot find the database ${database.name} that was just made; run this again.`,
  );
}

export interface Bringing {
  readonly seen: Seen;
  readonly source: Source;
  readonly hosts: readonly string[];
  /** Hosts that may still be attached and shall not be. */
  readonly leaving: readonly string[];
  readonly made: Configuration;
  readonly yes: boolean;
}

/** Migrations, Worker and domains. */
export async function bring(
  wrangler: Wrangler,
  steps: Steps,
  { seen, source, hosts, leaving, made, yes }: Bringing,
): Promise<void> {
  const { database, migrations, name } = source;
  const missing = migrations.filter((one) => seen.applied?.includes(one.name) !== true);
  if (missing.length > 0) {
    await steps.change('Applying migrations', async () => {
      await wrangler.run('d1', 'migrations', 'apply', database.binding, '--remote', '--config', made.path);
      return `Migrations: applied ${missing.map((one) => one.name).join(', ')}.`;
    });
  } else steps.said('Migrations: all applied.');
  if (seen.account.worker?.vars.BUILD !== made.build) {
    await steps.change(`Uploading the Worker ${name}`, async () => {
      // Not over what somebody changed in the dashboard, unless that is said.
      const ran = await wrangler.run('deploy', '--config', made.path, ...(yes ? [] : ['--strict']));
      return `Worker ${name}: uploaded, ${bundleSize(ran)}, for ${hosts.join(', ')}.`;
    });
    return;
  }
  steps.said(`Worker ${name}: this build is there.`);
  const without = hosts.filter((host) => seen.live.get(host)?.is !== 'edge');
  if (without.length === 0 && leaving.length === 0) return;
  await steps.change('Attaching domains', async () => {
    await wrangler.run('triggers', 'deploy', '--config', made.path);
    return `Domains: ${hosts.join(', ')}.`;
  });
}
