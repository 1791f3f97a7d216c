// How long the edge waits for home's head, by a clock and timers that the test moves.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Carried } from '../../../edge/link/carried.ts';
import { HeadWatch } from '../../../edge/link/head-watch.ts';
import { limits } from '../../../shared/limits.ts';
import { HandClock } from '../home/directory-database.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

class Rig {
  readonly clock = new HandClock();
  readonly due: Carried[] = [];
  readonly watch = new HeadWatch(this.clock, limits.carryHeadMs, (carried) => this.due.push(carried));

  request(): Carried {
    const carried = new Carried(false, { taken: () => undefined, done: () => undefined });
    this.watch.add(carried);
    return carried;
  }

  pass(ms: number): void {
    this.clock.advance(ms);
    vi.advanceTimersByTime(ms);
  }
}

describe('the watch over heads', () => {
  test('gives each request the same time, and up the one whose time is over', () => {
    const rig = new Rig();
    const first = rig.request();
    rig.pass(1000);
    const second = rig.request();
    rig.pass(limits.carryHeadMs - 1001);
    expect(rig.due).toEqual([]);
    rig.pass(1);
    expect(rig.due).toEqual([first]);
    rig.pass(1000);
    expect(rig.due).toEqual([first, second]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('begins anew for a request whose body is still on its way', () => {
    const rig = new Rig();
    const upload = rig.request();
    for (let n = 0; n < 10; n++) {
      rig.pass(limits.carryHeadMs - 1);
      rig.watch.moved(upload);
    }
    expect(rig.due).toEqual([]);
    rig.pass(limits.carryHeadMs);
    expect(rig.due).toEqual([upload]);
  });

  test('gives up the oldest where no stream is free, one at a time, and none that has not waited long', () => {
    const rig = new Rig();
    const [oldest, second] = [rig.request(), rig.request()];
    rig.pass(limits.carryHeadCrowdedMs - 1);
    const third = rig.request();
    rig.watch.makeRoom(limits.carryHeadCrowdedMs);
    expect(rig.due).toEqual([]);
    rig.pass(1);
    rig.watch.makeRoom(limits.carryHeadCrowdedMs);
    expect(rig.due).toEqual([oldest]);
    rig.watch.moved(second);
    rig.watch.makeRoom(limits.carryHeadCrowdedMs);
    expect(rig.due).toEqual([oldest]);
    rig.watch.remove(second);
    rig.watch.remove(third);
    rig.watch.makeRoom(0);
    expect([rig.due, vi.getTimerCount()]).toEqual([[oldest], 0]);
  });

  test('does not begin anew for one that has its head, and keeps no timer when nobody waits', () => {
    const rig = new Rig();
    const upload = rig.request();
    rig.watch.remove(upload);
    rig.watch.moved(upload);
    expect(vi.getTimerCount()).toBe(0);
    rig.request();
    expect(vi.getTimerCount()).toBe(1);
    rig.watch.clear();
    expect(vi.getTimerCount()).toBe(0);
  });
});
