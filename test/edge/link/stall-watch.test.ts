// Who stands still and for how long, by a clock and timers that the test moves.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StallWatch, type Watched } from '../../../edge/link/stall-watch.ts';
import { limits } from '../../../shared/limits.ts';
import { HandClock } from '../home/directory-database.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const stalledMs = limits.streamStalledMs;
const crowdedMs = limits.streamStalledCrowdedMs;
/** A stall is seen by the next look at the latest. */
const lookMs = crowdedMs / 2;

class FakeStream {
  readonly owner: { -readonly [Key in keyof Watched]: Watched[Key] } = {
    isVisitorsTurn: true,
    movedBytes: 0,
    stalledAt: null,
    stalledBytes: 0,
  };
}

class Rig {
  readonly clock = new HandClock();
  readonly open = new Set<FakeStream>();
  readonly ended: FakeStream[] = [];
  readonly watch = new StallWatch<FakeStream>(
    this.clock,
    { stalledMs, crowdedMs },
    () => this.open,
    (stream) => {
      this.ended.push(stream);
      this.close(stream);
    },
  );

  stream(): FakeStream {
    const stream = new FakeStream();
    this.open.add(stream);
    this.watch.start();
    return stream;
  }

  close(stream: FakeStream): void {
    this.open.delete(stream);
    if (this.open.size === 0) this.watch.stop();
  }

  /** Time passes in small steps, so that every timer finds the clock where it should be. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 500) {
      this.clock.advance(Math.min(500, left));
      vi.advanceTimersByTime(Math.min(500, left));
    }
  }
}

describe('the watch over stalls', () => {
  test('ends a stream whose visitor stands still, not before its time and soon after', () => {
    const rig = new Rig();
    const stream = rig.stream();
    rig.pass(stalledMs - 500);
    expect(rig.ended).toEqual([]);
    rig.pass(500 + 2 * lookMs);
    expect(rig.ended).toEqual([stream]);
  });

  test('lets live whoever moves a step in time, however slowly', () => {
    const rig = new Rig();
    const stream = rig.stream();
    for (let n = 0; n < 10; n++) {
      rig.pass(stalledMs - 2 * lookMs);
      stream.owner.movedBytes += limits.streamStepBytes;
    }
    expect(rig.ended).toEqual([]);
  });

  test('takes a byte now and then for standing still', () => {
    const rig = new Rig();
    const stream = rig.stream();
    for (let ms = 0; ms < stalledMs + 2 * lookMs; ms += 1000) {
      rig.pass(1000);
      stream.owner.movedBytes += 1;
    }
    expect(rig.ended).toEqual([stream]);
  });

  test('lets live whoever is not the one to move, and times a later stall from its own beginning', () => {
    const rig = new Rig();
    const stream = rig.stream();
    stream.owner.isVisitorsTurn = false;
    rig.pass(10 * stalledMs);
    stream.owner.isVisitorsTurn = true;
    rig.pass(stalledMs - 500);
    expect(rig.ended).toEqual([]);
    rig.pass(500 + 2 * lookMs);
    expect(rig.ended).toEqual([stream]);
  });

  test('makes room by the one that stalled longest, one for each that asks, and by none that is young', () => {
    const rig = new Rig();
    const first = rig.stream();
    rig.watch.makeRoom();
    rig.pass(lookMs);
    const second = rig.stream();
    const moving = rig.stream();
    rig.watch.makeRoom();
    expect(rig.ended).toEqual([]);
    rig.pass(crowdedMs - lookMs - 500);
    rig.watch.makeRoom();
    expect(rig.ended).toEqual([]);
    rig.pass(500);
    moving.owner.movedBytes += limits.streamStepBytes;
    rig.watch.makeRoom();
    expect(rig.ended).toEqual([first]);
    rig.watch.makeRoom();
    expect(rig.ended).toEqual([first]);
    rig.pass(lookMs);
    rig.watch.makeRoom();
    expect(rig.ended).toEqual([first, second]);
    rig.watch.makeRoom();
    expect(rig.ended).toEqual([first, second]);
  });

  test('has one timer for all, and none when no stream is open', () => {
    const rig = new Rig();
    expect(vi.getTimerCount()).toBe(0);
    const streams = [rig.stream(), rig.stream(), rig.stream()];
    expect(vi.getTimerCount()).toBe(1);
    rig.pass(3 * lookMs);
    expect(vi.getTimerCount()).toBe(1);
    for (const stream of streams) rig.close(stream);
    expect(vi.getTimerCount()).toBe(0);
    rig.stream();
    rig.pass(stalledMs + 2 * lookMs);
    expect(rig.ended).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
