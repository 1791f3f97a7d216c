// `porchlight wake`: a home that sleeps comes up again.

import { askNode } from '../../control/client.ts';
import type { NodeReport } from '../../control/report.ts';
import { type Cli, type FolderOptions, folderOf, type JsonOptions, sayJson } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { progressBar } from '../progress-bar.ts';

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
  if (report.state !== 'awake') {
    return terminal.say(terminal.style('yellow', 'Home wakes, but is not there yet; see: porchlight status'));
  }
  const awake = terminal.style('green', 'Home is awake');
  if (waiting === 0) terminal.say(`${awake}.`);
  else terminal.say(`${awake}; ${waiting === 1 ? '1 delivery comes' : `${waiting} deliveries come`} from the edge.`);
}
