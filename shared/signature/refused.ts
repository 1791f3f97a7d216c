// The one error of this folder: a signature, a digest or a key that cannot be accepted. A judge turns it into a
// refusal; nothing here knows about status codes.

import { PorchlightError } from '../errors.ts';

export const signatureRefused = 'signature-refused';

/** `found` says what was found and what to do, without a full stop. */
export function refused(found: string, cause?: unknown): PorchlightError {
  return new PorchlightError(signatureRefused, `Cannot accept the signature: ${found}.`, { cause });
}

export function isRefused(thrown: unknown): thrown is PorchlightError {
  return thrown instanceof PorchlightError && thrown.code === signatureRefused;
}
