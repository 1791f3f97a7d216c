// Does the owner's account look right to a stranger? The way that every other server goes: WebFinger, the actor's
// document, NodeInfo.

import { type Check, type ConfiguredExam, fault, type Result, unchecked } from '../check.ts';
import type { DoctorPorts } from '../ports.ts';
import { whyOutOfReach } from '../reach.ts';
import { lookUp } from '../stranger.ts';
import { nodeInfoResult } from '../stranger-nodeinfo.ts';

/** Accounts of one service that are looked up: the rest will not differ. */
const accountsEach = 3;

export const fediverseCheck: Check = {
  name: 'fediverse',
  about: 'how the accounts look to strangers',
  needs: 'network',
  run: async (exam, ports) => {
    const services = exam.config.services.map(async ({ name }) => await serviceResults(name, exam, ports));
    const cure =
      'Rename one of the two, or give its service an account_domain of its own; the first in porchlight.toml has the name.';
    const twice = exam.accountFaults.map((found) => fault('accounts', found, cure));
    return [...twice, ...(await Promise.all(services)).flat()];
  },
};

async function serviceResults(name: string, exam: ConfiguredExam, ports: DoctorPorts): Promise<readonly Result[]> {
  const accounts = exam.accounts.get(name) ?? null;
  if (accounts === null) {
    const cure = 'Look one of its accounts up from another server.';
    return [unchecked(`service ${name}`, 'which accounts it has is known to it alone', cure)];
  }
  const looked = await Promise.all(
    accounts.slice(0, accountsEach).map(async (account) => await accountResults(account, exam, ports)),
  );
  return looked.flat();
}

async function accountResults(account: string, exam: ConfiguredExam, ports: DoctorPorts): Promise<readonly Result[]> {
  const host = account.slice(account.lastIndexOf('@') + 1);
  const why = whyOutOfReach(await exam.reach(host));
  if (why !== null) return [unchecked(account, `${host}: ${why}`)];
  const claimed = exam.claimed?.hosts ?? exam.hosts;
  return await Promise.all([
    lookUp(account, { host, hosts: claimed, edge: exam.config.edge }, ports),
    nodeInfoResult({ host, hosts: claimed, edge: exam.config.edge }, ports),
  ]);
}
