// A timer that is set by whoever needs it first. Timers run on the monotonic clock, so that a small computer whose
// time of day jumps after waking neither forgets nor repeats.

export class Reminder {
  readonly #remind: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(remind: () => void) {
    this.#remind = remind;
  }

  /** In `ms`, unless it is set already. */
  in(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#remind();
    }, ms);
  }

  /** In `ms`, whatever was set before. */
  replace(ms: number): void {
    this.cancel();
    this.in(ms);
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
