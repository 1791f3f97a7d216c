// The table of the matrix in docs/compatibility.md, between two markers: what the night made, as the test found it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Kind, kinds } from './activities.ts';

const file = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'compatibility.md');
const begin = '<!-- peer matrix: made by the test -->';
const end = '<!-- end of the peer matrix -->';

/**
 * `yes`: taken by the home's own verification, once and in its place. `late`: refused for its age, a dead letter. `no`: refused,
 * by the edge or as a dead letter. `NO`: anything else.
 */
export type Cell = 'yes' | 'late' | 'no' | 'NO';

export interface Line {
  readonly sender: string;
  readonly home: string;
  readonly cells: Readonly<Record<Kind | 'awake', Cell>>;
}

const columns = [...kinds, 'awake'] as const;

export function tableOf(lines: readonly Line[]): string {
  const rows = lines.map(({ home, sender, cells }) => [home, sender, ...columns.map((kind) => cells[kind])]);
  return [['home', 'sender', ...columns], ['---', '---', ...columns.map(() => '---')], ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

/** What stands there now, without its date. */
export function documentedTable(): string {
  const [, between = ''] = partsOf(readFileSync(file, 'utf8'));
  return between.replace(/^Run on .*\n/m, '').trim();
}

export function writeTable(table: string, day: string): void {
  const [before, , after] = partsOf(readFileSync(file, 'utf8'));
  writeFileSync(file, `${before}${begin}\nRun on ${day}.\n\n${table}\n${end}${after}`);
}

function partsOf(text: string): readonly [before: string, between: string, after: string] {
  const [before, rest] = text.split(begin);
  const [between, after] = rest?.split(end) ?? [];
  if (before === undefined || between === undefined || after === undefined) {
    throw new Error(`Cannot find the table of the peer matrix: ${file} has not both of its markers.`);
  }
  return [before, between, after];
}
