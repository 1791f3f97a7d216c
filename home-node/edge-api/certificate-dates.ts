// The one thing in reaching the edge that depends on home's clock: TLS compares it with the dates of the edge's
// certificate. A small computer without a clock chip wakes in 1970, and to its owner "certificate is not yet valid" says
// nothing about that.

import { type Clock, systemClock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';

export type DateTrouble = 'expired' | 'not yet valid';

/** null: the failure is not about a certificate's dates. Codes of OpenSSL, as Node passes them on. */
export function dateTroubleOf(thrown: unknown): DateTrouble | null {
  if (!(thrown instanceof Error)) return null;
  switch ((thrown as NodeJS.ErrnoException).code) {
    case 'CERT_HAS_EXPIRED':
      return 'expired';
    case 'CERT_NOT_YET_VALID':
      return 'not yet valid';
    default:
      return dateTroubleOf(thrown.cause);
  }
}

/**
 * The text of a failed connection to the edge, with what home's clock says where that may be the reason. The clock is the
 * machine's own by default, because that is the one which TLS reads.
 */
export function connectionCause(thrown: unknown, clock: Clock = systemClock): string {
  if (dateTroubleOf(thrown) === null) return causeOf(thrown);
  return `${causeOf(thrown)} by home's clock, which says ${clockSays(clock)}; set the clock if that is wrong`;
}

/** "2026-11-23T07:30:00Z". */
export function clockSays(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
}
