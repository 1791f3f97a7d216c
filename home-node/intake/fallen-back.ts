// Notices that home's data folder fell back to an earlier state (a backup was restored, a new disk took an old one's
// place), so that what was delivered since can be asked for again.
//
// The edge gives every process that proves itself the next epoch, and the folder remembers the last one that it saw. An
// epoch that is more than one ahead means processes that this folder knows nothing of. What is owed for that is
// remembered until it was asked for. A folder that fell back within the life of one process cannot be noticed so: a
// restored backup says it of itself (oweReplay), and otherwise the owner does (--replay-since).

import type { Ledger } from './ledger.ts';

export type Numbers = Pick<Ledger, 'number' | 'raise'>;

const seen = 'epoch';
/** Epochs at which a replay became due, and at which one was asked for. */
const due = 'replay-due';
const done = 'replay-done';

/** Is a replay due? To be asked as soon as the edge has given `epoch`; the same process may ask again. */
export async function fellBack(numbers: Numbers, epoch: number): Promise<boolean> {
  if (epoch - 1 > numbers.number(seen)) await numbers.raise(due, epoch);
  await numbers.raise(seen, epoch);
  return numbers.number(due) > numbers.number(done);
}

/** This folder is an earlier state: a replay is due as soon as the edge is reached. */
export async function oweReplay(numbers: Numbers): Promise<void> {
  await numbers.raise(due, numbers.number(seen) + 1);
}

/** To be called when all that is kept has been asked for: from here on it is not missed any more. */
export async function replayed(numbers: Numbers, epoch: number): Promise<void> {
  await numbers.raise(done, epoch);
}
