// What doctor knows before it asks anybody: the data folder, read once and changed by nobody, and what the home node says
// of itself if one runs.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { WebFingerAccount } from '../../shared/snapshot.ts';
import { placed } from '../../shared/webfinger/account.ts';
import { accountsOf } from '../bedtime/accounts.ts';
import { type Claimed, readClaim } from '../claim-file.ts';
import { type HomeConfig, readConfig } from '../config.ts';
import { askNode } from '../control/client.ts';
import type { NodeReport } from '../control/report.ts';
import { programVersion } from '../program-files.ts';

export interface Exam {
  readonly folder: string;
  readonly programVersion: string;
  readonly config: HomeConfig | null;
  /** Why there is no config. */
  readonly configTrouble: string | null;
  /** What the edge said when home claimed there; null: it has not, or claimTrouble says why that cannot be known. */
  readonly claimed: Claimed | null;
  readonly claimTrouble: string | null;
  /** null: none runs, or nodeTrouble says why it did not answer. */
  readonly node: NodeReport | null;
  readonly nodeTrouble: string | null;
  /** Every name of the config, the domain first. */
  readonly hosts: readonly string[];
  /** `acct:` names that strangers can ask for, by service; null where Porchlight cannot know them. */
  readonly accounts: ReadonlyMap<string, readonly string[] | null>;
  /** What stands against each account having a name of its own. */
  readonly accountFaults: readonly string[];
}

/** `askMs`: how long the home node may take to answer. */
export async function examine(folder: string, askMs: number = limits.doctorAskMs): Promise<Exam> {
  const [config, configTrouble] = attempt(() => readConfig(folder));
  const [claimed, claimTrouble] = config === null ? [null, null] : attempt(() => readClaim(folder, config.edge));
  const { node, nodeTrouble } = await nodeOf(folder, askMs);
  const hosts = config === null ? [] : [config.domain, ...config.services.flatMap((service) => service.hosts)];
  return {
    folder,
    programVersion: programVersion(),
    config,
    configTrouble,
    claimed,
    claimTrouble,
    node,
    nodeTrouble,
    hosts: [...new Set(hosts)],
    ...(config === null ? { accounts: new Map(), accountFaults: [] } : accountsBy(folder, config)),
  };
}

/** Origin at which strangers find a host: with the scheme of the edge, which is http only in development. */
export function originOf(host: string, { edge }: Pick<HomeConfig, 'edge'>): string {
  return `${new URL(edge).protocol}//${host}`;
}

function attempt<T>(work: () => T): readonly [T, null] | readonly [null, string] {
  try {
    return [work(), null];
  } catch (thrown) {
    return [null, causeOf(thrown)];
  }
}

async function nodeOf(folder: string, askMs: number): Promise<Pick<Exam, 'node' | 'nodeTrouble'>> {
  const signal = AbortSignal.timeout(askMs);
  try {
    return { node: await askNode<NodeReport>(folder, 'status', {}, () => undefined, signal), nodeTrouble: null };
  } catch (thrown) {
    if (signal.aborted) return { node: null, nodeTrouble: `it runs, but said nothing for ${askMs / 1000} s` };
    const isNotThere = thrown instanceof PorchlightError && thrown.code === 'not-running';
    return { node: null, nodeTrouble: isNotThere ? null : causeOf(thrown) };
  }
}

/** Those that a service last left at the edge, under their canonical names; the embedded home's is known besides. */
function accountsBy(folder: string, config: HomeConfig): Pick<Exam, 'accounts' | 'accountFaults'> {
  const left = leftAccounts(folder);
  const services = config.services.map(({ name, hosts, accountDomain }) => ({
    ...{ name, hosts, accounts: left.get(name) ?? null },
    ...(accountDomain === null ? {} : { accountDomain }),
  }));
  const accounts = new Map(
    config.services.map(({ name, kind, hosts, accountDomain }) => {
      const own = kind === 'embedded' ? [`acct:${config.handle}@${config.domain}`] : null;
      const place = accountDomain === null ? { hosts } : { hosts, accountDomain };
      return [name, left.get(name)?.map((account) => placed(account, place).subject) ?? own];
    }),
  );
  return { accounts, accountFaults: accountsOf(services, config.links).faults };
}

function leftAccounts(folder: string): ReadonlyMap<string, readonly WebFingerAccount[] | null> {
  type Left = Readonly<Record<string, { readonly accounts: readonly WebFingerAccount[] | null }>>;
  const [accounts] = attempt(() => {
    const left = JSON.parse(readFileSync(join(folder, 'leavings.json'), 'utf8')) as Left;
    const entries = Object.entries(left).map(([name, one]) => [name, one.accounts?.map(readable) ?? null] as const);
    return new Map(entries);
  });
  // It is a copy that home makes anew; without it only less is known.
  return accounts ?? new Map();
}

/** Only its name is sure to be there: the file may be of another version. */
function readable(account: WebFingerAccount): WebFingerAccount {
  const { subject, aliases = [], links = [] } = account as Partial<WebFingerAccount>;
  return { subject: String(subject), aliases, links };
}
