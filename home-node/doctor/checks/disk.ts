// Is there room for what home writes: the ledger, the embedded home's posts, the logs of the machine?

import { causeOf } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { size } from '../../cli/words.ts';
import { type Check, fault, type Result, unchecked, warning, well } from '../check.ts';
import type { DiskFigures } from '../ports.ts';

export const diskCheck: Check = {
  name: 'disk',
  about: 'the disk',
  needs: 'nothing',
  run: async ({ folder }, { disk }) => {
    try {
      return diskResults(folder, await disk(folder));
    } catch (thrown) {
      return [unchecked(folder, `the system does not say how full its disk is: ${causeOf(thrown)}`)];
    }
  },
};

const makeRoom =
  'Make room on that disk (sudo journalctl --vacuum-size=100M, old packages and backups), or move the data folder to a larger one.';
const tooManyFiles = 'Too many files are on that disk: remove those that nothing needs (caches, old logs).';

export function diskResults(folder: string, { freeBytes, freeInodes }: DiskFigures): readonly Result[] {
  const results: Result[] = [];
  const bytes = `${size(freeBytes)} are free`;
  if (freeBytes < limits.diskFaultBytes) results.push(fault(folder, `only ${bytes}`, makeRoom));
  else if (freeBytes < limits.diskWarnBytes) results.push(warning(folder, `only ${bytes}`, makeRoom));
  if (freeInodes !== null) {
    const inodes = `only ${freeInodes} more files can be made`;
    if (freeInodes < limits.diskFaultInodes) results.push(fault(folder, inodes, tooManyFiles));
    else if (freeInodes < limits.diskWarnInodes) results.push(warning(folder, inodes, tooManyFiles));
  }
  return results.length > 0 ? results : [well(folder, bytes)];
}
