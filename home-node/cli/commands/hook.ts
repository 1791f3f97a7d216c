// `porchlight hook`: the file that goes into a server so that it takes in the morning what came at night, and how it gets
// there. Nothing is done to the server itself: where its files are and how it is started, only its owner knows.

import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PorchlightError } from '../../../shared/errors.ts';
import { readConfig, type ServiceConfig } from '../../config.ts';
import { writeDurably } from '../../durable-file.ts';
import {
  type HookedSoftware,
  hookedAs,
  hookedSoftware,
  hookless,
  hooks,
  secretFileName,
} from '../../hooks/software.ts';
import { programFiles } from '../../program-files.ts';
import { openSecret } from '../../receipts/secret.ts';
import { secretText, serviceSecret } from '../../receipts/service-receipts.ts';
import { windowOf } from '../../receipts/window.ts';
import { type Cli, type FolderOptions, folderHint, folderOf, type JsonOptions, pathText, sayJson } from '../cli.ts';
import { mustBeThere, shellWord } from '../folder.ts';
import { printTable } from '../table.ts';

type Options = FolderOptions & JsonOptions;

export interface AsOptions extends Options {
  readonly as?: string;
}

export interface WriteOptions extends AsOptions {
  readonly to?: string;
  readonly dryRun?: boolean;
}

/** What one service needs, as the table and --json show it. */
interface Need {
  readonly service: string;
  readonly kind: string;
  /** null: none, and `why` says so. */
  readonly hook: HookedSoftware | null;
  /** Minutes for which a signed request is good to it by itself; null: not known, or it does not look. */
  readonly windowMinutes: number | null;
  readonly why: string;
}

export function list(cli: Cli, options: Options): void {
  const { services } = readConfig(mustBeThere(folderOf(cli, options)));
  const needs = services.map((service) => needOf(service, hookedAs(service.kind)));
  if (options.json === true) {
    sayJson(cli, needs);
    return;
  }
  const { terminal } = cli;
  printTable(
    terminal,
    ['service', 'kind', 'hook', 'what it is for'],
    needs.map(({ service, kind, hook, why }) => [service, kind, hook ?? '–', why]),
  );
  if (needs.some(({ hook }) => hook !== null)) {
    terminal.say(terminal.style('dim', `How it is put in: porchlight hook show SERVICE${folderHint(options)}`));
  }
}

export function show(cli: Cli, name: string, options: AsOptions): void {
  const { service, software } = chosen(cli, name, options);
  const hook = hooks[software];
  const at = defaultFolder(cli, name, options);
  if (options.json === true) {
    sayJson(cli, { service: service.name, software, files: hook.files, ways: hook.ways(at) });
    return;
  }
  const { terminal } = cli;
  terminal.say(`${hook.title}: ${hook.about}`);
  terminal.say(`${name}: ${needOf(service, software).why}.`);
  terminal.say(
    'A request with a receipt of home is judged by its own rule as of when it arrived; all else stays as it is.',
  );
  terminal.say();
  const as = options.as === undefined ? '' : ` --as ${software}`;
  terminal.say(`First: porchlight hook write ${name}${as}${folderHint(options)} --to DIR`);
  sayWays(cli, software, 'DIR');
}

export function write(cli: Cli, name: string, options: WriteOptions): void {
  const { service, software } = chosen(cli, name, options);
  const home = folderOf(cli, options);
  const to = options.to === undefined ? defaultFolder(cli, name, options) : resolve(options.to);
  const { terminal } = cli;
  const isDry = options.dryRun === true;
  const files = hooks[software].files.map((file) => ({
    path: join(to, file),
    text: readFileSync(join(programFiles.hooks, file), 'utf8'),
    mode: 0o644,
  }));
  if (!isDry) {
    // A server of another user must be able to come this far; what is secret is the file.
    if (!existsSync(to)) {
      mkdirSync(to, { recursive: true });
      chmodSync(to, 0o755);
    }
    const secret = serviceSecret(openSecret(join(home, 'receipt-secret'), cli.random), service.name);
    files.push({ path: join(to, secretFileName), text: secretText(secret), mode: 0o600 });
  }
  const written = files.filter(({ path, text }) => !isThere(path, text));
  if (!isDry) for (const { path, text, mode } of written) writeDurably(path, text, mode);
  const paths = [...hooks[software].files, secretFileName].map((file) => join(to, file));
  if (options.json === true) {
    sayJson(cli, { service: service.name, software, dryRun: isDry, folder: to, files: paths });
    return;
  }
  const shown = pathText(cli, to);
  if (isDry) terminal.say(`Would write into ${shown}: ${hooks[software].files.join(', ')}, ${secretFileName}`);
  else if (written.length === 0) terminal.say(`All of it is in ${shown} already.`);
  else terminal.say(`Wrote into ${shown}: ${written.map(({ path }) => path.slice(to.length + 1)).join(', ')}`);
  terminal.say(`${secretFileName} is for the user that the server runs as, and for nobody else.`);
  sayWays(cli, software, shellWord(to));
  terminal.say();
  terminal.say('Then start the server anew, and see whether it works: porchlight doctor');
}

function sayWays({ terminal }: Cli, software: HookedSoftware, at: string): void {
  for (const { heading, lines } of hooks[software].ways(at)) {
    terminal.say();
    terminal.say(terminal.style('bold', heading));
    for (const line of lines) terminal.say(`  ${line}`);
  }
}

/** The same bytes: then it stays, and whose it is, which its owner may have changed for the server. */
function isThere(path: string, text: string): boolean {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) return false;
  if (path.endsWith(secretFileName) && (statSync(path).mode & 0o007) !== 0) chmodSync(path, 0o600);
  return true;
}

function defaultFolder(cli: Cli, name: string, options: FolderOptions): string {
  return join(folderOf(cli, options), 'hooks', name);
}

/** Throws `no-such-service`, `no-hook`, or `options` for software that is none of those. */
function chosen(
  cli: Cli,
  name: string,
  options: AsOptions,
): { readonly service: ServiceConfig; readonly software: HookedSoftware } {
  const { services } = readConfig(mustBeThere(folderOf(cli, options)));
  const service = services.find((one) => one.name === name);
  if (service === undefined) {
    const known = services.map((one) => one.name).join(', ');
    throw new PorchlightError('no-such-service', `Cannot find the service ${name}: this home has ${known}; name one.`);
  }
  const software = options.as === undefined ? hookedAs(service.kind) : hookedAs(options.as);
  if (software !== null) return { service, software };
  const known = hookedSoftware.join(', ');
  if (options.as !== undefined) {
    throw new PorchlightError('options', `Cannot find a hook for ${options.as}: there are ${known}.`);
  }
  const why = hookless[service.kind] ?? `say which software it is: --as, with one of ${known}`;
  throw new PorchlightError('no-hook', `Cannot make a hook for ${name}: it is of the kind ${service.kind}; ${why}.`);
}

function needOf({ name: service, kind }: ServiceConfig, hook: HookedSoftware | null): Need {
  const windowMinutes = hook === null ? null : windowOf(hook).pastMs / 60_000;
  const why =
    windowMinutes === null
      ? (hookless[kind] ?? 'its software is not known: say it by --as, if it is one with a hook')
      : `without its hook it refuses what was signed more than ${windowMinutes} minutes ago`;
  return { service, kind, hook, windowMinutes, why };
}
