// Nobody waits for home's head for ever. The wait begins anew with each piece of the request's body that home takes: a
// long upload is no silence. One timer for all who wait: it runs only while somebody does, so that it never keeps the
// object from hibernating, and every wait is as long as the others, so that the oldest is due first.
//
// Long polls need a long wait, and a service that hangs needs a short one, or it would hold all streams of the link that
// others live on. So the short one counts only when no stream is free, and for one request at a time, the oldest.

import type { Clock } from '../../shared/clock.ts';
import type { Carried } from './carried.ts';

export class HeadWatch {
  readonly #clock: Clock;
  readonly #headMs: number;
  readonly #onDue: (carried: Carried) => void;
  readonly #waiting = new Set<Carried>();
  #timer: number | null = null;

  constructor(clock: Clock, headMs: number, onDue: (carried: Carried) => void) {
    this.#clock = clock;
    this.#headMs = headMs;
    this.#onDue = onDue;
  }

  /** Requests that wait for home's head. */
  get size(): number {
    return this.#waiting.size;
  }

  add(carried: Carried): void {
    carried.dueAt = this.#clock.now() + this.#headMs;
    this.#waiting.add(carried);
    if (this.#timer === null) this.#arm();
  }

  /** A piece of its request went to home. */
  moved(carried: Carried): void {
    if (this.#waiting.delete(carried)) this.add(carried);
  }

  remove(carried: Carried): void {
    if (this.#waiting.delete(carried) && this.#waiting.size === 0) this.clear();
  }

  /** No stream is free: gives up the request that has waited longest, if for at least so long. */
  makeRoom(crowdedMs: number): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined || this.#clock.now() - (oldest.dueAt - this.#headMs) < crowdedMs) return;
    this.remove(oldest);
    this.#onDue(oldest);
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
