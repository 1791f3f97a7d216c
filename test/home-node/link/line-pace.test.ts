// How much is on the way while somebody waits: what a line holds, whatever line it is, and never so little that it stands
// still. Lines are simulated, with a clock that only they move.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LinePace } from '../../../home-node/link/line-pace.ts';
import { limits } from '../../../shared/limits.ts';

const KiB = 1024;

/** A line of so many bytes per ms and so many ms there and back, with home at its begin. */
class Line {
  now = 0;
  readonly pace = new LinePace({ now: () => this.now });
  readonly #marks: { readonly number: number; readonly dueAt: number }[] = [];
  /** When the line has sent all that was given to it. */
  #freeAt = 0;
  sentBytes = 0;
  /** Longest that a byte has waited before the line took it, ms. */
  longestWaitMs = 0;

  readonly bytesPerMs: number;
  readonly tripMs: number;

  constructor(bytesPerMs: number, tripMs: number) {
    this.bytesPerMs = bytesPerMs;
    this.tripMs = tripMs;
  }

  send(bytes: number): void {
    this.longestWaitMs = Math.max(this.longestWaitMs, this.#freeAt - this.now);
    this.#freeAt = Math.max(this.#freeAt, this.now) + bytes / this.bytesPerMs;
    this.sentBytes += bytes;
    this.pace.sent(bytes);
    const number = this.pace.mark();
    if (number !== null) this.#marks.push({ number, dueAt: this.#freeAt + this.tripMs });
  }

  /** Home sends whenever it may; false when it may not and nothing will ever arrive. */
  run(untilMs: number): boolean {
    while (this.now < untilMs) {
      if (!this.pace.isFull) {
        this.send(32 * KiB);
        // A byte takes its time to be given, too.
        this.now += 0.01;
      } else {
        const next = this.#marks.shift();
        if (next === undefined) return false;
        this.now = Math.max(this.now, next.dueAt);
        this.pace.arrived(next.number);
      }
      while (this.#marks[0] !== undefined && this.#marks[0].dueAt <= this.now) {
        this.pace.arrived(this.#marks.shift()?.number ?? 0);
      }
    }
    return true;
  }
}

/** A second of it after some time of finding out. */
function settled(bytesPerMs: number, tripMs: number): Line {
  const line = new Line(bytesPerMs, tripMs);
  for (let n = 0; n < 20; n++) {
    line.pace.hurry();
    line.run(line.now + 100 + 4 * tripMs);
  }
  line.longestWaitMs = 0;
  line.sentBytes = 0;
  line.pace.hurry();
  line.run(line.now + 900);
  return line;
}

describe('in a hurry', () => {
  test.each([
    ['a slow uplink nearby', 1_250, 10],
    ['a good uplink', 5_000, 30],
    ['a fast line far away', 50_000, 120],
    ['this very machine', 300_000, 0.1],
  ])('%s is kept busy, and nothing waits long before it', (_, bytesPerMs, tripMs) => {
    const line = settled(bytesPerMs, tripMs);
    expect(line.sentBytes / 900 / bytesPerMs).toBeGreaterThan(0.9);
    // What may wait: twice what the line holds with one message in it, or the least window; and one message more.
    const messageMs = (32 * KiB) / bytesPerMs;
    const mostMs = Math.max(2 * (tripMs + messageMs), limits.paceBytes / bytesPerMs) + messageMs;
    expect(line.longestWaitMs).toBeLessThan(mostMs + 1);
  });

  test('no line stands still for ever, and the window is never below its least', () => {
    const speed = fc.double({ min: 1, max: 1e6, noNaN: true });
    const trip = fc.double({ min: 0, max: 2_000, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(speed, trip), { minLength: 1, maxLength: 5 }), (lines) => {
        for (const [bytesPerMs, tripMs] of lines) {
          const line = new Line(bytesPerMs, tripMs);
          line.pace.hurry();
          expect(line.run(line.now + 5_000)).toBe(true);
          expect(line.pace.windowBytes).toBeGreaterThanOrEqual(limits.paceBytes);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('what went out before it is not waited for', () => {
    const line = new Line(1_000, 10);
    line.send(8 * 1024 * KiB);
    line.pace.hurry();
    expect(line.pace.isFull).toBe(false);
  });

  test('marks that nobody made change nothing', () => {
    const line = new Line(1_000, 10);
    line.pace.hurry();
    for (let n = 0; n < 3; n++) line.send(32 * KiB);
    expect(line.pace.isFull).toBe(true);
    for (const number of [0, 77, 2 ** 32 - 1]) line.pace.arrived(number);
    expect(line.pace.isFull).toBe(true);
    line.pace.arrived(3);
    expect(line.pace.isFull).toBe(false);
  });
});

describe('without a hurry', () => {
  test('nothing is marked and nothing waits', () => {
    const line = new Line(1, 1_000);
    for (let n = 0; n < 1_000; n++) line.pace.sent(256 * KiB);
    expect([line.pace.mark(), line.pace.isFull]).toEqual([null, false]);
  });

  test('as it is a second after the last small answer, whatever is still on the way', () => {
    const line = new Line(1, 1_000);
    line.pace.hurry();
    for (let n = 0; n < 4; n++) line.send(32 * KiB);
    expect(line.pace.isFull).toBe(true);
    line.now += limits.paceMs;
    expect(line.pace.isFull).toBe(false);
  });
});
