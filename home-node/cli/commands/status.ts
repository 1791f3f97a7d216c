// `porchlight status`: how home is, what it runs, and what waits at the edge.

import type { SpoolTold } from '../../../shared/lease/messages.ts';
import { readClaim } from '../../claim-file.ts';
import { readConfig } from '../../config.ts';
import { askNode } from '../../control/client.ts';
import type { HomeReport, LinkReport, NodeReport } from '../../control/report.ts';
import { askPublicStatus, type EdgeWord } from '../../edge-api/public-status.ts';
import { type Cli, type FolderOptions, folderHint, folderOf, type JsonOptions, sayJson } from '../cli.ts';
import { edgeCell, waitingCell } from '../edge-word.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { mustBeThere } from '../folder.ts';
import { barText, whileWaiting } from '../progress-bar.ts';
import { printServices } from '../services-table.ts';
import { type Cell, printable, printTable, type Row } from '../table.ts';
import { count, size, span, spanAhead, time } from '../words.ts';

export async function status(cli: Cli, options: FolderOptions & JsonOptions): Promise<void> {
  const folder = mustBeThere(folderOf(cli, options));
  const report = await whileWaiting(cli.terminal, 'asking the home node', async () => await reportOf(folder));
  if (report === null) return await sayNotRunning(cli, folder, options);
  const { terminal } = cli;
  const { home, now, edge, domain } = report;
  // A home that sleeps asks nobody; the edge says to anybody how it is.
  const word = home === null ? await edgeWord(cli, edge, domain) : null;
  if (options.json === true) return sayJson(cli, word === null ? report : { ...report, edgeSays: word.says });
  const rows: Row[] = [['home', stateCell(report)]];
  if (home !== null) {
    rows.push(['link', linkCell(home.link, report)], ['edge', edgeText(home, report)]);
    for (const text of home.leftOut ?? []) rows.push(['left out', { text: printable(text), style: 'yellow' }]);
    if (home.clockOff) rows.push(['clock', { text: 'wrong: nothing is taken until it is set', style: 'red' }]);
  }
  if (word !== null) rows.push(...wordRows(edge, word));
  for (const { text } of report.alerts) rows.push(['alert', { text, style: 'red' }]);
  const { settingsWaiting = [] } = report;
  if (settingsWaiting.length > 0) {
    const text = `saved, and to hold after a restart: ${settingsWaiting.join(', ')}`;
    rows.push(['settings', { text, style: 'yellow' }]);
  }
  if (report.progress !== null) rows.push(['', barText(report.progress, terminal.columns - 6)]);
  printTable(terminal, ['', ''], rows);
  if (home === null) return;
  terminal.say();
  printServices(terminal, home.services, now);
  terminal.say();
  printTable(terminal, ['', ''], spoolRows(home, now));
}

/** null: none runs. */
async function reportOf(folder: string): Promise<NodeReport | null> {
  try {
    return await askNode<NodeReport>(folder, 'status');
  } catch (thrown) {
    if (exitCodeOf(thrown) === exitCodes.notRunning) return null;
    throw thrown;
  }
}

/** What can be said without a home node. Programs see by `state` that there is none. */
async function sayNotRunning(cli: Cli, folder: string, options: FolderOptions & JsonOptions): Promise<void> {
  cli.exitWith(exitCodes.notRunning);
  const { domain, edge } = readConfig(folder);
  const claimed = readClaim(folder, edge);
  const word = claimed === null ? null : await edgeWord(cli, edge, domain);
  if (options.json === true) {
    return sayJson(cli, {
      state: 'not running',
      folder,
      domain,
      edge,
      homeId: claimed?.homeId ?? null,
      edgeSays: word?.says ?? null,
    });
  }
  const hint = folderHint(options);
  printTable(
    cli.terminal,
    ['', ''],
    [
      ['home', { text: `${domain}: no home node runs; start it with: porchlight up${hint}`, style: 'yellow' }],
      ...(word === null
        ? [['edge', `${edge} does not know it; first: porchlight claim CODE${hint}`]]
        : wordRows(edge, word)),
    ],
  );
}

async function edgeWord({ terminal }: Cli, edge: string, domain: string): Promise<EdgeWord> {
  return await whileWaiting(terminal, 'asking the edge', async () => await askPublicStatus(edge, domain));
}

function wordRows(edge: string, word: EdgeWord): Row[] {
  const waiting = waitingCell(word);
  return [['edge', edgeCell(edge, word)], ...(waiting === null ? [] : [['waits', waiting]])];
}

function stateCell({ state, since, wakeAt, now, domain }: NodeReport): Cell {
  const style = state === 'awake' ? 'green' : 'yellow';
  const wakes = wakeAt === null ? '' : `, wakes at ${time(wakeAt)} (in ${spanAhead(wakeAt - now)})`;
  return { text: `${domain}: ${state} for ${span(now - since)}${wakes}`, style };
}

function linkCell({ state, since, trouble }: LinkReport, { now }: NodeReport): Cell {
  if (state === 'open') return { text: `open for ${span(now - since)}`, style: 'green' };
  if (trouble === null) return { text: state, style: 'yellow' };
  const again = `dialling again in ${spanAhead(trouble.retryAt - now)}`;
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
    ['stored', `${size(spool.databaseBytes + (spool.largeBytes ?? 0))} at the edge`],
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
