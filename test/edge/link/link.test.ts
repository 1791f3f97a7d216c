// The link itself: what breaks it, what it outlives, and what the edge says of a home that is not there.

import { describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { cancelOf, encodeCredit, encodeFrame, encodeTextFrame } from '../../../shared/link/codec.ts';
import { closeCodes, flags, ping, pingSince } from '../../../shared/link/frames.ts';
import { HandClock } from '../home/directory-database.ts';
import { LinkRig } from './link-rig.ts';

const site = 'https://site.example';

describe('a home that breaks the protocol', () => {
  test.each([
    ['junk', () => new Uint8Array([9, 9, 9]), 'link-malformed'],
    ['a frame of unknown type', () => Uint8Array.of(0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0), 'link-unknown-frame'],
    ['a frame that only the edge sends', () => encodeFrame('WORK'), 'link-untimely'],
    ['too long a frame', () => encodeFrame('DATA', 1, new Uint8Array(limits.framePayloadBytes + 1)), 'link-oversize'],
    ['a head that is no head', (id: number) => encodeTextFrame('RESPONSE', '{"status":"200"}', id), 'link-malformed'],
    ['a body before its head', (id: number) => encodeFrame('DATA', id, new Uint8Array(1)), 'link-untimely'],
    ['half a CREDIT', (id: number) => encodeFrame('CREDIT', id, new Uint8Array(2)), 'link-malformed'],
  ])('by %s loses the link, and its requests are told', async (_, message, reason) => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink();
    const answer = rig.carry(new Request(site));
    const { id } = await home.request();
    home.send(message(id));
    expect(await home.closing()).toEqual({ code: closeCodes.protocol, reason });
    expect(await answer).toEqual({ failed: 'lost' });
    expect(await rig.stub.presence()).toMatchObject({ link: 'lost' });
  });

  test('by more than it was granted loses the link', async () => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink();
    const answer = rig.carry(new Request(site));
    const { id } = await home.request();
    const own = encodeFrame('DATA', id, new Uint8Array(limits.streamInitialBytes));
    home.send(
      encodeTextFrame('RESPONSE', '{"status":200,"headers":[]}', id),
      own,
      encodeFrame('DATA', id, new Uint8Array(1)),
    );
    expect((await home.closing()).reason).toBe('link-overrun');
    await answer;
  });

  test('does not when its frame is optional, late, or of a stream that is not there', async () => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink();
    home.send(Uint8Array.of(0x7f, flags.optional, 0, 0, 0, 0, 0, 0, 0, 0));
    home.send(encodeCredit(77, 5));
    home.text('anything');
    home.data(78, 10);
    const cancel = await home.next('CANCEL');
    expect([cancel.stream, cancelOf(cancel).code]).toEqual([78, 'unknown']);
    const answer = rig.carried(new Request(site));
    home.respond((await home.request()).id, 'still here');
    expect(await (await answer).text()).toBe('still here');
  });
});

describe('an eviction', () => {
  test('leaves the link open: the next request is carried, and streams get numbers that were never used', async () => {
    const rig = await LinkRig.open();
    const { socket: home, welcome } = await rig.openLink();
    const ids = new Set<number>();
    for (let wake = 0; wake < 3; wake++) {
      const answer = rig.carried(new Request(site));
      const { id } = await home.request();
      ids.add(id);
      home.respond(id, `wake ${wake}`);
      expect(await (await answer).text()).toBe(`wake ${wake}`);
      await rig.hibernate();
    }
    expect(ids.size).toBe(3);
    expect(home.closed).toBeNull();
    expect(await rig.stub.presence()).toMatchObject({ link: 'connected' });
    const again = await rig.openLink({ epoch: welcome.epoch });
    expect(again.welcome.epoch).toBe(welcome.epoch);
    expect((await home.closing()).code).toBe(closeCodes.replaced);
  });

  test('does not silence work, nor a home that speaks first', async () => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink();
    await rig.hibernate();
    await rig.stub.announceWork();
    await home.next('WORK');
    await rig.hibernate();
    home.data(5, 1);
    expect(cancelOf(await home.next('CANCEL')).code).toBe('unknown');
  });

  test('does not make the edge forget when home last pinged, though pings wake nobody', async () => {
    const rig = await LinkRig.open();
    const { socket } = await rig.openLink({ version: pingSince });
    const presence = await rig.stub.presence();
    const since = presence.link === 'connected' ? presence.since : 0;
    const pingedAt = await vi.waitUntil(
      async () => {
        socket.text(ping);
        const at = await rig.inside((_, state) => {
          const [own] = state.getWebSockets();
          return own === undefined ? 0 : (state.getWebSocketAutoResponseTimestamp(own)?.getTime() ?? 0);
        });
        return at > since + 10 ? at : 0;
      },
      { interval: 5 },
    );
    await rig.hibernate();
    await rig.inside((object) => {
      object.outside.clock = { now: () => pingedAt + limits.linkStaleMs };
    });
    expect(await rig.stub.presence()).toMatchObject({ link: 'connected' });
    await rig.inside((object) => {
      object.outside.clock = { now: () => pingedAt + limits.linkStaleMs + 1 };
    });
    expect(await rig.stub.presence()).toEqual({ link: 'lost', since: pingedAt });
  });
});

describe('presence', () => {
  test('is `never` before the first link, and `lost` since the moment it went unannounced', async () => {
    const rig = await LinkRig.open();
    expect(await rig.stub.presence()).toEqual({ link: 'never' });
    expect(await rig.carry(new Request(site))).toEqual({
      absent: { link: 'never' },
      why: { reason: 'never', service: null, until: null },
    });
    const clock = new HandClock();
    await rig.inside((object) => {
      object.outside.clock = clock;
    });
    const { socket } = await rig.openLink();
    expect(await rig.stub.presence()).toEqual({ link: 'connected', since: clock.now() });
    clock.advance(1000);
    const at = clock.now();
    socket.close();
    await vi.waitUntil(async () => (await rig.stub.presence()).link === 'lost', { interval: 5 });
    clock.advance(1000);
    expect(await rig.stub.presence()).toEqual({ link: 'lost', since: at });
    await rig.hibernate();
    expect(await rig.carry(new Request(site))).toMatchObject({
      absent: { link: 'lost', since: at },
      why: { reason: 'lost' },
    });
  });

  test('is `asleep` when home said so, before its socket closes and after, through evictions, until it is back', async () => {
    const rig = await LinkRig.open();
    const clock = new HandClock();
    await rig.inside((object) => {
      object.outside.clock = clock;
    });
    const { socket, welcome } = await rig.openLink();
    const until = clock.now() + 8 * 3_600_000;
    socket.send(encodeTextFrame('SLEEP', JSON.stringify({ until })));
    await socket.next('SLEPT');
    const asleep = { link: 'asleep', since: clock.now(), until };
    expect(await rig.stub.presence()).toEqual(asleep);
    expect(await rig.carry(new Request(site))).toEqual({
      absent: asleep,
      why: { reason: 'asleep', service: null, until },
    });
    await rig.hibernate();
    expect(await rig.stub.presence()).toEqual(asleep);
    socket.close();
    await rig.stub.announceWork();
    await rig.hibernate();
    expect(await rig.stub.presence()).toEqual(asleep);
    await rig.openLink({ epoch: welcome.epoch });
    expect(await rig.stub.presence()).toMatchObject({ link: 'connected' });
    await rig.hibernate();
    expect(await rig.stub.presence()).toMatchObject({ link: 'connected' });
  });

  test('is `asleep` without an end when home named none, or none that is a time', async () => {
    const rig = await LinkRig.open();
    const { socket } = await rig.openLink();
    socket.send(encodeTextFrame('SLEEP', '{"until":null}'));
    await socket.next('SLEPT');
    expect(await rig.stub.presence()).toMatchObject({ link: 'asleep', until: null });
    const second = await rig.openLink({ process: 'next' });
    second.socket.send(encodeTextFrame('SLEEP', '{"until":"tomorrow"}'));
    await second.socket.next('SLEPT');
    expect(await rig.stub.presence()).toMatchObject({ link: 'asleep', until: null });
  });

  test('does not believe in a link that has been silent for too long, and lets home dial again', async () => {
    const rig = await LinkRig.open();
    const clock = new HandClock();
    await rig.inside((object) => {
      object.outside.clock = clock;
    });
    const { socket } = await rig.openLink();
    const since = clock.now();
    clock.advance(limits.linkStaleMs);
    const answer = rig.carried(new Request(site));
    socket.respond((await socket.request()).id, 'heard');
    await answer;
    clock.advance(limits.linkStaleMs + 1);
    expect(await rig.stub.presence()).toEqual({ link: 'lost', since: since + limits.linkStaleMs });
    expect(await rig.carry(new Request(site))).toMatchObject({ absent: { link: 'lost' } });
    expect((await socket.closing()).code).toBe(closeCodes.stale);
  });
});

describe('work', () => {
  test('is announced to a home that is there, and silently not to one that is away', async () => {
    const rig = await LinkRig.open();
    await rig.stub.announceWork();
    const { socket } = await rig.openLink();
    await rig.stub.announceWork();
    await socket.next('WORK');
    socket.send(encodeTextFrame('SLEEP', '{"until":null}'));
    await socket.next('SLEPT');
    await rig.stub.announceWork();
    expect(socket.waiting).toEqual([]);
  });
});
