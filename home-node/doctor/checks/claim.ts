// Does the edge of porchlight.toml know this home, and by every name that porchlight.toml gives it?

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimFileName } from '../../claim-file.ts';
import { type Check, type ConfiguredExam, fault, type Result, well } from '../check.ts';

const again = 'Get a code from the operator of the edge, and run: porchlight claim CODE';

export const claimCheck: Check = {
  name: 'claim',
  about: 'the claim',
  needs: 'config',
  run: async (exam) => await Promise.resolve(claimResults(exam)),
};

function claimResults({ folder, config, claimed, claimTrouble, hosts }: ConfiguredExam): readonly Result[] {
  const path = join(folder, claimFileName);
  if (claimTrouble !== null) return [fault(path, claimTrouble, again)];
  if (claimed === null) return [fault(config.edge, notClaimed(path, config.edge), again)];
  const missing = hosts.filter((host) => !claimed.hosts.includes(host));
  if (missing.length === 0) return [well(config.edge, `it knows this home as ${claimed.hosts.join(', ')}`)];
  return missing.map((host) =>
    fault(
      host,
      `porchlight.toml names it, but it was never claimed: the edge knows ${claimed.hosts.join(', ')}`,
      `Get a code for ${host} from the operator of the edge and run porchlight claim CODE, or take ${host} out of porchlight.toml.`,
    ),
  );
}

function notClaimed(path: string, edge: string): string {
  if (!existsSync(path)) return 'this home has never claimed there';
  // It was read as JSON before; its claim is for another edge.
  const other = (JSON.parse(readFileSync(path, 'utf8')) as { readonly edge?: unknown }).edge;
  return `this home claimed at ${String(other)}, not at ${edge}`;
}
