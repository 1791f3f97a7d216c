// Notices that home's data folder fell back to an earlier state (a backup was restored, a new disk took an old one's
// place), so that what was delivered since can be asked for again.
//
// The folder counts the processes that ran on it; the edge gives every process that proves itself the next epoch. A
// process that never reached the edge counts without an epoch, so processes minus epoch never falls, unless the folder
// has forgotten processes. A folder that fell back within the life of one process is not noticed: the owner says so
// (--replay-since).

import type { Ledger } from './ledger.ts';

export type Numbers = Pick<Ledger, 'number' | 'raise'>;

const processes = 'processes';
/** The largest that processes minus epoch ever was; never below 0, because the first process gets the first epoch. */
const lead = 'processes-minus-epoch';

/** Counts this process: before it dials for the first time. Returns its number. */
export async function countProcess(numbers: Numbers): Promise<number> {
  return await numbers.raise(processes, (await numbers.number(processes)) + 1);
}

/** How many processes, known to the edge, this folder has forgotten. `epoch` is what the edge gave this process. */
export async function forgottenProcesses(numbers: Numbers, epoch: number): Promise<number> {
  const now = (await numbers.number(processes)) - epoch;
  return Math.max(0, (await numbers.number(lead)) - now);
}

/** To be called when what was forgotten has been asked for: from here on it is not missed any more. */
export async function acceptEpoch(numbers: Numbers, epoch: number): Promise<void> {
  const forgotten = await forgottenProcesses(numbers, epoch);
  const count = (await numbers.number(processes)) + forgotten;
  await numbers.raise(processes, count);
  await numbers.raise(lead, count - epoch);
}
