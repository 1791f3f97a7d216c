// Ends streams whose visitor has stopped: one that does not take the bytes that wait for it, or does not send the body
// that it owes. A stream is not stalled while its service is silent, so live streams and long polls live on.
//
// Two limits, because each fails alone. The long one frees what a visitor left behind, and lets the object hibernate.
// Against visitors who stop on purpose it would have to be so short that it ends honest phones in tunnels; so the short
// one counts only when no stream is free, and for one stream at a time, the one that stalled longest: whoever holds all
// streams by standing still gives way to whoever asks.
//
// Nothing is timed as frames pass. Streams count their bytes, and are looked at now and then, and when a request finds
// none free; a stall is timed from the first look that saw it, so that it is noticed late, never early. One timer for
// all, which runs only while streams are open.

import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';

/** What is looked at of a stream. */
export interface Watched {
  /** The visitor is who must move: bytes wait for it, or it owes some of its body. */
  readonly isVisitorsTurn: boolean;
  /** Bytes that the visitor has taken and sent so far. */
  readonly movedBytes: number;
  /** Since when it was seen to stand still, ms since the epoch; null while it is not. Reset by whatever settles its debt. */
  stalledAt: number | null;
  /** `movedBytes` at that time. */
  stalledBytes: number;
}

export interface StallLimits {
  /** limits.streamStalledMs */
  readonly stalledMs: number;
  /** limits.streamStalledCrowdedMs */
  readonly crowdedMs: number;
}

export class StallWatch<S extends { readonly owner: Watched }> {
  readonly #clock: Clock;
  readonly #limits: StallLimits;
  readonly #open: () => Iterable<S>;
  readonly #onStalled: (stream: S) => void;
  #timer: number | null = null;

  /** `open`: the streams that are open now. `onStalled` ends one of them. */
  constructor(clock: Clock, stallLimits: StallLimits, open: () => Iterable<S>, onStalled: (stream: S) => void) {
    this.#clock = clock;
    this.#limits = stallLimits;
    this.#open = open;
    this.#onStalled = onStalled;
  }

  /** From now on a visitor may stall. */
  start(): void {
    this.#timer ??= setTimeout(() => this.#due(), this.#limits.crowdedMs / 2);
  }

  /** No stream is open. */
  stop(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** No stream is free: ends the one that stalled longest, if for long enough. */
  makeRoom(): void {
    const now = this.#clock.now();
    let longest: S | null = null;
    let longestMs = -1;
    for (const stream of this.#open()) {
      const forMs = stalledMs(stream.owner, now);
      if (forMs <= longestMs) continue;
      longest = stream;
      longestMs = forMs;
    }
    if (longest !== null && longestMs >= this.#limits.crowdedMs) this.#onStalled(longest);
  }

  #due(): void {
    this.#timer = null;
    const now = this.#clock.now();
    const streams = [...this.#open()];
    if (streams.length > 0) this.start();
    for (const stream of streams) if (stalledMs(stream.owner, now) >= this.#limits.stalledMs) this.#onStalled(stream);
  }
}

/** How long it has been seen to stand still; -1 if it does not. */
function stalledMs(watched: Watched, now: number): number {
  if (!watched.isVisitorsTurn) {
    watched.stalledAt = null;
    return -1;
  }
  if (watched.stalledAt === null || watched.movedBytes - watched.stalledBytes >= limits.streamStepBytes) {
    watched.stalledAt = now;
    watched.stalledBytes = watched.movedBytes;
  }
  return now - watched.stalledAt;
}
