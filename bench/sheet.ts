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
  readonly #columns: readonly string[];
  readonly #rows = new Map<string, Map<string, Cell>>();

  /** `columns`: who is measured, in the order of the table. */
  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

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
    const cell = this.#rows.get(row.figure)?.get(of);
    if (cell === undefined) return undefined;
    if (cell.per > 0) return cell.amount / cell.per;
    return cell.values.length > 0 ? median(cell.values) : undefined;
  }

  /** What was added in each round, in their order. */
  values(of: string, row: Row): readonly number[] {
    return this.#rows.get(row.figure)?.get(of)?.values ?? [];
  }

  /** Of each row in turn; what was not measured is left out. */
  figures(bench: string, order: readonly Row[]): readonly Figure[] {
    return order.flatMap((row) =>
      this.#columns.flatMap((of) => {
        const value = this.value(of, row);
        return value === undefined ? [] : [{ bench, of, ...row, value }];
      }),
    );
  }

  #cell(of: string, row: Row): Cell {
    const cells = this.#rows.get(row.figure) ?? new Map<string, Cell>();
    this.#rows.set(row.figure, cells);
    const cell = cells.get(of) ?? { values: [], amount: 0, per: 0 };
    cells.set(of, cell);
    return cell;
  }
}
