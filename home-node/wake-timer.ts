// When a sleeping home wakes by itself. By the clock on the wall, looked at again and again: a timer does not run while
// the machine is suspended, and a small computer's clock is put right only after it has found a network.

import type { Clock } from '../shared/clock.ts';
import type { Timers } from './link/timers.ts';

export interface WakeTimerOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onDue: () => void;
}

/** How late it may be after the clock jumped, ms. Looking costs less than the loop of a process that sleeps. */
const lookAgainMs = 30_000;

export class WakeTimer {
  readonly #options: WakeTimerOptions;
  #at: number | null = null;
  #cancel: (() => void) | null = null;

  constructor(options: WakeTimerOptions) {
    this.#options = options;
  }

  /** ms since the epoch; null: it is not set. */
  get at(): number | null {
    return this.#at;
  }

  /** Instead of whatever was set; null: never. */
  set(at: number | null): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#at = at;
    if (at === null) return;
    const { clock, timers, onDue } = this.#options;
    const ms = Math.min(Math.max(at - clock.now(), 0), lookAgainMs);
    this.#cancel = timers.after(ms, () => (clock.now() < at ? this.set(at) : onDue()));
  }
}
