// Warms the edge's copies of public pages before home sleeps: the edge asks for them through the link, as a visitor
// would, and keeps what anybody may read.

import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Log } from '../log.ts';

export interface WarmOptions {
  readonly log: Log;
  /** Most important first. */
  readonly pages: readonly string[];
  /** Of these at most so many, as the owner wishes. */
  readonly most: number;
  readonly warm: (paths: readonly string[], signal: AbortSignal) => Promise<void>;
  /** Ends it: bedtime is not put off for pages. */
  readonly signal: AbortSignal;
  /** Told before and after each call. */
  readonly onPages?: (done: number, of: number) => void;
}

/** Resolves to how many pages were asked for. Never throws: a page that is not warm is no reason to stay awake. */
export async function warmPages({ log, pages: named, most, warm, signal, onPages }: WarmOptions): Promise<number> {
  const pages = named.slice(0, most);
  let done = 0;
  onPages?.(done, pages.length);
  for (let at = 0; at < pages.length && !signal.aborted; at += limits.warmPaths) {
    const some = pages.slice(at, at + limits.warmPaths);
    try {
      await warm(some, signal);
      done += some.length;
      onPages?.(done, pages.length);
    } catch (thrown) {
      log.warn(`Cannot warm pages at the edge: ${causeOf(thrown)}; ${pages.length - done} stay as they are.`);
      return done;
    }
  }
  return done;
}
