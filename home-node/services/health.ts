// When a service is well: asked so by the home node while it runs, and by doctor.

import { causeOf } from '../../shared/errors.ts';
import { ask } from '../http-connections.ts';

export interface HealthQuestion {
  readonly method: 'GET' | 'HEAD';
  readonly path: string;
}

/**
 * What is asked of a service whose owner named this path, or none (null): then the head of its front page, which is the
 * least that every server has an answer to.
 */
export function healthQuestion(path: string | null): HealthQuestion {
  return path === null ? { method: 'HEAD', path: '/' } : { method: 'GET', path };
}

/**
 * null: it is well. With a path, anything but success is a fault, because that is what a health page is for; without
 * one, a service that answers at all is up (a front page may be missing, or only for people with an account), and only a
 * failure of its own (5xx) is a fault.
 */
export function faultOfStatus(status: number, path: string | null): string | null {
  return status < (path === null ? 500 : 400) ? null : `it answers ${status}`;
}

/** null: it is well. */
export async function faultOf(origin: string, path: string | null, answerMs: number): Promise<string | null> {
  try {
    const { method, path: target } = healthQuestion(path);
    const { statusCode, body } = await ask(new URL(target, origin), { method, signal: AbortSignal.timeout(answerMs) });
    await body.dump();
    return faultOfStatus(statusCode, path);
  } catch (thrown) {
    return causeOf(thrown);
  }
}
