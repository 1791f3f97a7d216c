// Long work in slices: between two of them everybody else has a turn, the link first of all.

import { setImmediate as immediate } from 'node:timers/promises';

/** Resolves when whatever waits was done. */
export async function turn(): Promise<void> {
  await immediate();
}

/** Calls `work` for each, with a turn for others after every `atOnce`. */
export async function inTurns<Item>(items: Iterable<Item>, atOnce: number, work: (item: Item) => void): Promise<void> {
  let done = 0;
  for (const item of items) {
    work(item);
    done += 1;
    if (done % atOnce === 0) await turn();
  }
}
