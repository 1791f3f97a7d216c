// How much of bodies home has on the way while somebody waits for a small answer. All answers go out on one socket, one
// after another, and a small one waits for whatever lies in the buffers before it: megabytes, which are seconds at a
// home's uplink. So beside bulk, home has no more on the way than keeps the line busy.
//
// What has arrived is told by marks: a MARK goes in a message with bodies, and the edge answers it when it comes to that
// message. From the times of the answers come the two figures that say how much a line holds: how fast it is, and how
// long it takes when nothing waits in it (so does TCP BBR, draft-ietf-ccwg-bbr).

import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';

/** A mark follows so many bytes of bodies. */
const markBytes = limits.paceBytes / 2;
/** So much more is on the way than the line holds: a line that stutters must not run dry. */
const gain = 2;
/** What is forgotten of the best speed with each answer, and after how long the shortest time: lines change. */
const speedForgotten = 0.02;
const tripForgottenMs = 10_000;

interface Mark {
  readonly at: number;
  readonly sentBytes: number;
  readonly arrivedBytes: number;
  readonly arrivedAt: number;
}

export class LinePace {
  readonly #clock: Clock;
  /** Marks on the way by their numbers, the oldest first. */
  readonly #marks = new Map<number, Mark>();
  #number = 0;
  #markedBytes = 0;
  #hurriedUntil = Number.NEGATIVE_INFINITY;
  #sentBytes = 0;
  #arrivedBytes = 0;
  #arrivedAt = 0;
  #bytesPerMs = 0;
  /** The shortest time there and back, of marks that were sent since `since`; null: not known. */
  #tripMs: number | null = null;
  #since = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Somebody waits for a small answer beside bulk, and others may soon. */
  hurry(): void {
    const now = this.#clock.now();
    // What went out before without a mark is not waited for: nobody would say when it has arrived.
    if (!this.isHurried) {
      this.#arrivedBytes = this.#sentBytes;
      this.#markedBytes = this.#sentBytes;
    }
    this.#hurriedUntil = now + limits.paceMs;
  }

  get isHurried(): boolean {
    return this.#clock.now() < this.#hurriedUntil;
  }

  /** No more of bodies may go out before some has arrived. */
  get isFull(): boolean {
    return this.isHurried && this.#sentBytes - this.#arrivedBytes >= this.windowBytes;
  }

  /** So many bytes may be on the way in a hurry. */
  get windowBytes(): number {
    return Math.max(limits.paceBytes, gain * this.#bytesPerMs * (this.#tripMs ?? 0));
  }

  /** Bytes of bodies are in the message at hand. */
  sent(bytes: number): void {
    this.#sentBytes += bytes;
  }

  /** Number of the mark that the message at hand is to end with; null: none. */
  mark(): number | null {
    if (!this.isHurried || this.#sentBytes - this.#markedBytes < markBytes) return null;
    this.#markedBytes = this.#sentBytes;
    this.#number = (this.#number + 1) % 2 ** 32;
    const [arrivedBytes, arrivedAt, sentBytes] = [this.#arrivedBytes, this.#arrivedAt, this.#sentBytes];
    this.#marks.set(this.#number, { at: this.#clock.now(), sentBytes, arrivedBytes, arrivedAt });
    return this.#number;
  }

  /** The edge has come to this mark. */
  arrived(number: number): void {
    const mark = this.#marks.get(number);
    if (mark === undefined) return;
    // Those before it have arrived too.
    for (const earlier of this.#marks.keys()) {
      this.#marks.delete(earlier);
      if (earlier === number) break;
    }
    const now = this.#clock.now();
    const tripMs = now - mark.at;
    if (mark.at >= this.#since) this.#tripMs = Math.min(tripMs, this.#tripMs ?? tripMs);
    if (now - this.#since > tripForgottenMs) {
      // What is on the way now takes longer than the line does. Until it has arrived only the least follows, which is
      // measured then.
      this.#tripMs = null;
      this.#since = now;
    }
    const ms = now - mark.arrivedAt;
    const bytesPerMs = ms > 0 ? (mark.sentBytes - mark.arrivedBytes) / ms : 0;
    this.#bytesPerMs = Math.max(bytesPerMs, this.#bytesPerMs * (1 - speedForgotten));
    this.#arrivedBytes = Math.max(this.#arrivedBytes, mark.sentBytes);
    this.#arrivedAt = now;
  }
}
