// The goals: what of ours must hold beside the peers in the same run. Those whose peer was missing are left out.

import { type Figure, judged, median } from '../figure.ts';
import type { Row, Sheet } from '../sheet.ts';
import { rows } from './rows.ts';

const ours = 'porchlight';
const bench = 'link';

export function goals(sheet: Sheet): readonly Figure[] {
  return [
    ...fasterThan(sheet, rows.download, '>= 1'),
    ...fasterThan(sheet, rows.plainDownload),
    ...besideFrpc(sheet, rows.cpuPerGiBDown, '<= 1'),
    ...besideFrpc(sheet, rows.cpuPer10k, '<= 1.5'),
    ...besideBulk(sheet, rows.besidePaced),
    ...besideBulk(sheet, rows.beside),
  ];
}

function besideBulk(sheet: Sheet, row: Row): readonly Figure[] {
  const value = sheet.value(ours, row);
  if (value === undefined) return [];
  return [judged({ bench, figure: row.figure, value, unit: '×', ratioTo: 'its p50 when idle', goal: '<= 2' })];
}

/** As a multiple of whichever of the two peers is faster, each round by itself. */
function fasterThan(sheet: Sheet, row: Row, goal?: string): readonly Figure[] {
  const peers = ['frp http', 'chisel'].filter((of) => sheet.values(of, row).length > 0);
  if (peers.length === 0) return [];
  const shares = sheet
    .values(ours, row)
    .map((value, round) => value / Math.max(...peers.map((of) => sheet.values(of, row)[round] ?? 0)))
    .filter(Number.isFinite);
  if (shares.length === 0) return [];
  const ratioTo = peers.length === 2 ? `the faster of ${peers.join(' and ')}` : (peers[0] ?? '');
  const figure = { bench, figure: `${row.figure}, share`, value: median(shares), unit: '×', ratioTo };
  return [judged(goal === undefined ? figure : { ...figure, goal })];
}

function besideFrpc(sheet: Sheet, row: Row, goal: string): readonly Figure[] {
  const [mine, theirs] = [sheet.value(ours, row), sheet.value('frp http', row)];
  if (mine === undefined || theirs === undefined) return [];
  const figure = `${row.figure}, share`;
  return [judged({ bench, figure, value: mine / theirs, unit: '×', ratioTo: 'frpc', goal })];
}
