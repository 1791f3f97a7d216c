// May these names be used? What an account holds under the names of a deployment that was never made from here could be
// somebody else's: nothing of it is overwritten unless the operator says so. Pure: facts in, objections out.

import { PorchlightError } from '../../shared/errors.ts';
import type { AccountState } from './account.ts';
import type { Source } from './configuration.ts';
import { inWords, type Live } from './live.ts';
import type { Remembered } from './remembered.ts';

export interface Facts {
  readonly source: Pick<Source, 'name' | 'database' | 'bucket' | 'migrations'>;
  readonly hosts: readonly string[];
  /** What was written before anything was made; null: this is the first time. */
  readonly remembered: Remembered | null;
  readonly account: AccountState;
  /** null: the database has no book of migrations. */
  readonly applied: readonly string[] | null;
  readonly live: ReadonlyMap<string, Live>;
  /** Public half of our operator's key; null: there is none here. */
  readonly operatorKey: string | null;
  readonly newOperatorKey: boolean;
}

/** What --yes does not answer. */
export function hindrance(facts: Facts): PorchlightError | null {
  const { source, account, operatorKey, newOperatorKey } = facts;
  const known = account.worker?.isPorchlight === true && (account.worker.vars.OPERATOR_KEY ?? '') !== '';
  if (!known || operatorKey !== null || newOperatorKey) return null;
  return new PorchlightError(
    'operator-key-lost',
    `Cannot deploy ${source.name}: the edge is there and knows an operator's key, but that key is not on this machine. Copy it from where you deployed before; if it is lost, add --new-operator-key: homes and codes stay, only the key changes.`,
  );
}

/** What --yes answers. */
export function objections(facts: Facts): readonly PorchlightError[] {
  return [...ofNames(facts), ...ofHosts(facts), ...ofOperator(facts)];
}

function* ofNames({ source, remembered, account, applied }: Facts): Iterable<PorchlightError> {
  if (remembered !== null) return;
  const { worker } = account;
  const ours = worker?.isPorchlight === true;
  if (worker !== null && !ours) yield notOurs(`a Worker ${source.name} is there that is no Porchlight edge`);
  const [first] = source.migrations;
  if (account.databaseId !== null && applied?.[0] !== first?.name) {
    yield notOurs(`a database ${source.database.name} is there that is no Porchlight directory`);
  }
  if (account.bucket && !(ours && worker.bucket === source.bucket.name)) {
    yield notOurs(`a bucket ${source.bucket.name} is there that no Porchlight edge of this name uses`);
  }
}

function* ofHosts({ hosts, remembered, account, live }: Facts): Iterable<PorchlightError> {
  const { worker } = account;
  const build = worker?.isPorchlight === true ? worker.vars.BUILD : undefined;
  for (const host of hosts) {
    const there = live.get(host) ?? { is: 'nothing' };
    if (remembered?.hosts.includes(host) === true || there.is === 'nothing') continue;
    if (there.is === 'edge' && there.about.build === build) continue;
    yield notOurs(
      `${host} leads somewhere already (${inWords(there)}), and deploying replaces its DNS record`,
      `look at it in dash.cloudflare.com`,
    );
  }
  const leftOut = remembered?.hosts.filter((host) => !hosts.includes(host)) ?? [];
  if (leftOut.length === 0) return;
  yield new PorchlightError(
    'hosts-left-out',
    `Cannot deploy: ${leftOut.join(', ')} would not be answered for any more, because --hosts leaves it out; name every host, or add --yes if that is meant.`,
  );
}

function* ofOperator({ source, account, operatorKey, newOperatorKey }: Facts): Iterable<PorchlightError> {
  const { worker } = account;
  const known = worker?.isPorchlight === true ? (worker.vars.OPERATOR_KEY ?? '') : '';
  if (known === '' || operatorKey === null || known === operatorKey || newOperatorKey) return;
  yield new PorchlightError(
    'operator-key-other',
    `Cannot deploy ${source.name}: the edge knows another operator's key than the one on this machine; copy that one here, or add --yes to make the edge know this one instead.`,
  );
}

function notOurs(found: string, look = 'choose another --name'): PorchlightError {
  return new PorchlightError('not-ours', `Cannot deploy: ${found}; ${look}, or add --yes if it may be overwritten.`);
}
