// An error loses its class on the way between a Worker and a Durable Object, so refusals travel as values.

import type { ErrorCode } from '../../shared/error-codes.ts';
import { PorchlightError } from '../../shared/errors.ts';

export type Told<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** In the object: what the work returns, or the PorchlightError that it throws, as a value. Other errors pass. */
export async function tell<T>(work: () => T | Promise<T>): Promise<Told<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    if (thrown instanceof PorchlightError) return { ok: false, code: thrown.code, message: thrown.message };
    throw thrown;
  }
}

/** In the Worker: the value, or the PorchlightError thrown again. */
export function heard<T>(told: Told<T>): T {
  if (told.ok) return told.value;
  throw new PorchlightError(told.code, told.message);
}
