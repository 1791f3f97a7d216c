// `porchlight sleep`: home says good night; the process stays and can be woken.

import { askNode } from '../../control/client.ts';
import type { BedtimeResult } from '../../home.ts';
import { type Cli, type FolderOptions, folderOf, type JsonOptions, sayJson } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { progressBar } from '../progress-bar.ts';
import { parseFuture } from '../when.ts';
import { count, span, time } from '../words.ts';

export interface SleepOptions extends FolderOptions, JsonOptions {
  readonly until?: string;
}

export async function sleep(cli: Cli, options: SleepOptions): Promise<void> {
  const { terminal, clock } = cli;
  const folder = mustBeThere(folderOf(cli, options));
  const now = clock.now();
  const wakeAt = options.until === undefined ? null : parseFuture('--until', options.until, now);
  const bar = progressBar(terminal);
  let result: BedtimeResult;
  try {
    result = await askNode<BedtimeResult>(folder, 'sleep', { wakeAt }, bar.show);
  } finally {
    bar.clear();
  }
  if (options.json === true) return sayJson(cli, { ...result, wakeAt });
  const back = wakeAt === null ? 'until it is woken' : `until ${time(wakeAt)} (in ${span(wakeAt - now)})`;
  terminal.say(`Home sleeps ${back}.`);
  if (result.pages > 0) terminal.say(`${count(result.pages, 'public page')} were left at the edge.`);
  if (!result.told) {
    terminal.say(
      terminal.style('yellow', 'The edge could not be told; visitors read "out of reach" where nothing is kept.'),
    );
  }
  terminal.say(terminal.style('dim', 'Wake it with: porchlight wake'));
}
