// An idle link costs nothing: whatever was carried and however it ended, no timer of ours is left, so the object goes
// from memory; the next request finds the link as it was.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { encodeCancel } from '../../../shared/link/codec.ts';
import { type HomeSocket, LinkRig } from './link-rig.ts';

const site = 'https://site.example';
const running = new Set<unknown>();
/** Timers of this length are the stall watch's, in the last test; how many of them fired. */
const lookMs = 7;
let looks = 0;
const { setTimeout: set, clearTimeout: clear } = globalThis;

// Every timer that is set while a test runs and has neither fired nor been cleared.
beforeEach(() => {
  running.clear();
  vi.stubGlobal('setTimeout', (work: (...of: unknown[]) => void, ms?: number, ...of: unknown[]) => {
    const timer: unknown = set(() => {
      running.delete(timer);
      if (ms === lookMs) looks += 1;
      work(...of);
    }, ms);
    running.add(timer);
    return timer;
  });
  vi.stubGlobal('clearTimeout', (timer: unknown) => {
    running.delete(timer);
    clear(timer as number);
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

async function open(): Promise<{ rig: LinkRig; home: HomeSocket }> {
  const rig = await LinkRig.open();
  const { socket } = await rig.openLink();
  return { rig, home: socket };
}

/** The object is out of memory, and the link serves from where it was. */
async function wakes(rig: LinkRig, home: HomeSocket): Promise<void> {
  await vi.waitUntil(() => running.size === 0, { timeout: 5000, interval: 10 });
  await rig.hibernate();
  const answer = rig.carried(new Request(`${site}/again`));
  home.respond((await home.request()).id, 'awake');
  expect(await (await answer).text()).toBe('awake');
}

describe('an idle link keeps no timer, and wakes,', () => {
  test('after requests', async () => {
    const { rig, home } = await open();
    for (let n = 0; n < 5; n++) {
      const answer = rig.carried(new Request(`${site}/${n}`));
      const { id } = await home.request();
      expect(running.size).toBeGreaterThan(0);
      home.respond(id, 'done');
      await (await answer).text();
    }
    await wakes(rig, home);
  });

  test('after an upload', async () => {
    const { rig, home } = await open();
    const answer = rig.carried(new Request(site, { method: 'PUT', body: new Uint8Array(10_000) }));
    const { id } = await home.request();
    await home.next('DATA');
    home.respond(id, 'taken');
    await (await answer).text();
    await wakes(rig, home);
  });

  test('after a request that home gave up', async () => {
    const { rig, home } = await open();
    const answer = rig.carry(new Request(site));
    home.send(encodeCancel((await home.request()).id, 'failed', ''));
    expect(await answer).toEqual({ failed: 'failed' });
    await wakes(rig, home);
  });

  test('after a request whose head did not come in time', async () => {
    const rig = await LinkRig.open();
    await rig.inside((object) => {
      object.outside.carryHeadMs = 50;
    });
    const { socket: home } = await rig.openLink();
    const answer = rig.carry(new Request(site));
    await home.request();
    expect(await answer).toEqual({ failed: 'timeout' });
    await wakes(rig, home);
  });

  test('after a live stream that its service ended', async () => {
    const { rig, home } = await open();
    const answer = rig.carried(new Request(site));
    const { id } = await home.request();
    home.respond(id, 'data: 1\n\n', { more: true, headers: ['Content-Type', 'text/event-stream'] });
    const response = await answer;
    home.data(id, 0, true);
    expect(await response.text()).toBe('data: 1\n\n');
    await wakes(rig, home);
  });

  test('after a live stream that its visitor left', async () => {
    const { rig, home } = await open();
    const answer = rig.carried(new Request(site));
    const { id } = await home.request();
    home.respond(id, 'data: 1\n\n', { more: true, headers: ['Content-Type', 'text/event-stream'] });
    await (await answer).body?.cancel();
    await vi.waitUntil(
      () => {
        home.data(id, 10);
        return home.waiting.some((frame) => frame.name === 'CANCEL' && frame.stream === id);
      },
      { interval: 20 },
    );
    await wakes(rig, home);
  });
});

test('a live stream in which nothing happens is ended by nothing, however often it is looked at', async () => {
  const rig = await LinkRig.open();
  await rig.inside((object) => {
    object.outside.carryHeadMs = 1_000;
    object.outside.stalls = { stalledMs: lookMs, crowdedMs: 2 * lookMs };
  });
  const { socket: home } = await rig.openLink();
  const answer = rig.carried(new Request(site));
  const { id } = await home.request();
  home.respond(id, 'data: 1\n\n', { more: true, headers: ['Content-Type', 'text/event-stream'] });
  const reader = (await answer).body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  await vi.waitUntil(() => looks > 50, { timeout: 10_000, interval: 10 });
  home.data(id, new TextEncoder().encode('data: 2\n\n'), true);
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 2\n\n');
  expect((await reader?.read())?.done).toBe(true);
});
