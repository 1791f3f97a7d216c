// When a sleeping home wakes by itself, whatever happens to clocks meanwhile.

import { beforeEach, expect, test } from 'vitest';
import { WakeTimer } from '../../home-node/wake-timer.ts';

const hour = 3_600_000;
let now: number;
let due: number;
let waits: { ms: number; run: () => void }[];
let timer: WakeTimer;

beforeEach(() => {
  now = 1_800_000_000_000;
  due = 0;
  waits = [];
  const after = (ms: number, run: () => void): (() => void) => {
    const wait = { ms, run };
    waits.push(wait);
    return () => {
      waits = waits.filter((one) => one !== wait);
    };
  };
  timer = new WakeTimer({ clock: { now: () => now }, timers: { after }, onDue: () => due++ });
});

/** The timers run for `ms`; the clock on the wall with them, and by `jumpMs` besides. */
function pass(ms: number, jumpMs = 0): void {
  now += jumpMs;
  for (let left = ms; waits[0] !== undefined && waits[0].ms <= left; ) {
    const [wait] = waits.splice(0, 1);
    left -= wait?.ms ?? 0;
    now += wait?.ms ?? 0;
    wait?.run();
  }
}

test('is due at its time, once', () => {
  timer.set(now + 8 * hour);
  pass(8 * hour - 1);
  expect(due).toBe(0);
  pass(hour);
  expect(due).toBe(1);
  expect(waits).toEqual([]);
});

test.each(['a suspended machine', 'a clock that was wrong and is put right'])('is due soon after %s', () => {
  timer.set(now + 8 * hour);
  pass(60_000, 8 * hour);
  expect(due).toBe(1);
});

test('is not due early when the clock is put back', () => {
  timer.set(now + hour);
  pass(hour + 60_000, -hour);
  expect(due).toBe(0);
  pass(2 * hour);
  expect(due).toBe(1);
});

test('set anew or to never, what was set before is forgotten', () => {
  timer.set(now + hour);
  timer.set(now + 3 * hour);
  pass(2 * hour);
  expect([due, timer.at]).toEqual([0, now + hour]);
  timer.set(null);
  pass(9 * hour);
  expect([due, waits, timer.at]).toEqual([0, [], null]);
});

test('a time that is over, and one that no Date holds, do no harm', () => {
  timer.set(Number.MAX_SAFE_INTEGER);
  pass(24 * hour);
  expect(due).toBe(0);
  timer.set(now - hour);
  pass(0);
  expect(due).toBe(1);
});
