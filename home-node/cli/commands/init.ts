// `porchlight init`: a data folder with a commented porchlight.toml and home's key. It asks for the domain and an admin
// address, and nothing else.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { faultText } from '../../../shared/config/faults.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';
import { starterConfig } from '../../../shared/config/starter.ts';
import { PorchlightError } from '../../../shared/errors.ts';
import { configFileName } from '../../config.ts';
import { writeDurably } from '../../durable-file.ts';
import { openHomeKey } from '../../key.ts';
import { type Cli, type FolderOptions, folderOf, type JsonOptions, sayJson } from '../cli.ts';

export interface InitOptions extends FolderOptions, JsonOptions {
  readonly domain?: string;
  readonly admin?: string;
  readonly yes?: boolean;
}

export async function init(cli: Cli, options: InitOptions): Promise<void> {
  const { terminal } = cli;
  const folder = folderOf(cli, options);
  const file = join(folder, configFileName);
  if (existsSync(file)) {
    throw new PorchlightError(
      'already-there',
      `Cannot make a home in ${folder}: ${configFileName} is there already; change it, or name another folder by --home.`,
    );
  }
  const domain = await domainOf(cli, options);
  const admin = await adminOf(cli, options, domain);
  // The folder holds home's key: nobody else of this machine need look into it.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await openHomeKey(folder);
  // Last: a folder with settings is a finished one.
  writeDurably(file, starterConfig({ domain, admin }), 0o600);
  if (options.json === true) return sayJson(cli, { folder, domain, admin, config: file });
  const dim = (text: string): string => terminal.style('dim', text);
  terminal.say(`${terminal.style('green', 'Made')} ${folder} for ${domain}.`);
  terminal.say(`  ${configFileName}   settings; every one is explained in it`);
  terminal.say(`  home-key.json     home's key: whoever has it can be this home`);
  terminal.say();
  terminal.say(`Next, with a code from whoever runs the edge ${dim('(you? npm run deploy prints it)')}:`);
  const there = folderHint(options);
  terminal.say(`  porchlight claim CODE${there}`);
  terminal.say(`  porchlight up${there}`);
}

/** Other commands must find the folder too, if it is not the usual one. */
function folderHint(options: FolderOptions): string {
  return options.home === undefined ? '' : ` --home ${options.home}`;
}

async function domainOf({ terminal }: Cli, { domain, yes }: InitOptions): Promise<string> {
  if (domain !== undefined) return mustBeDomain(domain);
  if (yes === true) {
    throw new PorchlightError('options', 'Cannot make a home: --yes asks nothing, so name the domain by --domain.');
  }
  for (;;) {
    const answer = await terminal.ask('Your domain (example.org): ', 'name it by --domain.');
    const fault = domainFault(answer);
    if (fault === null) return answer;
    terminal.note(terminal.styleNote('yellow', fault));
  }
}

async function adminOf({ terminal }: Cli, { admin, yes }: InitOptions, domain: string): Promise<string> {
  const usual = `admin@${domain}`;
  if (admin !== undefined) return admin;
  if (yes === true || !terminal.isInteractive) return usual;
  const answer = await terminal.ask(`Address of the admin (${usual}): `, 'name it by --admin.');
  return answer === '' ? usual : answer;
}

function mustBeDomain(domain: string): string {
  const fault = domainFault(domain);
  if (fault === null) return domain;
  throw new PorchlightError('options', `Cannot use --domain: ${fault}`);
}

/** What the settings' own schema says of it. */
function domainFault(domain: string): string | null {
  const reading = parseHomeConfig(`domain = ${JSON.stringify(domain)}\n`);
  if ('config' in reading) return null;
  return reading.faults.map((fault) => faultText(fault).replace(/^line \d+: /, '')).join('; ');
}
