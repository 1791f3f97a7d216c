// When home leaves what strangers are answered with while it is awake. Who is gone without a word (a power cut, a crash) had
// no bedtime: then the edge has what was left on the last round, the snapshot of some minutes ago and the pages of a day.

import { Reminder } from '../intake/reminder.ts';

export interface DayTimes {
  /** The services are asked this often whether strangers must be told something else, ms. */
  readonly leaveEveryMs: number;
  /** After deliveries: who sent them is known then, and a flow of them costs one question a minute, ms. */
  readonly leaveAfterDeliveriesMs: number;
  /** Pages: so long after waking, and then after each time, ms. A short day leaves them too. */
  readonly firstWarmMs: number;
  readonly againWarmMs: number;
}

export const usualDay: DayTimes = {
  leaveEveryMs: 3 * 60_000,
  leaveAfterDeliveriesMs: 60_000,
  firstWarmMs: 15 * 60_000,
  againWarmMs: 24 * 3600_000,
};

export interface DayRoundOptions {
  /** Must call `left`. */
  readonly leave: () => void;
  /** Resolves to how many pages were left. */
  readonly warm: () => Promise<number>;
  /** Without a link there is nobody to leave pages with; soon there may be. */
  readonly isLinked: () => boolean;
  readonly times?: Partial<DayTimes>;
}

export class DayRound {
  readonly #times: DayTimes;
  readonly #leaveLater: Reminder;
  readonly #leaveSoon: Reminder;
  readonly #warmLater: Reminder;
  #isOver = false;

  constructor({ leave, warm, isLinked, times }: DayRoundOptions) {
    this.#times = { ...usualDay, ...times };
    this.#leaveLater = new Reminder(leave);
    this.#leaveSoon = new Reminder(leave);
    this.#warmLater = new Reminder(() => void this.#warm(isLinked() ? warm : null));
  }

  start(): void {
    this.#leaveLater.in(this.#times.leaveEveryMs);
    this.#warmLater.in(this.#times.firstWarmMs);
  }

  /** It is being left at this moment, for whatever reason. */
  left(): void {
    this.#leaveLater.replace(this.#times.leaveEveryMs);
  }

  delivered(): void {
    this.#leaveSoon.in(this.#times.leaveAfterDeliveriesMs);
  }

  async #warm(warm: DayRoundOptions['warm'] | null): Promise<void> {
    // Nothing to leave, as while the services still start, is no round of the day.
    const pages = warm === null ? 0 : await warm();
    if (!this.#isOver) this.#warmLater.in(pages === 0 ? this.#times.firstWarmMs : this.#times.againWarmMs);
  }

  stop(): void {
    this.#isOver = true;
    for (const reminder of [this.#leaveLater, this.#leaveSoon, this.#warmLater]) reminder.cancel();
  }
}
