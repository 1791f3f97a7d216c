// A Link object that is reset (a deployment, a crash, a move) fails the calls that are under way: the Worker asks
// a question again that may be asked twice, of the object as it is made anew. What may not be is answered honestly.

import { limits } from '../../shared/limits.ts';

/** Waits between the calls, ms: an object is made anew within a moment, or the platform is in trouble. */
const waitsMs = [20, 80, 250, 600, 1_200, 2_400] as const;

/**
 * The response of the first call that has one; null when there was none within limits.carryHoldMs. `call` makes one, with a
 * stub of its own: after an exception the one before may be of no use any more. `thrown`: how the last call ended.
 */
export async function askAnew(call: () => Promise<Response>, thrown: unknown): Promise<Response | null> {
  let last = thrown;
  let left: number = limits.carryHoldMs;
  for (const ms of waitsMs) {
    // More calls would make that worse.
    if (isOverloaded(last) || ms > left) return null;
    left -= ms;
    await new Promise((resolve) => setTimeout(resolve, ms));
    try {
      return await call();
    } catch (again) {
      last = again;
    }
  }
  return null;
}

/** https://developers.cloudflare.com/durable-objects/best-practices/error-handling/ */
function isOverloaded(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown as { overloaded?: unknown }).overloaded === true;
}
