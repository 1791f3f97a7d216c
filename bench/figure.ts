// A figure: one measured number with its unit and, where there is one, its goal. Printed as a table for people, or as
// one JSON line each for programs. What was measured of several side by side has a table of its own, a column for each.

/** What a benchmark found, and what a reader of it must know besides. */
export interface Findings {
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

export interface Figure {
  readonly bench: string;
  /** Whose it is, where several are measured side by side. */
  readonly of?: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is a share of, measured in the same run. */
  readonly ratioTo?: string;
  /** As text with its direction: ">= 0.7" or "<= 15". */
  readonly goal?: string;
  readonly meets?: boolean;
}

/** Adds `meets` where there is a goal. */
export function judged(figure: Omit<Figure, 'meets'>): Figure {
  const goal = /^(>=|<=) ([\d.]+)$/.exec(figure.goal ?? '');
  if (goal === null) return figure;
  const bound = Number(goal[2]);
  return { ...figure, meets: goal[1] === '>=' ? figure.value >= bound : figure.value <= bound };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  const lower = sorted[sorted.length % 2 === 0 ? middle - 1 : middle];
  if (upper === undefined || lower === undefined) throw new Error('No value to take the median of.');
  return (upper + lower) / 2;
}

/** Both tables, as far as there is something in them. */
export function tables(figures: readonly Figure[]): string {
  const alone = figures.filter((one) => one.of === undefined);
  const others = figures.filter((one) => one.of !== undefined);
  const both = [alone.length > 0 ? table(alone) : '', others.length > 0 ? sideBySide(others) : ''];
  return both.filter((one) => one !== '').join('\n\n');
}

/** A row for each figure, a column for each that it was measured of; a dash where it was not. */
function sideBySide(figures: readonly Figure[]): string {
  const columns = [...new Set(figures.map((one) => one.of ?? ''))];
  const rows = new Map<string, Map<string, Figure>>();
  for (const one of figures) {
    const name = `${one.figure}, ${one.unit}`;
    const row = rows.get(name) ?? new Map<string, Figure>();
    rows.set(name, row.set(one.of ?? '', one));
  }
  const cells = [...rows].map(([name, row]) => [
    name,
    ...columns.map((of) => {
      const one = row.get(of);
      return one === undefined ? '–' : readable(one.value);
    }),
  ]);
  return aligned([['side by side', ...columns], ...cells]);
}

function table(figures: readonly Figure[]): string {
  const rows = figures.map((one) => [
    one.bench,
    one.figure,
    `${readable(one.value)} ${one.unit}`,
    one.ratioTo ?? '',
    one.goal ?? '',
    one.meets === undefined ? '' : one.meets ? 'yes' : 'NO',
  ]);
  return aligned([['bench', 'figure', 'value', 'as a share of', 'goal', 'met'], ...rows]);
}

function aligned(all: readonly (readonly string[])[]): string {
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function readable(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}
