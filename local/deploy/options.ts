// What `npm run deploy` was told on its command line.

import { parseArgs } from 'node:util';
import { deployExitCodeTable, exitCodesText } from '../../home-node/cli/exit-codes.ts';
import { isHostName } from '../../shared/config/accept.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';

export const usage = `npm run deploy -- --hosts example.org,social.example.org [options]

Brings the edge to your Cloudflare account: makes what is missing, changes what is not as it should be, and prints a claim
code for the home. Asked again it changes nothing. Hosts are remembered.

  --hosts A,B          every host that the edge shall answer for; each in a zone of your account
  --name NAME          of the Worker; database and bucket are called NAME-directory and NAME-store (porchlight)
  --dry-run            say what would be made and changed; touch nothing
  --yes                go on although something would be overwritten
  --new-code           another claim code, although one waits to be used; that one lets nobody in any more
  --new-operator-key   another operator's key, because the one that the edge knows is lost
  --wait SECONDS       how long to wait until the edge answers at every host (900)
  --folder DIR         where the deployment is remembered (deployment)
  --json               print the result as JSON
  --help               this

${exitCodesText(deployExitCodeTable)}

It calls wrangler. Log in by \`npx wrangler login\`, or set CLOUDFLARE_API_TOKEN; with several accounts, CLOUDFLARE_ACCOUNT_ID.
`;

export interface DeployOptions {
  /** null: those of the last time. */
  readonly hosts: readonly string[] | null;
  readonly name: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly newCode: boolean;
  readonly newOperatorKey: boolean;
  readonly waitMs: number;
  readonly folder: string;
  readonly json: boolean;
  /** CLOUDFLARE_ACCOUNT_ID. */
  readonly accountId: string | undefined;
}

/** null: help was asked for. Throws `options`. */
export function readDeployOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DeployOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const { name, hosts } = values;
  // A bucket's name has at most 63 characters, and `-directory` is to follow.
  if (!/^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/.test(name)) {
    throw wrong('--name', name, 'lower-case letters, digits and hyphens, at most 52, a letter or digit at both ends');
  }
  const waitSeconds = Number(values.wait);
  if (!Number.isFinite(waitSeconds) || waitSeconds < 0) throw wrong('--wait', values.wait, 'a number of seconds');
  return {
    hosts: hosts === undefined ? null : readHosts(hosts),
    name,
    dryRun: values['dry-run'],
    yes: values.yes,
    newCode: values['new-code'],
    newOperatorKey: values['new-operator-key'],
    waitMs: waitSeconds * 1000,
    folder: values.folder,
    json: values.json,
    accountId: env.CLOUDFLARE_ACCOUNT_ID || undefined,
  };
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        hosts: { type: 'string' },
        name: { type: 'string', default: 'porchlight' },
        'dry-run': flag,
        yes: flag,
        'new-code': flag,
        'new-operator-key': flag,
        wait: { type: 'string', default: '900' },
        folder: { type: 'string', default: 'deployment' },
        json: flag,
        help: flag,
      },
    });
    return values;
  } catch (thrown) {
    throw new PorchlightError('options', `Cannot deploy: ${causeOf(thrown)}. See npm run deploy -- --help.`);
  }
}

function readHosts(text: string): readonly string[] {
  const hosts = text.split(',').map((host) => host.trim().toLowerCase().replace(/\.$/, ''));
  const wanted = 'names of hosts in zones of yours, for example example.org,social.example.org';
  if (!hosts.every((host) => isHostName(host, false) && isDomainName(host))) {
    throw wrong('--hosts', text, wanted);
  }
  const once = [...new Set(hosts)];
  if (once.length > limits.claimHosts) {
    throw wrong('--hosts', `${once.length} hosts`, `at most ${limits.claimHosts}, which is what one home may claim`);
  }
  return once;
}

/** At least two labels of letters, digits and hyphens, the last one no number (RFC 1123 section 2.1). */
function isDomainName(host: string): boolean {
  return /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(host);
}

function wrong(option: string, found: string, wanted: string): PorchlightError {
  return new PorchlightError('options', `Cannot deploy: ${option} is ${JSON.stringify(found)}; wanted ${wanted}.`);
}
