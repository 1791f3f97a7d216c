// Answers that are complete at the edge when their link ends: visitors get all of them, however slowly they read, as long
// as they read.

import { describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { encodeFrame, encodeTextFrame } from '../../../shared/link/codec.ts';
import { flags } from '../../../shared/link/frames.ts';
import { HandClock } from '../home/directory-database.ts';
import { type HomeSocket, LinkRig } from './link-rig.ts';

const site = 'https://site.example';
const pieceBytes = 20_000;
const pieces = 3;

async function open(): Promise<{ rig: LinkRig; clock: HandClock; home: HomeSocket }> {
  const rig = await LinkRig.open();
  const clock = new HandClock();
  await rig.inside((object) => {
    object.outside.clock = clock;
    object.outside.stalls = { stalledMs: limits.streamStalledMs, crowdedMs: 10 };
  });
  return { rig, clock, home: (await rig.openLink({ version: 3 })).socket };
}

/** An answer that home has sent to its end, and of which the visitor has taken nothing. */
async function unread(rig: LinkRig, home: HomeSocket, init: RequestInit = {}): Promise<Response> {
  const answer = rig.carried(new Request(`${site}/large`, init));
  const { id } = await home.request();
  home.respond(id, new Uint8Array(pieceBytes), { more: true });
  for (let n = 1; n < pieces; n++) home.data(id, pieceBytes, n === pieces - 1);
  return await answer;
}

/** Home's frames before this one were heard. */
async function heard(rig: LinkRig, home: HomeSocket): Promise<void> {
  const answer = rig.carried(new Request(`${site}/after`));
  home.respond((await home.request()).id, 'after');
  await (await answer).text();
}

async function length(response: Response): Promise<number> {
  return (await response.arrayBuffer()).byteLength;
}

describe('an answer that is complete at the edge', () => {
  test('comes whole when home closes the link, and an upload beside it ends', async () => {
    const { rig, home } = await open();
    const response = await unread(rig, home);
    const body = new ReadableStream({ type: 'bytes', pull: async () => await new Promise(() => undefined) });
    const answered = await unread(rig, home, { method: 'POST', body });
    await heard(rig, home);
    home.close();
    await vi.waitUntil(async () => (await rig.stub.presence()).link === 'lost');
    expect(await length(response)).toBe(pieces * pieceBytes);
    expect(await length(answered)).toBe(pieces * pieceBytes);
  });

  test('comes whole when home goes to bed', async () => {
    const { rig, home } = await open();
    const response = await unread(rig, home);
    home.send(encodeTextFrame('SLEEP', '{"until":null}'));
    await home.next('SLEPT');
    home.close();
    await home.closing();
    expect(await length(response)).toBe(pieces * pieceBytes);
  });

  test('comes whole when the link is drained and closed for a newer one', async () => {
    const { rig, home } = await open();
    const response = await unread(rig, home);
    await heard(rig, home);
    const { socket: newer } = await rig.openLink({ version: 3, process: 'newer' });
    await home.next('DRAIN');
    home.close();
    await home.closing();
    await heard(rig, newer);
    expect(await length(response)).toBe(pieces * pieceBytes);
  });

  test('comes whole when its link breaks for a fault that came after it', async () => {
    const { rig, home } = await open();
    const response = await unread(rig, home);
    home.send(Uint8Array.of(1, 2, 3));
    await home.closing();
    expect(await length(response)).toBe(pieces * pieceBytes);
  });

  test('is lost with its message when that breaks the link before it could be handed on', async () => {
    const { rig, home } = await open();
    const answer = rig.carry(new Request(site, { method: 'POST' }));
    const { id } = await home.request();
    const head = encodeTextFrame('RESPONSE', JSON.stringify({ status: 200, headers: [] }), id);
    home.send(head, encodeFrame('DATA', id, new Uint8Array(10), flags.end), encodeFrame('WORK'));
    expect(await answer).toEqual({ failed: 'lost' });
  });

  test('is broken off when its visitor stands still, and so is one that is not complete, at once', async () => {
    const { rig, home, clock } = await open();
    const partial = rig.carried(new Request(`${site}/partial`));
    home.respond((await home.request()).id, new Uint8Array(pieceBytes), { more: true });
    const cut = await partial;
    const response = await unread(rig, home);
    await heard(rig, home);
    home.close();
    await home.closing();
    await expect(length(cut)).rejects.toThrow();
    expect(await rig.inside((object) => object.tails.isEmpty)).toBe(false);
    await vi.waitUntil(
      async () => {
        clock.advance(limits.streamStalledMs);
        return await rig.inside((object) => object.tails.isEmpty);
      },
      { timeout: 5_000, interval: 5 },
    );
    await expect(length(response)).rejects.toThrow();
  });

  test('gives way, the oldest first, when links that ended left more than limits.linkTailBytes', async () => {
    const { rig } = await open();
    const left: Response[] = [];
    const each = limits.streamInitialBytes;
    const perLink = 200;
    for (const process of ['1', '2']) {
      const { socket: home } = await rig.openLink({ version: 3, process });
      for (let n = 0; n < perLink; n++) {
        const answer = rig.carried(new Request(site));
        const { id } = await home.request();
        home.respond(id, new Uint8Array(each / 8), { more: true });
        home.data(id, (each / 8) * 7, true);
        left.push(await answer);
      }
      await heard(rig, home);
      home.close();
      await home.closing();
    }
    const [first, last] = [left[0], left.at(-1)];
    if (first === undefined || last === undefined) throw new Error('none was carried');
    await expect(length(first)).rejects.toThrow();
    expect(await length(last)).toBe(each);
  }, 60_000);
});
