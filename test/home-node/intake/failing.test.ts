// A service that is up and puts everybody off, as one does whose database is still starting.

import { afterEach, expect, test, vi } from 'vitest';
import { FailingServices } from '../../../home-node/intake/failing.ts';
import { until } from '../../support/processes.ts';
import { allOf } from './all-of.ts';
import { House } from './house.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('is left alone after some senders, longer each time, and tried as ever once it takes something', () => {
  vi.useFakeTimers();
  let over = 0;
  const failing = new FailingServices(() => {
    over += 1;
  });
  const putOff = (n: number): number => failing.answered({ service: 's', sender: `a${n}` }, 'later');
  const pauses: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    let pauseMs = 0;
    for (let n = 0; pauseMs === 0; n += 1) pauseMs = putOff(n);
    expect([failing.has('s'), failing.has('other')]).toEqual([true, false]);
    // Those that were before it at that moment change nothing.
    expect(putOff(99)).toBe(0);
    vi.advanceTimersByTime(pauseMs - 1);
    expect(failing.has('s')).toBe(true);
    vi.advanceTimersByTime(1);
    expect([failing.has('s'), over]).toEqual([false, round + 1]);
    pauses.push(pauseMs);
  }
  expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 40_000]);
  expect(failing.answered({ service: 's', sender: 'a0' }, 'delivered')).toBe(0);
  for (let n = 0; n < 7; n += 1) expect(putOff(n)).toBe(0);
  expect(putOff(7)).toBe(5_000);
  // One that was before it when the pause began was taken: it is over.
  failing.answered({ service: 's', sender: 'b' }, 'delivered');
  expect(failing.has('s')).toBe(false);
});

test('sets no timer once home has ended: what is answered then holds back no process', () => {
  vi.useFakeTimers();
  const failing = new FailingServices(() => undefined);
  failing.close();
  for (let n = 0; n < 20; n += 1) failing.answered({ service: 's', sender: `a${n}` }, 'later');
  expect(vi.getTimerCount()).toBe(0);
});

test('is not left alone for one sender, however often it is put off, nor for what is given back', () => {
  const failing = new FailingServices(() => undefined);
  for (let n = 0; n < 100; n += 1) {
    expect(failing.answered({ service: 's', sender: 'a' }, 'later')).toBe(0);
    expect(failing.answered({ service: 's', sender: `b${n}` }, 'released')).toBe(0);
  }
});

test('costs few deliveries an attempt, and gets all of them in order when it is well', {
  timeout: 60_000,
}, async () => {
  const house = await House.start();
  house.edge.deferMs = 1_000;
  for (let n = 0; n < 300; n += 1) house.edge.put(`${n}`, { sender: `https://peer-${n % 100}.example/a` });
  let isWell = false;
  let tried = 0;
  house.service.behave = (_, response) => {
    tried += 1;
    response.writeHead(isWell ? 202 : 503).end();
  };
  house.connect();
  await until('a pause', () => (house.said.some((line) => line.includes('left alone')) ? true : null));
  await until('all given back', () => (house.edge.rows.every(({ lease }) => lease === null) ? true : null));
  // Without it each of the hundred senders is tried, and again after every wait.
  expect(tried).toBeLessThanOrEqual(8 + 16);
  expect(house.intake.isCurrent('home')).toBe(false);
  isWell = true;
  await allOf(house, 'kept');
  for (let sender = 0; sender < 100; sender += 1) {
    const own = house.edge.answers.filter(({ seq, outcome }) => outcome === 'delivered' && (seq - 1) % 100 === sender);
    expect(own.map(({ seq }) => seq)).toEqual([sender + 1, sender + 101, sender + 201]);
  }
  await house.end();
});
