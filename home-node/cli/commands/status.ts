// `porchlight status`: how home is, what it runs, and what waits at the edge.

import type { SpoolTold } from '../../../shared/lease/messages.ts';
import { askNode } from '../../control/client.ts';
import type { HomeReport, LinkReport, NodeReport } from '../../control/report.ts';
import { type Cli, type FolderOptions, folderOf, type JsonOptions, sayJson } from '../cli.ts';
import { mustBeThere } from '../folder.ts';
import { barText } from '../progress-bar.ts';
import { printServices } from '../services-table.ts';
import { type Cell, printable, printTable, type Row } from '../table.ts';
import { count, size, span, time } from '../words.ts';

export async function status(cli: Cli, options: FolderOptions & JsonOptions): Promise<void> {
  const report = await askNode<NodeReport>(mustBeThere(folderOf(cli, options)), 'status');
  if (options.json === true) return sayJson(cli, report);
  const { terminal } = cli;
  const rows: Row[] = [['home', stateCell(report)]];
  const { home, now } = report;
  if (home !== null) {
    rows.push(['link', linkCell(home.link, report)], ['edge', edgeText(home, report)]);
    if (home.clockOff) rows.push(['clock', { text: 'wrong: nothing is taken until it is set', style: 'red' }]);
  }
  for (const { text } of report.alerts) rows.push(['alert', { text, style: 'red' }]);
  if (report.progress !== null) rows.push(['', barText(report.progress, terminal.columns - 6)]);
  printTable(terminal, ['', ''], rows);
  if (home === null) return;
  terminal.say();
  printServices(terminal, home.services, now);
  terminal.say();
  printTable(terminal, ['', ''], spoolRows(home, now));
}

function stateCell({ state, since, wakeAt, now, domain }: NodeReport): Cell {
  const style = state === 'awake' ? 'green' : 'yellow';
  const wakes = wakeAt === null ? '' : `, wakes at ${time(wakeAt)} (in ${span(wakeAt - now)})`;
  return { text: `${domain} is ${state} for ${span(now - since)}${wakes}`, style };
}

function linkCell({ state, since, trouble }: LinkReport, { now }: NodeReport): Cell {
  if (state === 'open') return { text: `open for ${span(now - since)}`, style: 'green' };
  if (trouble === null) return { text: state, style: 'yellow' };
  const again = `dialling again in ${span(trouble.retryAt - now)}`;
  return {
    text: `lost for ${span(now - since)}, ${again}: ${printable(trouble.reason)} (${trouble.code})`,
    style: 'red',
  };
}

function edgeText({ homeId, snapshotAt }: HomeReport, { edge, now }: NodeReport): string {
  const snapshot = snapshotAt === null ? 'no snapshot left yet' : `snapshot ${span(now - snapshotAt)} old`;
  return `${edge}, ${snapshot}, home ${homeId.slice(0, 8)}`;
}

function spoolRows({ spool, finished }: HomeReport, now: number): Row[] {
  const done: Row = ['taken', `${count(finished, 'delivery', 'deliveries')} since waking`];
  if (spool === null) return [['spool', { text: 'the edge cannot be asked now', style: 'yellow' }], done];
  const oldest = spool.oldestWaitingAt === null ? '' : `, the oldest for ${span(now - spool.oldestWaitingAt)}`;
  const dead: Cell =
    spool.dead === 0 ? { text: 'none' } : { text: `${spool.dead}; see porchlight spool list --dead`, style: 'yellow' };
  return [
    ['waiting', `${spool.waiting}${oldest}`],
    ['dead letters', dead],
    ['stored', size(spool.databaseBytes)],
    done,
    ...olderEdge(spool),
  ];
}

/** What an edge of the version before leaves out of its answer, and what else it cannot do for its home. */
function olderEdge({ kept }: SpoolTold): Row[] {
  if (kept !== undefined) return [];
  const text =
    'of an earlier version: it does not list what waits, nor take settings, services or a new key; have it updated';
  return [['the edge is', { text, style: 'yellow' }]];
}
