// The rounds of a day, on timers that a test moves on: what a home leaves that is gone without a word at any moment of it.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DayRound, usualDay } from '../../../home-node/bedtime/day-round.ts';

const minute = 60_000;
const hour = 60 * minute;
let left: number;
let warmed: number[];
let linked: boolean;
let pages: number;
let round: DayRound;
let from: number;
const elapsed = (): number => Date.now() - from;

beforeEach(() => {
  vi.useFakeTimers();
  from = Date.now();
  left = 0;
  warmed = [];
  linked = true;
  pages = 20;
  round = new DayRound({
    leave: () => {
      left += 1;
      round.left();
    },
    warm: async () => {
      warmed.push(elapsed());
      return await Promise.resolve(pages);
    },
    isLinked: () => linked,
  });
  round.start();
});

afterEach(() => {
  round.stop();
  vi.useRealTimers();
});

test('a snapshot is left every few minutes, so that one gone without a word left what it was some minutes ago', async () => {
  for (let minutes = 0; minutes < 24 * 60; minutes += 3) {
    const before = left;
    await vi.advanceTimersByTimeAsync(usualDay.leaveEveryMs);
    expect(left).toBe(before + 1);
  }
});

test('pages are left once a day, and first soon after waking, however short the day is', async () => {
  await vi.advanceTimersByTimeAsync(usualDay.firstWarmMs - 1);
  expect(warmed).toEqual([]);
  await vi.advanceTimersByTimeAsync(3 * 24 * hour);
  const first = usualDay.firstWarmMs;
  expect(warmed).toEqual([first, first + 24 * hour, first + 48 * hour]);
});

test('without a link pages wait for the next one that is there, and no day is left out', async () => {
  linked = false;
  await vi.advanceTimersByTimeAsync(5 * hour);
  expect(warmed).toEqual([]);
  linked = true;
  await vi.advanceTimersByTimeAsync(usualDay.firstWarmMs);
  expect(warmed).toHaveLength(1);
});

test('a round on which there was nothing to leave, as while services start, is none: the next comes soon', async () => {
  pages = 0;
  await vi.advanceTimersByTimeAsync(2 * usualDay.firstWarmMs);
  expect(warmed).toHaveLength(2);
  pages = 20;
  await vi.advanceTimersByTimeAsync(usualDay.firstWarmMs);
  expect(warmed).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(usualDay.againWarmMs - 1);
  expect(warmed).toHaveLength(3);
});

test('deliveries without end cause one question a minute', async () => {
  for (let seconds = 0; seconds < 150; seconds += 1) {
    round.delivered();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(left).toBe(2);
});

test('at bedtime it is over', async () => {
  round.delivered();
  round.stop();
  await vi.advanceTimersByTimeAsync(48 * hour);
  expect([left, warmed]).toEqual([0, []]);
});
