// A service that answers before it has worked, and keeps what it took in memory alone, would forget that when it is stopped,
// though the edge was told that it is delivered. Before such a one is stopped home looks at what it says of its work, until
// there is no more of it, or no more time.

import type { Clock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';
import type { Work } from '../adapters/adapter.ts';
import type { Log } from '../log.ts';
import type { Driver } from './driver.ts';

export interface SettlingOptions {
  /** What the running service says of its work. */
  readonly work: (base: URL, signal: AbortSignal) => Promise<Work>;
  readonly clock: Clock;
  readonly log: Log;
  /** Of all of it at most so long, ms. */
  readonly mostMs?: number;
  /** Nothing waits and nothing more was done for so long: then it is at rest, ms. */
  readonly quietMs?: number;
  readonly everyMs?: number;
}

/** What stopping such a service may take beyond its own end, ms: supply may end. */
export const settleMs = 15_000;

/** The same driver, whose `stop` waits for the service to be at rest. */
export function stoppedAtRest(driver: Driver, options: SettlingOptions): Driver {
  return {
    name: driver.name,
    driver: driver.driver,
    get isStarting() {
      return driver.isStarting ?? false;
    },
    origin: () => driver.origin(),
    start: (onChange) => driver.start(onChange),
    stop: async () => {
      const origin = driver.origin();
      if (origin !== null) await atRest(driver, new URL(origin), options);
      await driver.stop();
    },
  };
}

async function atRest(driver: Driver, base: URL, options: SettlingOptions): Promise<void> {
  const { name } = driver;
  const { work, clock, log, mostMs = settleMs, quietMs = 3_000, everyMs = 500 } = options;
  const signal = AbortSignal.timeout(mostMs);
  let done: number | null = null;
  let waiting = 0;
  let quietSince = clock.now();
  while (!signal.aborted) {
    try {
      const now = await work(base, signal);
      waiting = now.waiting;
      if (now.done !== done) quietSince = clock.now();
      done = now.done;
    } catch (thrown) {
      if (signal.aborted) break;
      log.debug(`${name} does not say whether it is at work: ${causeOf(thrown)}`);
      // One that never says it is not up, and has nothing in hand; one that said it may be too busy to answer.
      if (done === null || driver.origin() === null) return;
      quietSince = clock.now();
    }
    if (waiting === 0 && clock.now() - quietSince >= quietMs) return;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  log.warn(
    `${name} was still at work when home went to sleep, and may forget what it did not come to; the edge keeps that a few days: \`porchlight up --replay-since TIME\` delivers it again.`,
  );
}
