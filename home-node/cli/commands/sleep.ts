// `porchlight sleep`: home says good night; the process stays and can be woken.

import { askNode } from '../../control/client.ts';
import type { SleepReport } from '../../control/report.ts';
import { type Cli, type FolderOptions, folderHint, folderOf, type JsonOptions, sayJson } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { progressBar } from '../progress-bar.ts';
import { parseFuture } from '../when.ts';
import { spanAhead, time } from '../words.ts';

export interface SleepOptions extends FolderOptions, JsonOptions {
  readonly until?: string;
}

export async function sleep(cli: Cli, options: SleepOptions): Promise<void> {
  const { terminal, clock } = cli;
  const folder = mustBeThere(folderOf(cli, options));
  const now = clock.now();
  const wakeAt = options.until === undefined ? null : parseFuture('--until', options.until, now);
  const bar = progressBar(terminal);
  let result: SleepReport;
  try {
    result = await askNode<SleepReport>(folder, 'sleep', { wakeAt }, bar.show);
  } finally {
    bar.clear();
  }
  if (options.json === true) return sayJson(cli, { ...result, wakeAt });
  const back = wakeAt === null ? 'until it is woken' : `until ${time(wakeAt)} (in ${spanAhead(wakeAt - now)})`;
  terminal.say(`Home sleeps ${back}.`);
  const { pages } = result;
  if (pages > 0)
    terminal.say(`The edge has its account and ${pages === 1 ? '1 public page' : `${pages} public pages`}.`);
  if (result.sleptAlready) {
    terminal.say(
      terminal.style('yellow', 'It slept already; strangers read the time that was said when it went to bed.'),
    );
  } else if (!result.told) {
    terminal.say(
      terminal.style('yellow', 'The edge could not be told; visitors read "out of reach" where nothing is kept.'),
    );
  }
  terminal.say(terminal.style('dim', `Wake it with: porchlight wake${folderHint(options)}`));
}
