// What a failure of wrangler means for whoever deploys, and what to do about it.

import { PorchlightError } from '../../shared/errors.ts';
import type { Ran } from './wrangler.ts';

export const loginHelp =
  'run `npx wrangler login` (it opens a browser), or set CLOUDFLARE_API_TOKEN to an API token with the permissions that docs/deploying.md lists';

const permissions =
  'Account: Workers Scripts Edit, D1 Edit, Workers R2 Storage Edit, Account Settings Read; for the zones of your hosts: Workers Routes Edit, DNS Edit, Zone Read';

/** Cloudflare's own error code, if it gave one. */
export function cloudflareCode({ report, out, err }: Ran): number | null {
  const [, said] = /\[code: (\d+)\]/.exec(`${err}\n${out}`) ?? [];
  if (said !== undefined) return Number(said);
  const code = report.find((line) => line.type === 'command-failed')?.code;
  return typeof code === 'number' ? code : null;
}

/** Codes of Cloudflare that say: not with this token. */
const forbidden: ReadonlySet<number | null> = new Set([10_000, 9_109, 9_106, 7_403, 10_001]);
const r2NotEnabled = 10_042;

export function failureOf(args: readonly string[], ran: Ran): PorchlightError {
  const command = `wrangler ${args.filter((arg) => !arg.startsWith('-')).join(' ')}`;
  const found = wordsOf(ran);
  const code = cloudflareCode(ran);
  if (forbidden.has(code)) {
    return new PorchlightError(
      'cloudflare-permission',
      `Cannot do \`${command}\`: Cloudflare does not allow it: ${found} A token needs: ${permissions}. Or ${loginHelp}.`,
    );
  }
  if (code === r2NotEnabled) {
    return new PorchlightError(
      'storage-not-enabled',
      `Cannot do \`${command}\`: R2 is not switched on in this account; open dash.cloudflare.com, R2, and accept its terms once, then run this again.`,
    );
  }
  return new PorchlightError(
    'wrangler-failed',
    `Cannot do \`${command}\`: wrangler says: ${found} What was done before stays; mend that and run this again.`,
  );
}

/** Wrangler's words on one line, without where its log is and whom to tell. */
function wordsOf({ out, err }: Ran): string {
  const text = err.includes('[ERROR]') ? err.slice(err.indexOf('[ERROR]') + '[ERROR]'.length) : err.trim() || out;
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^🪵|If you think this is a bug/u.test(line));
  const words = lines.join(' ').slice(0, 1_000);
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
