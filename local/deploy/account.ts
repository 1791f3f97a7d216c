// What the Cloudflare account holds under the names of a deployment, asked of wrangler. Only reads.

import { PorchlightError } from '../../shared/errors.ts';
import type { Source } from './configuration.ts';
import type { Wrangler } from './wrangler.ts';
import { cloudflareCode, failureOf, loginHelp } from './wrangler-failure.ts';

export interface WorkerState {
  /** Variables in clear, by name. */
  readonly vars: Readonly<Record<string, string>>;
  /** It has our Durable Objects: it is a Porchlight edge, whoever deployed it. */
  readonly isPorchlight: boolean;
  readonly bucket: string | null;
  readonly databaseId: string | null;
}

export interface AccountState {
  readonly databaseId: string | null;
  readonly bucket: boolean;
  readonly worker: WorkerState | null;
}

interface Whoami {
  readonly loggedIn: boolean;
  readonly accounts?: readonly { readonly id: string; readonly name: string }[];
}

export interface Account {
  readonly id: string;
  readonly name: string;
}

/** Throws `not-logged-in`, `account-unclear`, `cloudflare-permission`, `wrangler-failed`. */
export async function findAccount(
  wrangler: Wrangler,
  wanted: { readonly remembered: string | null; readonly named: string | undefined },
): Promise<Account> {
  const ran = await wrangler.attempt('whoami', '--json');
  const who = whoamiOf(ran.out);
  if (who?.loggedIn === false) {
    throw new PorchlightError(
      'not-logged-in',
      `Cannot reach your Cloudflare account: nobody is logged in; ${loginHelp}.`,
    );
  }
  if (who === null || ran.failed) throw failureOf(['whoami'], ran);
  const { accounts = [] } = who;
  const { remembered, named } = wanted;
  if (remembered !== null && named !== undefined && remembered !== named) {
    throw unclear(
      `CLOUDFLARE_ACCOUNT_ID is ${named}, but this was deployed to ${remembered}; unset it, or use another --name`,
    );
  }
  const id = named ?? remembered ?? (accounts.length === 1 ? accounts[0]?.id : undefined);
  const found = accounts.find((account) => account.id === id);
  if (found !== undefined) return found;
  const list = accounts.map((account) => `${account.name} (${account.id})`).join(', ') || 'none';
  if (id === undefined) throw unclear(`there are several; set CLOUDFLARE_ACCOUNT_ID to one of: ${list}`);
  throw unclear(`${id} is not among those of this login: ${list}; log in as somebody who may use it`);
}

function unclear(found: string): PorchlightError {
  return new PorchlightError('account-unclear', `Cannot tell which Cloudflare account is meant: ${found}.`);
}

function whoamiOf(out: string): Whoami | null {
  try {
    return JSON.parse(out) as Whoami;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

export async function readAccount(wrangler: Wrangler, source: Source): Promise<AccountState> {
  const [databases, buckets, worker] = await Promise.all([
    wrangler.json<readonly { uuid: string; name: string }[]>('d1', 'list'),
    wrangler.run('r2', 'bucket', 'list'),
    readWorker(wrangler, source),
  ]);
  return {
    databaseId: databases.find(({ name }) => name === source.database.name)?.uuid ?? null,
    bucket: buckets.out.split('\n').some((line) => /^name:\s+(\S+)$/.exec(line.trim())?.[1] === source.bucket.name),
    worker,
  };
}

export async function findDatabase(wrangler: Wrangler, name: string): Promise<string | null> {
  const databases = await wrangler.json<readonly { uuid: string; name: string }[]>('d1', 'list');
  return databases.find((one) => one.name === name)?.uuid ?? null;
}

/** Migrations that the database's book names; null when it has no book. */
export async function appliedMigrations(
  wrangler: Wrangler,
  source: Source,
  config: string,
): Promise<readonly string[] | null> {
  const sql = 'SELECT name FROM d1_migrations ORDER BY id';
  const args = ['d1', 'execute', source.database.binding, '--remote', '--config', config, '--json', '--command', sql];
  const ran = await wrangler.attempt(...args);
  if (!ran.failed) {
    const [{ results }] = JSON.parse(ran.out) as [{ results: readonly { name: string }[] }];
    return results.map(({ name }) => name);
  }
  if (/no such table: d1_migrations/.test(ran.out + ran.err)) return null;
  throw failureOf(['d1', 'execute', source.database.name], ran);
}

const noSuchWorker = 10_007;

interface Binding {
  readonly name: string;
  readonly type: string;
  readonly text?: string;
  readonly class_name?: string;
  readonly bucket_name?: string;
  readonly id?: string;
}

async function readWorker(
  wrangler: Wrangler,
  { name, objects, bucket, database }: Source,
): Promise<WorkerState | null> {
  const ran = await wrangler.attempt('deployments', 'status', '--json', '--name', name);
  if (ran.failed) {
    if (cloudflareCode(ran) === noSuchWorker || /has no deployments/.test(ran.err)) return null;
    throw failureOf(['deployments', 'status', name], ran);
  }
  const { versions } = JSON.parse(ran.out) as { versions: readonly { version_id: string }[] };
  const [live] = versions;
  if (live === undefined) return null;
  const view = ['versions', 'view', live.version_id, '--name', name];
  const { resources } = await wrangler.json<{ resources: { bindings: readonly Binding[] } }>(...view);
  const { bindings } = resources;
  const called = (binding: string): Binding | undefined => bindings.find((one) => one.name === binding);
  const texts = bindings.filter(({ type }) => type === 'plain_text');
  return {
    vars: Object.fromEntries(texts.map((one) => [one.name, one.text ?? ''])),
    isPorchlight: [...objects].every(([binding, className]) => called(binding)?.class_name === className),
    bucket: called(bucket.binding)?.bucket_name ?? null,
    databaseId: called(database.binding)?.id ?? null,
  };
}
