// `porchlight wake`: a home that sleeps comes up again.

import { askNode } from '../../control/client.ts';
import type { NodeReport } from '../../control/report.ts';
import { type Cli, type FolderOptions, folderOf, type JsonOptions, sayJson } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { progressBar } from '../progress-bar.ts';
import { count } from '../words.ts';

export async function wake(cli: Cli, options: FolderOptions & JsonOptions): Promise<void> {
  const { terminal } = cli;
  const folder = mustBeThere(folderOf(cli, options));
  const bar = progressBar(terminal);
  let report: NodeReport;
  try {
    report = await askNode<NodeReport>(folder, 'wake', {}, bar.show);
  } finally {
    bar.clear();
  }
  if (options.json === true) return sayJson(cli, report);
  const waiting = report.home?.spool?.waiting ?? 0;
  terminal.say(
    waiting === 0 ? 'Home is awake.' : `Home is awake; ${count(waiting, 'delivery', 'deliveries')} come from the edge.`,
  );
}
