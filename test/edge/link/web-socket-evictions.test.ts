// WebSockets of an object whose memory is gone: they go on as if it were not.

import { describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { creditOf, encodeClose } from '../../../shared/link/codec.ts';
import { oldPing, oldPong } from '../../../shared/link/frames.ts';
import { messageCost } from '../../../shared/link/session.ts';
import { HandClock } from '../home/directory-database.ts';
import type { LinkRig } from './link-rig.ts';
import { site, WebSocketRig } from './web-socket-rig.ts';

const textOf = (frame: { readonly payload: Uint8Array }): string => new TextDecoder().decode(frame.payload);

describe('after an eviction', () => {
  test('messages pass both ways, and closes', async () => {
    const rig = await WebSocketRig.open();
    const { id, visitor } = await rig.visit();
    const other = await rig.visit();
    for (let wake = 0; wake < 3; wake++) {
      await rig.hibernate();
      visitor.socket.send(`up ${wake}`);
      expect(textOf(await rig.next('TEXT'))).toBe(`up ${wake}`);
      await rig.hibernate();
      rig.text(id, `down ${wake}`);
      expect(await visitor.hears()).toEqual([`down ${wake}`]);
    }
    await rig.hibernate();
    visitor.socket.close(3000, 'bye');
    expect(await rig.close()).toEqual({ code: 3000, reason: 'bye' });
    rig.home.send(encodeClose(id, { code: 3000, reason: 'bye' }));
    await rig.hibernate();
    rig.home.send(encodeClose(other.id, { code: 4000, reason: 'home' }));
    expect(await other.visitor.closing()).toEqual({ code: 4000, reason: 'home' });
    const plain = rig.rig.carried(new Request(site));
    rig.home.respond((await rig.home.request()).id, 'plain');
    expect(await (await plain).text()).toBe('plain');
  });

  test('credit adds up, both ways', async () => {
    const rig = await WebSocketRig.open();
    const { id, visitor } = await rig.visit();
    let toVisitor: number = limits.streamInitialBytes;
    let toHome: number = limits.streamInitialBytes;
    for (let wake = 0; wake < 3; wake++) {
      visitor.socket.send(new Uint8Array(10_000));
      toHome -= messageCost((await rig.next('BINARY')).payload.length);
      toVisitor -= messageCost(20_000);
      rig.binary(id, 20_000);
      await visitor.hears();
      await rig.hibernate();
    }
    for (const { name } of rig.home.waiting) {
      if (name === 'CREDIT') toVisitor += creditOf(await rig.next('CREDIT'));
    }
    // All that home may send, to the last byte, is taken.
    while (toVisitor >= messageCost(0)) {
      const length = Math.min(limits.framePayloadBytes, toVisitor - messageCost(0));
      rig.binary(id, length);
      toVisitor -= messageCost(length);
    }
    // And no more is sent to home than it allowed.
    visitor.socket.send(new Uint8Array(200_000));
    let sent = 0;
    while (sent < toHome) sent += messageCost((await rig.next('BINARY')).payload.length);
    expect(sent).toBe(toHome);
    await rig.rig.stub.presence();
    expect(rig.home.waiting.filter(({ name }) => name === 'BINARY')).toEqual([]);
    expect(rig.home.closed).toBeNull();
  });

  test('a visitor whose link went meanwhile is told so', async () => {
    const rig = await WebSocketRig.open();
    const { visitor } = await rig.visit();
    await rig.hibernate();
    rig.home.close();
    expect(await visitor.closing()).toMatchObject({ code: 1012 });
    const again = await WebSocketRig.open();
    const before = await again.visit();
    await again.settled();
    await again.rig.inside((_, state) => {
      for (const socket of state.getWebSockets()) {
        const attachment = socket.deserializeAttachment() as { state: string };
        // A session that no link has any more.
        if (attachment.state === 'visiting') socket.serializeAttachment({ ...attachment, session: 'another' });
      }
    });
    await again.rig.hibernate();
    await again.rig.stub.presence();
    expect(await before.visitor.closing()).toMatchObject({ code: 1012 });
  });

  test('a home of version 2, whose pings wake the object, is still believed in', async () => {
    const clock = new HandClock();
    const outside = async (made: LinkRig): Promise<void> => {
      await made.inside((object) => {
        object.outside.clock = clock;
      });
    };
    const { rig, home } = await WebSocketRig.open(outside, 2);
    for (let n = 0; n < 5; n++) {
      clock.advance(limits.linkPingMs);
      expect(await home.answerTo(oldPing)).toBe(oldPong);
      await rig.hibernate();
      await outside(rig);
    }
    expect(await rig.stub.presence()).toMatchObject({ link: 'connected' });
    clock.advance(limits.linkStaleMs + 1);
    expect(await rig.stub.presence()).toMatchObject({ link: 'lost' });
  });
});
