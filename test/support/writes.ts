// Counts what happens to the files of a folder while a program works on it, so that a kill can be set on one of its
// writes: the first to a database, the last before it is ready, any in between.

import { watch } from 'node:fs';

export interface Writes {
  readonly count: number;
  /** Resolves at the n-th; never, if it does not come to that. */
  at(n: number): Promise<void>;
  end(): void;
}

export function countWrites(folder: string): Writes {
  let count = 0;
  const waiting = new Map<number, () => void>();
  const watcher = watch(folder, { recursive: true }, () => {
    count += 1;
    waiting.get(count)?.();
  });
  return {
    get count() {
      return count;
    },
    at: async (n) => await new Promise<void>((resolve) => (count >= n ? resolve() : waiting.set(n, resolve))),
    end: () => watcher.close(),
  };
}
