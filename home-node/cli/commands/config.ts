// `porchlight config`: the manual of every setting; `config check` finds all faults of a file at once; `config show` says
// what holds.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fieldOf } from '../../../shared/config/changes.ts';
import { configurationText, settingManuals } from '../../../shared/config/describe.ts';
import { faultText } from '../../../shared/config/faults.ts';
import type { HomeConfig } from '../../../shared/config/home-config.ts';
import { parseHomeConfig } from '../../../shared/config/parse.ts';
import { schema, sections } from '../../../shared/config/schema.ts';
import { written } from '../../../shared/config/setting.ts';
import { causeOf, PorchlightError } from '../../../shared/errors.ts';
import { configFileName, readConfig } from '../../config.ts';
import { askNode } from '../../control/client.ts';
import type { NodeReport } from '../../control/report.ts';
import { type Cli, type FolderOptions, folderOf, type JsonOptions, pathText, sayJson } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';
import { mustBeThere } from '../folder.ts';
import { printTable, type Row } from '../table.ts';

export function manual(cli: Cli, options: JsonOptions): void {
  if (options.json === true) sayJson(cli, settingManuals());
  else cli.terminal.say(configurationText().trimEnd());
}

/** Of a file that is named, or of the data folder's; of that one also what the home node that runs does not go by yet. */
export async function check(cli: Cli, named: string | undefined, options: FolderOptions & JsonOptions): Promise<void> {
  const { terminal } = cli;
  const folder = named === undefined ? mustBeThere(folderOf(cli, options)) : null;
  const path = folder === null ? resolve(named ?? '') : join(folder, configFileName);
  const reading = parseHomeConfig(readText(path));
  const faults = 'faults' in reading ? reading.faults : [];
  const afterRestart = folder === null || faults.length > 0 ? [] : await waitingOf(folder);
  if (options.json === true) sayJson(cli, { path, faults, afterRestart });
  else if (faults.length === 0) {
    terminal.say(`${pathText(cli, path)}: ${terminal.style('green', 'no faults')}.`);
    if (afterRestart.length > 0)
      terminal.say(terminal.style('yellow', `To hold after a restart of the home node: ${afterRestart.join(', ')}.`));
  } else {
    terminal.say(`${pathText(cli, path)}: ${terminal.style('red', `${faults.length} to mend`)}`);
    for (const fault of faults) terminal.say(`  ${faultText(fault)}`);
  }
  if (faults.length > 0) cli.exitWith(exitCodes.faults);
}

/** None when no home node runs, or it cannot say: then nothing holds otherwise. */
async function waitingOf(folder: string): Promise<readonly string[]> {
  try {
    return (await askNode<NodeReport>(folder, 'status')).settingsWaiting ?? [];
  } catch (thrown) {
    if (thrown instanceof PorchlightError) return [];
    throw thrown;
  }
}

/** What holds, with everything that the file leaves to its default. */
export function show(cli: Cli, options: FolderOptions & JsonOptions): void {
  const config = withoutPasswords(readConfig(mustBeThere(folderOf(cli, options))));
  if (options.json === true) sayJson(cli, config);
  else printTable(cli.terminal, ['setting', 'value'], rowsOf(config));
}

/** What is shown may be shown around: a database's password is told to nobody, here as in the log. */
function withoutPasswords(config: HomeConfig): HomeConfig {
  const services = config.services.map((service) => {
    const url = service.kind === 'embedded' ? null : URL.parse(service.database ?? '');
    if (service.kind === 'embedded' || url === null) return service;
    if (url.password !== '') url.password = '***';
    if (url.searchParams.has('password')) url.searchParams.set('password', '***');
    return { ...service, database: url.href };
  });
  return { ...config, services };
}

function rowsOf(config: HomeConfig): Row[] {
  const top = config as unknown as Readonly<Record<string, unknown>>;
  return sections.flatMap(({ name, path }): Row[] => {
    const keys = Object.keys(schema[name]);
    const rows = (values: Readonly<Record<string, unknown>>, before: string): Row[] =>
      keys.filter((key) => fieldOf(key) in values).map((key) => [before + key, shown(values[fieldOf(key)])]);
    if (name === 'top' || name === 'development') return rows(top, path);
    if (name !== 'services') return rows(top[name] as Readonly<Record<string, unknown>>, path);
    return config.services.flatMap((service, index) =>
      rows(service as unknown as Readonly<Record<string, unknown>>, `services[${index}].`),
    );
  });
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'not set';
  if (typeof value === 'object' && 'host' in value && 'port' in value)
    return `${String(value.host)}:${String(value.port)}`;
  return written(value);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new PorchlightError('config', `Cannot read ${path}: ${causeOf(thrown)}; see whose it is.`);
  }
}
