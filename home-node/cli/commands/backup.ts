// `porchlight backup FILE` and `porchlight restore FILE`: a whole data folder as one file, and back on a new machine.

import { resolve } from 'node:path';
import { type BackupMade, makeBackup } from '../../backup/make.ts';
import { type BackupFound, lookInto, restoreBackup } from '../../backup/restore.ts';
import type { OnProgress } from '../../progress.ts';
import { type Cli, type FolderOptions, folderHint, folderOf, type JsonOptions, pathText, sayJson } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { progressBar } from '../progress-bar.ts';
import { printable, printTable } from '../table.ts';
import { count, size, time } from '../words.ts';

export interface RestoreOptions extends FolderOptions, JsonOptions {
  readonly dryRun?: boolean;
}

export async function backup(cli: Cli, file: string, options: FolderOptions & JsonOptions): Promise<void> {
  const { terminal, clock } = cli;
  const folder = mustBeThere(folderOf(cli, options));
  const made = await withBar<BackupMade>(cli, async (show) => await makeBackup(folder, resolve(file), clock, show));
  if (options.json === true) return sayJson(cli, made);
  terminal.say(`${pathText(cli, made.path)}: ${count(made.files, 'file')}, ${size(made.bytes)}.`);
  terminal.say(
    terminal.style(
      'yellow',
      "It holds home's key: whoever has it can be this home.\nKeep it where only you can read it.",
    ),
  );
  if (made.leftOut.length === 0) return;
  terminal.say(`Left out, too large or no files: ${made.leftOut.map(printable).join(', ')}`);
}

export async function restore(cli: Cli, file: string, options: RestoreOptions): Promise<void> {
  const { terminal } = cli;
  const folder = folderOf(cli, options);
  const path = resolve(file);
  if (options.dryRun === true) return sayFound(cli, lookInto(path), options);
  const found = await withBar<BackupFound>(cli, async (show) => await restoreBackup(path, folder, show));
  if (options.json === true) return sayJson(cli, { folder, ...found.label, files: found.files.length });
  terminal.say(
    `${found.label.domain} is back in ${pathText(cli, folder)}: ${count(found.files.length, 'file')} as of ${time(found.label.madeAt)}.`,
  );
  terminal.say(`Next: porchlight up${folderHint(options)}`);
  terminal.say(
    terminal.style('dim', 'It asks the edge for what came since. An older home node elsewhere is replaced.'),
  );
}

function sayFound(cli: Cli, { label, files }: BackupFound, options: RestoreOptions): void {
  const { terminal } = cli;
  if (options.json === true) {
    sayJson(cli, { ...label, files });
    return;
  }
  terminal.say(`${label.domain}, made ${time(label.madeAt)} by Porchlight ${label.version}. Nothing was written.`);
  printTable(
    terminal,
    ['file', 'size'],
    files.map((one) => [printable(one.name), size(one.size)]),
  );
}

async function withBar<T>({ terminal }: Cli, work: (show: OnProgress) => Promise<T>): Promise<T> {
  const bar = progressBar(terminal);
  try {
    return await work(bar.show);
  } finally {
    bar.clear();
  }
}
