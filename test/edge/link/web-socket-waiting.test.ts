// What waits for WebSockets, in either direction, where whoever it is for does not take it: how much there may be, and who
// is closed for it.

import { describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { cancelOf, creditOf, encodeFrame, encodeTextFrame } from '../../../shared/link/codec.ts';
import { messageCost } from '../../../shared/link/session.ts';
import { HandClock } from '../home/directory-database.ts';
import { asking, Visitor, WebSocketRig } from './web-socket-rig.ts';

const patience = { timeout: 10_000, interval: 2 };
const textOf = (frame: { readonly payload: Uint8Array }): string => new TextDecoder().decode(frame.payload);

describe('what waits', () => {
  test('of all visitors together is bounded: who goes beyond is closed with 1013, the others go on', async () => {
    const rig = await WebSocketRig.open();
    const first = await rig.visit();
    const second = await rig.visit();
    const third = await rig.visit();
    const most = 8 * 1024 * 1024;
    for (let bytes = most; bytes < limits.webSocketWaitingBytes; bytes += most)
      first.visitor.socket.send(new Uint8Array(most));
    second.visitor.socket.send(new Uint8Array(2 * most));
    // Whichever comes last.
    const closed = await vi.waitUntil(() => first.visitor.closed ?? second.visitor.closed, patience);
    expect(closed).toEqual({ code: 1013, reason: 'more is waiting than can be kept' });
    expect(cancelOf(await rig.next('CANCEL')).code).toBe('enough');
    third.visitor.socket.send('small');
    expect(textOf(await rig.next('TEXT'))).toBe('small');
    expect([first, second].filter(({ visitor }) => visitor.closed !== null).length).toBe(1);
  }, 30_000);

  test('is one message of up to limits.webSocketMessageBytes, and limits.webSocketBesideBytes beside it', async () => {
    const rig = await WebSocketRig.open();
    const long = await rig.visit();
    const beside = await rig.visit();
    const beyond = await rig.visit();
    const first = 'ü'.repeat(limits.webSocketMessageBytes / 2);
    long.visitor.socket.send(first);
    await rig.next('TEXT');
    beside.visitor.socket.send(new Uint8Array(limits.webSocketBesideBytes / 2));
    await rig.next('BINARY');
    // As many characters would fit; as bytes they do not.
    beyond.visitor.socket.send('€'.repeat(limits.webSocketBesideBytes / 4));
    expect(await beyond.visitor.closing()).toMatchObject({ code: 1013 });
    expect([long.visitor.closed, beside.visitor.closed]).toEqual([null, null]);
  }, 30_000);

  test('on a link that is being emptied counts for the newer one too', async () => {
    const rig = await WebSocketRig.open();
    const older = await rig.visit();
    older.visitor.socket.send(new Uint8Array(limits.webSocketWaitingBytes));
    await rig.next('BINARY');
    const { socket: newer } = await rig.rig.openLink({ version: 3, process: 'newer' });
    const answer = rig.rig.carried(asking());
    newer.send(encodeTextFrame('RESPONSE', '{"status":101,"headers":[]}', (await newer.request()).id));
    const { webSocket } = await answer;
    if (webSocket === null) throw new Error('no WebSocket');
    const visitor = new Visitor(webSocket);
    visitor.socket.send(new Uint8Array(2 * limits.webSocketBesideBytes));
    expect(await visitor.closing()).toMatchObject({ code: 1013 });
  }, 30_000);

  test('for visitors above the windows is bounded by limits.webSocketLongBytes: all but the oldest message wait', async () => {
    const rig = await WebSocketRig.open();
    const piece = new Uint8Array(limits.framePayloadBytes);
    const credits = new Map<number, number>();
    /** Takes what credit there is; false: none comes, however often the edge looks. */
    const creditsOf = async (): Promise<boolean> => {
      const come = vi.waitUntil(() => rig.home.waiting.some(({ name }) => name === 'CREDIT'), {
        timeout: 1000,
        interval: 1,
      });
      if (!(await come.catch(() => false))) return false;
      for (const { name } of [...rig.home.waiting]) {
        if (name !== 'CREDIT') continue;
        const frame = await rig.next('CREDIT');
        credits.set(frame.stream, (credits.get(frame.stream) ?? 0) + creditOf(frame));
      }
      return true;
    };
    const open = [await rig.visit(), await rig.visit(), await rig.visit()];
    for (const { id } of open) credits.set(id, limits.streamInitialBytes);
    const sent = new Map<number, number>();
    for (let mayGoOn = true; mayGoOn; ) {
      let moved = false;
      for (const { id } of open) {
        const credit = credits.get(id) ?? 0;
        const length = Math.min(piece.length, credit - messageCost(0));
        if (length <= 0 || (sent.get(id) ?? 0) + length > limits.webSocketMessageBytes) continue;
        rig.binary(id, piece.subarray(0, length), true);
        credits.set(id, credit - messageCost(length));
        sent.set(id, (sent.get(id) ?? 0) + length);
        moved = true;
      }
      mayGoOn = moved || (await creditsOf());
    }
    const [oldest = 0, ...others] = open.map(({ id }) => sent.get(id) ?? 0);
    expect(oldest).toBeGreaterThan(limits.webSocketMessageBytes - 2 * piece.length);
    const windows = others.length * (limits.streamWindowBytes + piece.length);
    expect(others.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(limits.webSocketLongBytes + windows);
    // When the oldest is whole the others come to their end too.
    rig.binary(open[0]?.id ?? 0, 0);
    await open[0]?.visitor.hears();
    await vi.waitUntil(async () => {
      await creditsOf();
      return (credits.get(open[1]?.id ?? 0) ?? 0) > messageCost(0);
    }, patience);
  }, 60_000);

  test('for a visitor who does not read is ended by the stall watch, and counted until the platform lets it go', async () => {
    const clock = new HandClock();
    const crowdedMs = 10;
    const rig = await WebSocketRig.open(async (made) => {
      await made.inside((object) => {
        object.outside.clock = clock;
        object.outside.stalls = { stalledMs: limits.streamStalledMs, crowdedMs };
      });
    });
    const ownBytes = limits.streamInitialBytes - messageCost(0);
    const ids = new Set<number>();
    // As much as a visitor can have of its own; the way to it swallows a little.
    for (let n = 0; n < limits.linkWebSocketsPerNetwork; n++) {
      const { id } = await rig.visit({ reads: false });
      rig.binary(id, ownBytes);
      ids.add(id);
    }
    const open = await rig.visit({ from: '198.51.100.2' });
    await vi.waitUntil(
      async () => {
        clock.advance(limits.streamStalledMs / 2);
        rig.home.send(encodeFrame('CREDIT', 0xffff, new Uint8Array(4)));
        await rig.rig.stub.presence();
        while (rig.home.waiting.some(({ name }) => name === 'CANCEL')) {
          const frame = await rig.next('CANCEL');
          expect(cancelOf(frame).reason).toContain('stands still');
          ids.delete(frame.stream);
        }
        return ids.size === 0;
      },
      { timeout: 20_000, interval: 20 },
    );
    // An idle one does not stand still.
    rig.text(open.id, 'still here');
    expect(await open.visitor.hears()).toEqual(['still here']);
    // What they leave takes the places of their network, and of no other.
    for (let n = 0; ; n++) {
      if (n === limits.linkWebSocketsPerNetwork) throw new Error('what was left takes no place');
      const seen: unknown[] = [];
      const answer = rig.rig.carry(asking()).then((result) => seen.push(result));
      await vi.waitUntil(() => seen.length > 0 || rig.home.waiting.some(({ name }) => name === 'REQUEST'), patience);
      if (seen.length > 0) {
        expect(seen).toEqual([{ failed: 'busy' }]);
        break;
      }
      rig.accept((await rig.home.request()).id);
      await answer;
    }
    expect((await rig.visit({ from: '198.51.100.1' })).response.status).toBe(101);
  }, 60_000);
});
