// Whether home's clock is right, by what the edge says of the time with each turn. A small computer without a clock chip
// wakes in 1970 or when it was last shut down, and is set minutes later, if at all. Services and receipts judge
// deliveries by home's clock, so nothing is taken while it is wrong. An edge that lies about the time can only delay, as it
// can anyway.

import { limits } from '../../shared/limits.ts';
import type { TurnOutcome } from '../edge-api/edge-api.ts';
import type { Log } from '../log.ts';

export class ClockWatch {
  readonly #now: () => number;
  readonly #log: Log;
  /** The edge's clock has reached this, ms since the epoch. */
  #reached = 0;
  #isOff = false;

  /** `now`: home's clock, ms since the epoch. */
  constructor(now: () => number, log: Log) {
    this.#now = now;
    this.#log = log;
  }

  /** Home's clock differs from the edge's by more than `limits.homeClockOffMs`, as of the last turn. */
  get isOff(): boolean {
    return this.#isOff;
  }

  /**
   * A turn was answered that began at `startedAt` by home's clock, and may have taken long. Tells the owner when the
   * clock begins to be wrong, and when it is right again.
   */
  heard(startedAt: number, { edgeTime, deliveries }: TurnOutcome): void {
    const now = this.#now();
    this.#reached = Math.max(this.#reached, edgeTime ?? 0, ...deliveries.map(({ delivery }) => delivery.receivedAt));
    // An edge that does not say its time has at least reached that of the latest arrival.
    const behindMs = (edgeTime ?? this.#reached) - now;
    const aheadMs = edgeTime === null ? 0 : startedAt - edgeTime;
    const isOff = Math.max(behindMs, aheadMs) > limits.homeClockOffMs;
    if (isOff === this.#isOff) return;
    this.#isOff = isOff;
    if (!isOff) {
      this.#log.info("Home's clock is right again: deliveries are taken.");
      return;
    }
    const differs = behindMs > 0 ? `${spanOf(behindMs)} behind` : `${spanOf(aheadMs)} ahead of`;
    this.#log.error(
      `Cannot take deliveries: home's clock is ${differs} the edge's, at ${new Date(now).toISOString()}. Nothing is lost, they wait at the edge. Set the clock, or wait until the network (NTP) has set it; home goes on by itself.`,
    );
  }
}

function spanOf(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / (24 * 60))} days`;
}
