// Is home's key there, whole, and its owner's alone? Without it this home cannot prove which one it is.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { causeOf } from '../../../shared/errors.ts';
import { keyFileName, openHomeKey } from '../../key.ts';
import { type Check, fault, type Result, warning, well } from '../check.ts';

export const keyCheck: Check = {
  name: 'key',
  about: "home's key",
  needs: 'config',
  run: async (exam) => [await keyResult(exam.folder, exam.claimed !== null)],
};

async function keyResult(folder: string, isClaimed: boolean): Promise<Result> {
  const path = join(folder, keyFileName);
  // Opening makes one where there is none, and doctor changes nothing.
  if (!existsSync(path)) {
    return isClaimed
      ? fault(
          path,
          'it is gone, and the edge knows this home by it',
          'Restore it from a backup, or claim with a new code.',
        )
      : warning(path, 'there is none yet', 'It is made by: porchlight claim CODE');
  }
  try {
    await openHomeKey(folder);
    return well(path, 'it is there, and nobody else may read it');
  } catch (thrown) {
    return fault(
      path,
      causeOf(thrown),
      `Do as the message says; only the user who runs the home node may read ${path}.`,
    );
  }
}
