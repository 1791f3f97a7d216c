// What the data folder remembers of the claim (claim.ts). Apart from it, because many commands read this and few claim.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { causeOf, PorchlightError } from '../shared/errors.ts';

/** What the edge said when home claimed. */
export interface Claimed {
  readonly homeId: string;
  readonly edge: string;
  /** Every host that this home answers for. */
  readonly hosts: readonly string[];
  /** Hash of the code that was used, so that the same one is not tried again at every start. */
  readonly codeHash: string;
}

export const claimFileName = 'home.json';

/** null: this data folder has never claimed at this edge. */
export function readClaim(folder: string, edge: string): Claimed | null {
  const path = join(folder, claimFileName);
  let claimed: Claimed;
  try {
    claimed = JSON.parse(readFileSync(path, 'utf8')) as Claimed;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new PorchlightError(
      'claim-file',
      `Cannot read ${path}: ${causeOf(thrown)}; restore it from a backup, or remove it and claim with a new code.`,
    );
  }
  return claimed.edge === edge ? claimed : null;
}
