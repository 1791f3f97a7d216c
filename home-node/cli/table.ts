// Tables for terminals: columns as wide as what is in them, the last one as long as it likes. Beside each stands --json,
// for programs. Whatever others chose may stand in a cell: it is made plain here.

import { plainText } from '../plain-text.ts';
import type { Style, Terminal } from './terminal.ts';

export { plainText as printable } from '../plain-text.ts';

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

export type Row = readonly (Cell | string)[];

/** A line below a row, for what is longer than a column may be. A terminal gets it cut to its width, a pipe whole. */
export function printBelow(terminal: Terminal, text: string, style: Style): void {
  const plain = plainText(text);
  const wide = terminal.columns - indent.length - 1;
  const isLong = terminal.writesToPerson && widthOf(plain) > wide;
  terminal.say(`${indent}${terminal.style(style, isLong ? `${[...plain].slice(0, wide - 1).join('')}…` : plain)}`);
}

const indent = '  ';

/** `after` is called behind each row, with its number. */
export function printTable(
  terminal: Terminal,
  heads: readonly string[],
  rows: readonly Row[],
  after: (row: number) => void = () => undefined,
): void {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === 'string' ? { text: plainText(cell) } : { ...cell, text: plainText(cell.text) })),
  );
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...cells.map((row) => widthOf(row[column]?.text ?? ''))),
  );
  const print = (row: readonly Cell[]): void => {
    const parts = row.map(({ text, style }, column) => {
      const gap = column === row.length - 1 ? '' : ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(text)));
      return `${style === undefined ? text : terminal.style(style, text)}${gap}`;
    });
    terminal.say(parts.join('  ').trimEnd());
  };
  if (heads.some((head) => head !== '')) print(heads.map((text) => ({ text, style: 'dim' })));
  for (const [number, row] of cells.entries()) {
    print(row);
    after(number);
  }
}

function widthOf(text: string): number {
  return [...text].length;
}
