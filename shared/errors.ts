// One error class for everything that Porchlight itself refuses or cannot do. `code` is stable and may be
// searched for; `message` is for owners and says what was tried, what was found and what to do. Strangers never
// see the message: edge/http/problem.ts decides what they are told.

export class PorchlightError extends Error {
  override readonly name = 'PorchlightError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
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
