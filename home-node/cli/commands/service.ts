// `porchlight service`: which services home runs, and stopping and starting one of them. A stopped one stays so, and the
// edge answers for it meanwhile.

import { askNode } from '../../control/client.ts';
import type { NodeReport } from '../../control/report.ts';
import { type Cli, type FolderOptions, folderHint, folderOf, type JsonOptions, sayJson } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { whileWaiting } from '../progress-bar.ts';
import { printServices } from '../services-table.ts';
import { parseFuture } from '../when.ts';
import { time } from '../words.ts';

type Options = FolderOptions & JsonOptions;

export interface StopOptions extends Options {
  readonly until?: string;
}

export async function list(cli: Cli, options: Options): Promise<void> {
  const folder = mustBeThere(folderOf(cli, options));
  const { home, now } = await whileWaiting(
    cli.terminal,
    'asking the home node',
    async () => await askNode<NodeReport>(folder, 'status'),
  );
  if (options.json === true) return sayJson(cli, home?.services ?? []);
  if (home === null) return cli.terminal.say('Home sleeps, and its services with it.');
  printServices(cli.terminal, home.services, now);
}

export async function stop(cli: Cli, name: string, options: StopOptions): Promise<void> {
  const until = options.until === undefined ? null : parseFuture('--until', options.until, cli.clock.now());
  const folder = mustBeThere(folderOf(cli, options));
  await whileWaiting(
    cli.terminal,
    `stopping ${name}`,
    async () => await askNode(folder, 'service-stop', { name, until }),
  );
  if (options.json === true) return sayJson(cli, { name, stopped: true, until });
  cli.terminal.say(`${name} is stopped; the edge answers for it.`);
  if (until !== null) cli.terminal.say(`Strangers are told: back at ${time(until)}.`);
  cli.terminal.say(cli.terminal.style('dim', `Start it with: porchlight service start ${name}${folderHint(options)}`));
}

export async function start(cli: Cli, name: string, options: Options): Promise<void> {
  const folder = mustBeThere(folderOf(cli, options));
  await whileWaiting(cli.terminal, `starting ${name}`, async () => await askNode(folder, 'service-start', { name }));
  if (options.json === true) return sayJson(cli, { name, stopped: false });
  cli.terminal.say(`${name} is being started.`);
}
