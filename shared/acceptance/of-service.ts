// Which acceptance holds for a service of which home left a profile.

import type { ServiceProfile } from '../snapshot.ts';
import type { Acceptance } from './acceptance.ts';
import { acceptances } from './profiles.ts';

/**
 * A home of an earlier version leaves kinds of signatures only: then whatever this edge verifies itself. Where a home's
 * settings name fewer kinds than its software can verify, the settings hold.
 */
export function acceptanceOf({ signatures, accepts = acceptances.both }: AcceptingService): Acceptance {
  return {
    ...accepts,
    cavage: signatures.includes('cavage') ? accepts.cavage : null,
    rfc9421: signatures.includes('rfc9421') ? accepts.rfc9421 : null,
  };
}

export type AcceptingService = Pick<ServiceProfile, 'signatures' | 'accepts'>;
