// Who has left, by timers and signals that the test moves.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Visited, VisitorWatch } from '../../../edge/link/visitor-watch.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface FakeStream {
  readonly owner: Visited;
  readonly leave: () => void;
}

class Rig {
  readonly open = new Set<FakeStream>();
  readonly left: FakeStream[] = [];
  readonly watch = new VisitorWatch<FakeStream>(
    () => this.open,
    (stream) => this.left.push(stream),
  );

  stream(): FakeStream {
    const visitor = new AbortController();
    const stream = { owner: { visitor }, leave: () => visitor.abort() };
    this.open.add(stream);
    this.watch.start();
    return stream;
  }
}

describe('the watch over visitors', () => {
  test('tells of one that leaves after the look at once, and of no other', () => {
    const rig = new Rig();
    const [, second] = [rig.stream(), rig.stream()];
    vi.runAllTimers();
    expect(rig.left).toEqual([]);
    second.leave();
    expect(rig.left).toEqual([second]);
  });

  test('tells of one that left before the look within a quarter of a second', () => {
    const rig = new Rig();
    const stream = rig.stream();
    stream.leave();
    expect(rig.left).toEqual([]);
    vi.advanceTimersByTime(250);
    expect(rig.left).toEqual([stream]);
  });

  test('does not listen to a request that is over before anybody could leave', () => {
    const rig = new Rig();
    const stream = rig.stream();
    rig.open.delete(stream);
    vi.runAllTimers();
    expect(stream.owner.visitor).not.toBeNull();
    stream.leave();
    expect(rig.left).toEqual([]);
  });

  test('has one timer however many come, and none once it has looked: an idle object goes from memory', () => {
    const rig = new Rig();
    for (let n = 0; n < 100; n++) rig.stream();
    expect(vi.getTimerCount()).toBe(1);
    vi.runAllTimers();
    expect(vi.getTimerCount()).toBe(0);
    for (const stream of rig.open) stream.leave();
    expect([rig.left.length, vi.getTimerCount()]).toEqual([100, 0]);
  });
});
