// One error class for everything that Porchlight itself refuses or cannot do. `code` is stable and may be
// searched for; `message` is for owners and says what was tried, what was found and what to do. Strangers never
// see the message: edge/http/problem.ts decides what they are told.

import type { ErrorCode } from './error-codes.ts';

export class PorchlightError extends Error {
  override readonly name = 'PorchlightError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** What another program refused with. It may be of a later version, and its code not be in the table of this one. */
  static heard(code: string, message: string): PorchlightError {
    return new PorchlightError(code as ErrorCode, message);
  }
}

/** The text of anything thrown, for logs that an owner reads. */
export function causeOf(thrown: unknown): string {
  if (thrown instanceof Error) {
    const cause = thrown.cause === undefined ? '' : ` (${causeOf(thrown.cause)})`;
    return `${thrown.message}${cause}`;
  }
  return String(thrown);
}
