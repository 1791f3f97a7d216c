// Nobody waits for home's head for ever. One timer for all who wait: it runs only while somebody does, so that it never
// keeps the object from hibernating, and every wait is as long as the others, so that the oldest is due first.

import type { Clock } from '../../shared/clock.ts';
import type { Carried } from './carried.ts';

export class HeadWatch {
  readonly #clock: Clock;
  readonly #onDue: (carried: Carried) => void;
  readonly #waiting = new Set<Carried>();
  #timer: number | null = null;

  constructor(clock: Clock, onDue: (carried: Carried) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  add(carried: Carried): void {
    this.#waiting.add(carried);
    if (this.#timer === null) this.#arm();
  }

  remove(carried: Carried): void {
    if (this.#waiting.delete(carried) && this.#waiting.size === 0) this.clear();
  }

  clear(): void {
    this.#waiting.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    this.#timer = setTimeout(() => this.#due(), Math.max(0, oldest.dueAt - this.#clock.now()));
  }

  #due(): void {
    this.#timer = null;
    const now = this.#clock.now();
    for (const carried of this.#waiting) {
      if (carried.dueAt > now) break;
      this.#waiting.delete(carried);
      this.#onDue(carried);
    }
    this.#arm();
  }
}
