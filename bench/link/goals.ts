// The goals: what of ours must hold beside a peer in the same run.

import { type Figure, judged, median } from '../figure.ts';
import type { Row, Sheet } from '../sheet.ts';
import { rows } from './rows.ts';

const ours = 'porchlight';

/** Goals whose peer was missing are left out. */
export function goals(sheet: Sheet): readonly Figure[] {
  const fasterOf = ['frp http', 'chisel'].filter((of) => sheet.values(of, rows.download).length > 0);
  const figures: Figure[] = [];
  if (fasterOf.length > 0) {
    const shares = sheet
      .values(ours, rows.download)
      .map((value, round) => value / Math.max(...fasterOf.map((of) => sheet.values(of, rows.download)[round] ?? 0)));
    const ratioTo = fasterOf.length === 2 ? 'the faster of frp http and chisel' : (fasterOf[0] ?? '');
    const figure = 'download of 256 MiB, share';
    figures.push(judged({ bench: 'link', figure, value: median(shares), unit: '×', ratioTo, goal: '>= 1' }));
  }
  figures.push(...besideFrpc(sheet, rows.cpuPerGiBDown, '<= 1'), ...besideFrpc(sheet, rows.cpuPer10k, '<= 1.5'));
  return figures;
}

function besideFrpc(sheet: Sheet, row: Row, goal: string): readonly Figure[] {
  const [mine, theirs] = [sheet.value(ours, row), sheet.value('frp http', row)];
  if (mine === undefined || theirs === undefined) return [];
  const figure = `${row.figure}, share`;
  return [judged({ bench: 'link', figure, value: mine / theirs, unit: '×', ratioTo: 'frpc', goal })];
}
