// Visitors who stop: what they hold is taken from them, and nobody else notices. Visitors who wait for a silent service,
// or are slow, are not among them.

import { describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { cancelOf, encodeCredit } from '../../../shared/link/codec.ts';
import { HandClock } from '../home/directory-database.ts';
import { type HomeSocket, LinkRig } from './link-rig.ts';

const site = 'https://site.example';
/** The way to a visitor swallows the first piece; the second waits. */
const pieceBytes = 20_000;

interface Stage {
  readonly rig: LinkRig;
  readonly home: HomeSocket;
  readonly clock: HandClock;
  /** Time passes; home pings meanwhile. */
  pass(ms: number): void;
}

/** Stalls are timed by the clock that the test moves; `crowdedMs` also says how often streams are looked at, and that is
 * in real time. */
async function open(crowdedMs: number = limits.streamStalledCrowdedMs): Promise<Stage> {
  const rig = await LinkRig.open();
  const clock = new HandClock();
  await rig.inside((object) => {
    object.outside.clock = clock;
    object.outside.stalls = { stalledMs: limits.streamStalledMs, crowdedMs };
  });
  const { socket: home } = await rig.openLink();
  const pass = (ms: number): void => {
    clock.advance(ms);
    home.send(encodeCredit(0xffff, 1));
  };
  return { rig, home, clock, pass };
}

/** Streams are looked at every few milliseconds. */
const often = 10;

/** A visitor who asks for something and does not read it. */
async function stoppedReader({ rig, home }: Stage): Promise<{ readonly id: number; readonly response: Response }> {
  const answer = rig.carried(new Request(`${site}/stopped`));
  const { id } = await home.request();
  home.respond(id, new Uint8Array(pieceBytes), { more: true });
  home.data(id, pieceBytes);
  return { id, response: await answer };
}

interface Upload {
  readonly id: number;
  readonly result: ReturnType<LinkRig['carry']>;
  readonly controller: ReadableByteStreamController;
}

/** A visitor who begins to upload and sends no more than a few bytes. */
async function stoppedUpload({ rig, home }: Stage): Promise<Upload> {
  let controller: ReadableByteStreamController | undefined;
  const body = new ReadableStream({
    type: 'bytes',
    start: (made) => {
      controller = made;
    },
  });
  const result = rig.carry(new Request(`${site}/up`, { method: 'POST', body }));
  const { id } = await home.request();
  if (controller === undefined) throw new Error('the body was not begun');
  controller.enqueue(new Uint8Array(10));
  await home.next('DATA');
  return { id, result, controller };
}

async function cancelled(home: HomeSocket): Promise<{ readonly stream: number; readonly code: string }> {
  const frame = await home.next('CANCEL');
  return { stream: frame.stream, code: cancelOf(frame).code };
}

describe('visitors who stop, as many as there are streams and more', () => {
  test('do not keep an honest one from its answer, nor end one that is slow', async () => {
    const stage = await open();
    const { rig, home, pass } = stage;
    const slow = await stoppedReader(stage);
    const reader = slow.response.body?.getReader();
    home.data(slow.id, pieceBytes);
    const uploads: Upload[] = [];
    const readers: number[] = [];
    const bodies: Response[] = [];
    while (uploads.length + readers.length < limits.linkStreams - 1) {
      uploads.push(await stoppedUpload(stage));
      if (uploads.length + readers.length === limits.linkStreams - 1) break;
      const { id, response } = await stoppedReader(stage);
      readers.push(id);
      bodies.push(response);
    }
    // They have not stood still for long: it might be anybody's bad moment.
    expect(await rig.carry(new Request(site))).toEqual({ failed: 'busy' });
    pass(limits.streamStalledCrowdedMs - 1);
    expect(await rig.carry(new Request(site))).toEqual({ failed: 'busy' });
    let slowBytes = 0;
    while (slowBytes < 2 * pieceBytes) slowBytes += (await reader?.read())?.value?.length ?? 0;
    pass(1);
    const held = new Set([...readers, ...uploads.map(({ id }) => id)]);
    for (let n = 0; n < 20; n++) {
      const answer = rig.carried(new Request(`${site}/honest`));
      const { id } = await home.request();
      const gone = await cancelled(home);
      expect([gone.code, held.delete(gone.stream)]).toEqual(['enough', true]);
      home.respond(id, 'honest');
      expect(await (await answer).text()).toBe('honest');
      // The next who stops takes the place at once.
      await stoppedReader(stage);
    }
    for (const [at, id] of readers.entries()) if (!held.has(id)) await expect(bodies[at]?.text()).rejects.toThrow();
    for (const upload of uploads) {
      if (!held.has(upload.id)) expect(await upload.result).toEqual({ failed: 'timeout' });
    }
    home.data(slow.id, 1, true);
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      slowBytes += part.value.length;
    }
    expect(slowBytes).toBe(3 * pieceBytes + 1);
  }, 60_000);

  test('are not served by a byte now and then', async () => {
    const stage = await open();
    const { rig, home, pass } = stage;
    const uploads: Upload[] = [];
    for (let n = 0; n < limits.linkStreams; n++) uploads.push(await stoppedUpload(stage));
    for (let n = 0; n < 5; n++) {
      expect(await rig.carry(new Request(site))).toEqual({ failed: 'busy' });
      pass(limits.streamStalledCrowdedMs / 5);
      for (const { controller } of uploads) controller.enqueue(new Uint8Array(1));
      for (let m = 0; m < uploads.length; m++) await home.next('DATA');
    }
    const answer = rig.carried(new Request(site));
    home.respond((await home.request()).id, 'honest');
    expect(await (await answer).text()).toBe('honest');
  }, 60_000);
});

describe('a visitor who stops', () => {
  test('reading is broken off after the limit, and home is told, though there is room', async () => {
    const stage = await open(often);
    const { id, response } = await stoppedReader(stage);
    stage.pass(limits.streamStalledMs - 1);
    const answer = stage.rig.carried(new Request(site));
    stage.home.respond((await stage.home.request()).id, 'meanwhile');
    expect(await (await answer).text()).toBe('meanwhile');
    await vi.waitUntil(
      () => {
        stage.pass(limits.streamStalledMs);
        return stage.home.waiting.some(({ name }) => name === 'CANCEL');
      },
      { interval: 5 },
    );
    expect(await cancelled(stage.home)).toEqual({ stream: id, code: 'enough' });
    await expect(response.text()).rejects.toThrow();
  });

  test('sending after home’s answer began is broken off, and its body is not waited for', async () => {
    const stage = await open(often);
    const { home } = stage;
    const upload = await stoppedUpload(stage);
    home.respond(upload.id, 'begun', { more: true });
    const result = await upload.result;
    if (!('carried' in result)) throw new Error('not carried');
    const reader = result.carried.body?.getReader();
    await reader?.read();
    await vi.waitUntil(
      () => {
        stage.pass(limits.streamStalledMs);
        return home.waiting.some(({ name }) => name === 'CANCEL');
      },
      { interval: 5 },
    );
    expect(await cancelled(home)).toEqual({ stream: upload.id, code: 'enough' });
    await expect(reader?.read()).rejects.toThrow();
  });

  test('leaves no stream behind', async () => {
    const stage = await open(often);
    const { rig, home } = stage;
    const stopped = [await stoppedReader(stage), await stoppedReader(stage), await stoppedReader(stage)];
    for (const { response } of stopped) {
      await vi.waitUntil(
        () => {
          stage.pass(limits.streamStalledMs);
          return home.waiting.some(({ name }) => name === 'CANCEL');
        },
        { interval: 5 },
      );
      await home.next('CANCEL');
      await expect(response.text()).rejects.toThrow();
    }
    const answers = [];
    for (let n = 0; n < limits.linkStreams; n++) answers.push(rig.carry(new Request(`${site}/${n}`)));
    for (let n = 0; n < limits.linkStreams; n++) await home.request();
    expect(await rig.carry(new Request(site))).toEqual({ failed: 'busy' });
    home.close();
    expect(await Promise.all(answers)).toEqual(answers.map(() => ({ failed: 'lost' })));
  }, 60_000);
});

describe('a visitor who does not stop', () => {
  test('but waits for a silent service, is left in peace for as long as it likes', async () => {
    const stage = await open(often);
    const { rig, home } = stage;
    const answer = rig.carried(new Request(`${site}/events`, { headers: { Accept: 'text/event-stream' } }));
    const { id } = await home.request();
    home.respond(id, 'data: 1\n\n', { more: true, headers: ['Content-Type', 'text/event-stream'] });
    const reader = (await answer).body?.getReader();
    const event = async (): Promise<string> => new TextDecoder().decode((await reader?.read())?.value);
    expect(await event()).toBe('data: 1\n\n');
    // Who stops beside it is ended: so the limit is over, time and again, and streams were looked at.
    for (let n = 2; n < 5; n++) {
      const stopped = await stoppedReader(stage);
      await vi.waitUntil(
        () => {
          stage.pass(limits.streamStalledMs);
          return home.waiting.some(({ name }) => name === 'CANCEL');
        },
        { interval: 5 },
      );
      expect((await cancelled(home)).stream).toBe(stopped.id);
      home.data(id, new TextEncoder().encode(`data: ${n}\n\n`));
      expect(await event()).toBe(`data: ${n}\n\n`);
    }
    home.data(id, 0, true);
    expect((await reader?.read())?.done).toBe(true);
  });

  test('but reads slowly, gets all of it', async () => {
    const stage = await open(often);
    const { rig, home } = stage;
    const answer = rig.carried(new Request(`${site}/large`));
    const { id } = await home.request();
    const pieces = 16;
    const piece = limits.streamInitialBytes / pieces;
    home.respond(id, new Uint8Array(piece), { more: true });
    for (let n = 1; n < pieces; n++) home.data(id, piece, n === pieces - 1);
    const reader = (await answer).body?.getReader();
    let bytes = 0;
    let parts = 0;
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      bytes += part.value.length;
      parts += 1;
      stage.pass(limits.streamStalledMs / 2);
      // Streams are looked at before it goes on.
      await new Promise((resolve) => setTimeout(resolve, 2 * often));
    }
    expect(bytes).toBe(limits.streamInitialBytes);
    expect(parts).toBeGreaterThanOrEqual(pieces);
    expect(home.waiting.filter(({ name }) => name === 'CANCEL')).toEqual([]);
  });
});
