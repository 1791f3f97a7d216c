// `porchlight wake`: a home that sleeps comes up again.

import { askNode } from '../../control/client.ts';
import type { NodeReport } from '../../control/report.ts';
import { type Cli, type FolderOptions, folderOf, type JsonOptions, sayJson } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { progressBar } from '../progress-bar.ts';
import { count } from '../words.ts';

/** Some may be here already when home says that it is awake. */
function waitedOf({ home }: NodeReport): number {
  return home?.drain?.of ?? Math.max(home?.spool?.waiting ?? 0, home?.finished ?? 0);
}

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
  if (report.state !== 'awake') {
    return terminal.say(terminal.style('yellow', 'Home wakes, but is not there yet; see: porchlight status'));
  }
  const waited = waitedOf(report);
  const awake = terminal.style('green', 'Home is awake');
  terminal.say(waited === 0 ? `${awake}.` : `${awake}; ${count(waited, 'delivery', 'deliveries')} waited at the edge.`);
}
