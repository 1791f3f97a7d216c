// Values of several that are measured side by side, gathered over rounds and taken together at the end: the median of
// the rounds, or, for what is too little to be measured in one round, the sum of all rounds.

import { type Figure, median } from './figure.ts';

export interface Row {
  readonly figure: string;
  readonly unit: string;
}

interface Cell {
  readonly values: number[];
  amount: number;
  per: number;
}

export class Sheet {
  readonly #rows = new Map<string, { readonly row: Row; readonly cells: Map<string, Cell> }>();

  /** The value of one round. */
  add(of: string, row: Row, value: number): void {
    this.#cell(of, row).values.push(value);
  }

  /** So much for so much in one round; the figure is all of the one by all of the other. */
  addRate(of: string, row: Row, amount: number, per: number): void {
    const cell = this.#cell(of, row);
    cell.amount += amount;
    cell.per += per;
  }

  /** Undefined where nothing was measured. */
  value(of: string, row: Row): number | undefined {
    const cell = this.#rows.get(row.figure)?.cells.get(of);
    if (cell === undefined) return undefined;
    return cell.per > 0 ? cell.amount / cell.per : median(cell.values);
  }

  /** What was added in each round, in their order. */
  values(of: string, row: Row): readonly number[] {
    return this.#rows.get(row.figure)?.cells.get(of)?.values ?? [];
  }

  /** In the order in which the rows were first written. */
  figures(bench: string): readonly Figure[] {
    return [...this.#rows.values()].flatMap(({ row, cells }) =>
      [...cells.keys()].map((of) => ({ bench, of, ...row, value: this.value(of, row) ?? 0 })),
    );
  }

  #cell(of: string, row: Row): Cell {
    const written = this.#rows.get(row.figure) ?? { row, cells: new Map<string, Cell>() };
    this.#rows.set(row.figure, written);
    const cell = written.cells.get(of) ?? { values: [], amount: 0, per: 0 };
    written.cells.set(of, cell);
    return cell;
  }
}
