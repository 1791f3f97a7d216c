// When home's clock counts as wrong, by itself: what the edge says of the time, and how long a turn may take.

import { describe, expect, test } from 'vitest';
import type { TurnOutcome } from '../../../home-node/edge-api/edge-api.ts';
import { ClockWatch } from '../../../home-node/intake/clock-watch.ts';
import { createLog } from '../../../home-node/log.ts';
import type { Delivery } from '../../../shared/delivery.ts';
import { limits } from '../../../shared/limits.ts';

const right = Date.UTC(2026, 10, 23, 6);
const off = limits.homeClockOffMs;
const minute = 60_000;

function outcome(edgeTime: number | null, arrivals: readonly number[] = []): TurnOutcome {
  const reply = { lease: null, leaseMs: 60_000, refused: [], more: false, nextDueAt: null };
  const deliveries = arrivals.map((receivedAt) => ({ delivery: { receivedAt } as Delivery, body: null }));
  return { reply, deliveries, edgeTime };
}

class Rig {
  now = right;
  readonly said: string[] = [];
  readonly watch = new ClockWatch(
    () => this.now,
    createLog('info', { now: () => right }, (line) => this.said.push(line)),
  );

  heard(edgeTime: number | null, arrivals: readonly number[] = [], startedAt = this.now): boolean {
    this.watch.heard(startedAt, outcome(edgeTime, arrivals));
    return this.watch.isOff;
  }
}

describe('home’s clock', () => {
  test.each([-off, -1, 0, 1, off])('may differ from the edge’s by %i ms', (difference) => {
    const rig = new Rig();
    rig.now = right + difference;
    expect(rig.heard(right)).toBe(false);
    expect(rig.said).toEqual([]);
  });

  test.each([
    ['5 minutes behind', -off - 1],
    ['5 minutes ahead of', off + 1],
    ['20 days ahead of', 20 * 24 * 60 * minute],
    ['10950 days behind', -30 * 365 * 24 * 60 * minute],
  ])('is wrong when it is %s the edge’s, which is said once, and once when it is over', (words, difference) => {
    const rig = new Rig();
    rig.now = right + difference;
    for (let turn = 0; turn < 3; turn += 1) expect(rig.heard(right)).toBe(true);
    rig.now = right;
    for (let turn = 0; turn < 3; turn += 1) expect(rig.heard(right)).toBe(false);
    expect(rig.said).toHaveLength(2);
    expect(rig.said[0]).toContain(`${words} the edge's`);
    expect(rig.said[0]).toContain('Nothing is lost');
    expect(rig.said[1]).toContain('right again');
  });

  test('is not wrong because a turn took long, nor because it was set right meanwhile', () => {
    const rig = new Rig();
    rig.now = right + 60 * minute;
    expect(rig.heard(right, [], right)).toBe(false);
    expect(rig.heard(right + 60 * minute, [], right)).toBe(false);
    expect(rig.heard(right + 60 * minute, [], 0)).toBe(false);
  });

  test('is behind when something arrived in its future, also for an edge that does not say its time', () => {
    const rig = new Rig();
    expect(rig.heard(null)).toBe(false);
    expect(rig.heard(null, [right - minute, right + off, right - minute])).toBe(false);
    expect(rig.heard(null, [right + off + 1])).toBe(true);
    expect(rig.heard(null)).toBe(true);
    rig.now += 1;
    expect(rig.heard(null)).toBe(false);
    expect(rig.heard(null, [right - 40 * 24 * 60 * minute])).toBe(false);
  });
});
