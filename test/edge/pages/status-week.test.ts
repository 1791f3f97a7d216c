// Home's week as segments: they cover it exactly, whatever was written down.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LinkChange } from '../../../edge/link/history.ts';
import {
  byDay,
  dayMs,
  durations,
  inSteps,
  type Segment,
  segmentsOf,
  slotMs,
  weekStart,
} from '../../../edge/pages/status-week.ts';

const now = Date.UTC(2026, 10, 21, 22, 7);
const from = weekStart(now);

const change: fc.Arbitrary<LinkChange> = fc.record({
  at: fc.oneof(
    fc.integer({ min: from - 3 * dayMs, max: now + 3 * dayMs }),
    fc.double({ noDefaultInfinity: false }),
    fc.constantFrom(from, now, 0),
  ),
  link: fc.constantFrom('connected', 'asleep', 'lost'),
});

/** Covers exactly, without gap or overlap, and neighbours differ. */
function expectWhole(segments: readonly Segment[], start: number, end: number): void {
  expect(segments.length > 0).toBe(end > start);
  let at = start;
  for (const segment of segments) {
    expect(segment.from).toBe(at);
    expect(segment.to).toBeGreaterThan(at);
    at = segment.to;
  }
  if (segments.length > 0) expect(at).toBe(end);
  for (const [i, segment] of segments.entries()) expect(segment.state).not.toBe(segments[i + 1]?.state);
}

describe('the week', () => {
  test('is covered exactly, whatever the history: in any order, from any clock, as segments and in steps', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), fc.integer({ min: 0, max: 7 * dayMs }), (history, ms) => {
        for (const end of [now, from + ms]) {
          const segments = segmentsOf(history, from, end);
          expectWhole(segments, from, end);
          const steps = inSteps(segments, slotMs);
          expectWhole(steps, from, end);
          for (const step of steps.slice(1)) expect((step.from - from) % slotMs).toBe(0);
          const days = byDay(steps);
          for (const day of days) expectWholeDay(day.segments, day.start, Math.min(day.start + dayMs, end));
          expect(days.length).toBe(Math.ceil((end - from) / dayMs));
          expect([...durations(steps).values()].reduce((sum, one) => sum + one, 0)).toBe(end - from);
        }
      }),
    );
  });

  function expectWholeDay(segments: readonly Segment[], start: number, end: number): void {
    expectWhole(segments, start, end);
  }

  test('begins at a midnight of UTC, and is seven days with today', () => {
    expect(new Date(from).toISOString()).toBe('2026-11-15T00:00:00.000Z');
    const midnight = Date.UTC(2026, 10, 21);
    expect(weekStart(midnight)).toBe(from);
    expect(byDay(segmentsOf([], from, now)).length).toBe(7);
  });

  test('is unknown before the first change, and as the last one said from then on', () => {
    expect(segmentsOf([], from, now)).toEqual([{ from, to: now, state: 'unknown' }]);
    const at = from + dayMs;
    expect(segmentsOf([{ at, link: 'asleep' }], from, now)).toEqual([
      { from, to: at, state: 'unknown' },
      { from: at, to: now, state: 'asleep' },
    ]);
    const before: LinkChange[] = [{ at: from - dayMs, link: 'connected' }];
    expect(segmentsOf(before, from, now)).toEqual([{ from, to: now, state: 'awake' }]);
  });

  test('believes the later of two whose times contradict their order, and nothing of the future', () => {
    const [first, second] = [from + dayMs, from + 2 * dayMs];
    const history: LinkChange[] = [
      { at: first, link: 'connected' },
      { at: now + dayMs, link: 'lost' },
      { at: second, link: 'asleep' },
    ];
    expect(segmentsOf(history, from, now)).toEqual([
      { from, to: first, state: 'unknown' },
      { from: first, to: second, state: 'awake' },
      { from: second, to: now, state: 'asleep' },
    ]);
    const ahead: LinkChange[] = [
      { at: first, link: 'connected' },
      { at: now + 1, link: 'lost' },
    ];
    expect(segmentsOf(ahead, from, now).at(-1)).toEqual({ from: first, to: now, state: 'awake' });
  });

  test('of a link that flaps a hundred thousand times has no more marks than steps', () => {
    const flapping = Array.from({ length: 100_000 }, (_, i): LinkChange => {
      const at = from + ((now - from) * i) / 100_000;
      return { at, link: i % 2 === 0 ? 'connected' : 'lost' };
    });
    const steps = inSteps(segmentsOf(flapping, from, now), slotMs);
    expectWhole(steps, from, now);
    expect(steps.length).toBeLessThanOrEqual((7 * dayMs) / slotMs);
  });
});
