// Everything that is looked at before anything is made: whose account it is, what it holds, what is live at the hosts.

import { PorchlightError } from '../../shared/errors.ts';
import { type AccountState, appliedMigrations, findAccount, readAccount } from './account.ts';
import type { Configuration, Source } from './configuration.ts';
import { type Live, lookAt } from './live.ts';
import type { DeployOptions } from './options.ts';
import type { Remembered } from './remembered.ts';
import type { Steps } from './steps.ts';
import type { Wrangler } from './wrangler.ts';

export interface Seen {
  /** null: nobody could be asked, in a dry run. */
  readonly accountId: string | null;
  readonly databaseId: string | null;
  readonly account: AccountState;
  readonly applied: readonly string[] | null;
  /** Of every host. */
  readonly live: ReadonlyMap<string, Live>;
}

export interface Looking {
  readonly options: DeployOptions;
  readonly source: Source;
  readonly hosts: readonly string[];
  readonly remembered: Remembered | null;
  readonly wrangler: Wrangler;
  readonly steps: Steps;
  readonly write: (seen: Pick<Seen, 'accountId' | 'databaseId'>) => Configuration;
}

const nothing: Seen = {
  accountId: null,
  databaseId: null,
  account: { databaseId: null, bucket: false, worker: null },
  applied: null,
  live: new Map(),
};

export async function look(looking: Looking): Promise<Seen> {
  const { options, steps } = looking;
  try {
    return await seen(looking);
  } catch (thrown) {
    if (!options.dryRun || !(thrown instanceof PorchlightError)) throw thrown;
    if (!['not-logged-in', 'wrangler-failed', 'names-unreachable'].includes(thrown.code)) throw thrown;
    steps.said(`The account was not looked at. ${thrown.message}`);
    steps.said('What follows is what would be done in an account that holds nothing of this name.');
    return nothing;
  }
}

async function seen({ source, hosts, remembered, wrangler, steps, write, options }: Looking): Promise<Seen> {
  const named = options.accountId;
  const found = await steps.take('Asking whose account it is', async () => {
    const account = await findAccount(wrangler, { remembered: remembered?.account ?? null, named });
    return [account, `Cloudflare account: ${account.name} (${account.id}).`] as const;
  });
  const accountId = found.id;
  wrangler.account = accountId;
  const account = await steps.take('Looking at what the account holds', async () => {
    const state = await readAccount(wrangler, source);
    return [state, `Looked at the account: ${holding(state)}.`] as const;
  });
  const { databaseId } = account;
  const config = write({ accountId, databaseId }).path;
  const [applied, live] = await steps.take('Looking at the hosts', async () => {
    const both = await Promise.all([
      databaseId === null ? null : appliedMigrations(wrangler, source, config),
      Promise.all(hosts.map(async (host) => [host, await lookAt(host)] as const)),
    ]);
    return [both, `Looked at ${hosts.join(', ')}.`] as const;
  });
  return { accountId, databaseId, account, applied, live: new Map(live) };
}

function holding({ databaseId, bucket, worker }: AccountState): string {
  const things = [
    worker === null ? '' : 'the Worker',
    databaseId === null ? '' : 'the database',
    bucket ? 'the bucket' : '',
  ];
  return things.filter((thing) => thing !== '').join(', ') || 'nothing of this name';
}
