// What an owner is told when the edge does not let home in for a reason that dialling again does not mend.

import type { ErrorCode } from '../../shared/error-codes.ts';

const advice: Readonly<Record<string, string>> = {
  revoked:
    "The edge's operator has revoked this home's key. Nothing is lost: what waits stays at the edge. Ask the operator for a new claim code and claim with it; home makes a new key then.",
  'proof-refused':
    "The edge knows another key for this home than this one: it was claimed anew, or its key was changed elsewhere. If that was not you, tell the edge's operator at once. To come back, ask the operator for a new claim code and claim with it.",
  'unknown-home':
    "The edge does not know this home at this host (any more). Ask the edge's operator for a claim code for your host names and claim with it.",
} satisfies Readonly<Partial<Record<ErrorCode, string>>>;

/** null: it mends itself. */
export function adviceFor(code: string): string | null {
  return advice[code] ?? null;
}
