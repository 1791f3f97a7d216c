// Asks one service how it is.

import { causeOf } from '../../shared/errors.ts';
import { ask } from '../http-connections.ts';

/**
 * null: it is well. With a path, anything but success is a fault, because that is what a health page is for; without
 * one, a service that answers at all is up, and only a failure of its own (5xx) is a fault.
 */
export async function faultOf(origin: string, path: string | null, answerMs: number): Promise<string | null> {
  try {
    const { statusCode, body } = await ask(new URL(path ?? '/', origin), {
      method: path === null ? 'HEAD' : 'GET',
      signal: AbortSignal.timeout(answerMs),
    });
    await body.dump();
    return statusCode < (path === null ? 500 : 400) ? null : `it answers ${statusCode}`;
  } catch (thrown) {
    return causeOf(thrown);
  }
}
