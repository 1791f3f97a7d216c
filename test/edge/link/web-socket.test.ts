// A visitor's WebSocket as home and visitor see it: what passes, what does not, how each end learns of the other's, and that
// an object whose memory is gone goes on as if it were not.

import { describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import {
  cancelOf,
  creditOf,
  encodeCancel,
  encodeClose,
  encodeFrame,
  encodeTextFrame,
} from '../../../shared/link/codec.ts';
import { closeCodes, flags, oldPing, oldPong, ping, pong } from '../../../shared/link/frames.ts';
import { messageCost } from '../../../shared/link/session.ts';
import { HandClock } from '../home/directory-database.ts';
import { LinkRig } from './link-rig.ts';
import { asking, site, Visitor, WebSocketRig } from './web-socket-rig.ts';

const patience = { timeout: 10_000, interval: 2 };
const textOf = (frame: { readonly payload: Uint8Array }): string => new TextDecoder().decode(frame.payload);

describe('a WebSocket that is asked for', () => {
  test('comes to home without what belongs to the visitor’s connection, with what the service must know', async () => {
    const rig = await WebSocketRig.open();
    const headers = {
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': 'x',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Extensions': 'permessage-deflate',
      'Sec-WebSocket-Protocol': 'v1, v2',
      Origin: 'https://app.example',
      Cookie: 'a=1',
      'X-Forwarded-For': '127.0.0.1',
    };
    const { head, response } = await rig.visit({
      headers,
      chosen: [
        'Sec-WebSocket-Protocol',
        'v2',
        'Sec-WebSocket-Extensions',
        'x',
        'Sec-WebSocket-Accept',
        'x',
        'Set-Cookie',
        'b=2',
      ],
    });
    expect(head.upgrade).toBe('websocket');
    expect(head.headers).toEqual(
      expect.arrayContaining(['sec-websocket-protocol', 'v1, v2', 'origin', 'https://app.example', 'cookie', 'a=1']),
    );
    expect(head.headers.filter((name) => /^(connection|upgrade|sec-websocket-(key|version|ext))/.test(name))).toEqual(
      [],
    );
    expect(head.headers).not.toContain('127.0.0.1');
    expect([response.status, ...response.headers]).toEqual([
      101,
      ['sec-websocket-protocol', 'v2'],
      ['set-cookie', 'b=2'],
    ]);
  });

  test('is answered 101 only after the service’s own; what else the service says is the answer', async () => {
    const { rig, home } = await WebSocketRig.open();
    const answer = rig.carried(asking());
    const { id, hasBody } = await home.request();
    expect(hasBody).toBe(true);
    let isAnswered = false;
    void answer.then(() => {
      isAnswered = true;
    });
    await rig.stub.presence();
    expect(isAnswered).toBe(false);
    home.respond(id, 'who are you?', { status: 401, headers: ['WWW-Authenticate', 'Bearer'] });
    home.send(encodeCancel(id, 'enough', ''));
    const response = await answer;
    expect([response.status, response.headers.get('www-authenticate'), await response.text()]).toEqual([
      401,
      'Bearer',
      'who are you?',
    ]);
  });

  test.each([1, 2])('is not carried on a link of version %i, and home hears nothing of it', async (version) => {
    const { rig, home } = await WebSocketRig.open(undefined, version);
    expect(await rig.carry(asking())).toEqual({ failed: 'no-web-sockets' });
    expect(home.waiting).toEqual([]);
  });

  test('is a plain request where it is not a GET', async () => {
    const { rig, home } = await WebSocketRig.open();
    const answer = rig.carried(new Request(site, { method: 'POST', body: 'x', headers: { Upgrade: 'websocket' } }));
    const { id, head } = await home.request();
    expect(head.upgrade).toBeUndefined();
    home.respond(id, 'ok');
    expect((await answer).status).toBe(200);
  });

  test('fails as any request does: no home, no answer in time, service down', async () => {
    const away = await LinkRig.open();
    expect(await away.carry(asking())).toMatchObject({ absent: { link: 'never' } });
    const { rig, home } = await WebSocketRig.open(async (made) => {
      await made.inside((object) => {
        object.outside.carryHeadMs = 20;
      });
    });
    const late = rig.carry(asking());
    await home.request();
    expect(await late).toEqual({ failed: 'timeout' });
    const down = rig.carry(asking());
    home.send(encodeCancel((await home.request()).id, 'service-down', ''));
    expect(await down).toEqual({ failed: 'service-down' });
  });
});

describe('messages', () => {
  test('pass both ways as they are, also those that the runtime could take for the link’s own', async () => {
    const rig = await WebSocketRig.open();
    const { id, visitor } = await rig.visit();
    for (const text of ['hello', 'ping', '']) {
      visitor.socket.send(text);
      expect(textOf(await rig.next('TEXT'))).toBe(text);
      rig.text(id, text);
      expect(await visitor.hears()).toEqual([text]);
    }
    visitor.socket.send(Uint8Array.of(0, 255));
    expect((await rig.next('BINARY')).payload).toEqual(Uint8Array.of(0, 255));
    rig.binary(id, Uint8Array.of(1, 2));
    expect(new Uint8Array((await visitor.hears())[0] as ArrayBuffer)).toEqual(Uint8Array.of(1, 2));
  });

  test('that say the link’s ping are answered by the runtime: no application says that', async () => {
    const rig = await WebSocketRig.open();
    const { visitor } = await rig.visit();
    visitor.socket.send(ping);
    expect(await visitor.hears()).toEqual([pong]);
    expect(rig.home.waiting.filter(({ name }) => name === 'TEXT')).toEqual([]);
  });

  test('go to home only on credit, cut as it fits, and are whole again there', async () => {
    const rig = await WebSocketRig.open();
    const { id, visitor } = await rig.visit();
    const text = 'aé𝄞'.repeat(40_000);
    visitor.socket.send(text);
    visitor.socket.send('after');
    let said = new Uint8Array();
    let cost = 0;
    const take = async (): Promise<boolean> => {
      const frame = await rig.next('TEXT');
      said = concat(said, frame.payload);
      cost += messageCost(frame.payload.length);
      return (frame.flags & flags.more) !== 0;
    };
    while (cost < limits.streamInitialBytes - 4) await take();
    expect(cost).toBeLessThanOrEqual(limits.streamInitialBytes);
    await rig.rig.stub.presence();
    expect(rig.home.waiting).toEqual([]);
    rig.credit(id, 1024 * 1024);
    while (await take());
    expect(new TextDecoder().decode(said)).toBe(text);
    expect(textOf(await rig.next('TEXT'))).toBe('after');
  });

  test('of home come whole to the visitor, wherever they were cut, and home gets credit for them', async () => {
    const rig = await WebSocketRig.open();
    const { id, visitor } = await rig.visit();
    const bytes = new TextEncoder().encode('\ufeffaé𝄞');
    for (const [at, byte] of bytes.entries()) {
      rig.home.send(encodeFrame('TEXT', id, Uint8Array.of(byte), at === bytes.length - 1 ? 0 : flags.more));
    }
    expect(await visitor.hears()).toEqual(['\ufeffaé𝄞']);
    let credit = limits.streamInitialBytes - bytes.length * messageCost(1);
    const whole = crypto.getRandomValues(new Uint8Array(65_536));
    const copies = 80;
    for (let n = 0; n < copies; n++) {
      while (credit < messageCost(whole.length)) credit += creditOf(await rig.next('CREDIT'));
      credit -= messageCost(whole.length);
      rig.binary(id, whole, n < copies - 1);
    }
    const [message] = await visitor.hears();
    const got = new Uint8Array(message as ArrayBuffer);
    expect(got.length).toBe(copies * whole.length);
    for (let n = 0; n < copies; n++) expect(got[n * whole.length + n]).toBe(whole[n]);
  });

  test('longer than limits.webSocketMessageBytes of a home that does not know better close the visitor’s with 1009', async () => {
    const rig = await WebSocketRig.open();
    const { id, visitor } = await rig.visit();
    const piece = new Uint8Array(limits.streamInitialBytes / 2);
    let credit: number = limits.streamInitialBytes;
    let sent = 0;
    while (sent <= limits.webSocketMessageBytes) {
      while (credit < messageCost(piece.length)) credit += creditOf(await rig.next('CREDIT'));
      credit -= messageCost(piece.length);
      sent += piece.length;
      rig.binary(id, piece, true);
    }
    expect(await visitor.closing()).toMatchObject({ code: 1009 });
    expect(cancelOf(await rig.next('CANCEL')).code).toBe('failed');
    expect((await rig.visit()).response.status).toBe(101);
  }, 30_000);

  test('that home may not send close the link: before a 101, on a plain request, two kinds in one, beyond its credit', async () => {
    const faults: ((rig: WebSocketRig, id: number) => void)[] = [
      (rig, id) => {
        rig.text(id, 'a', true);
        rig.binary(id, 1);
      },
      (rig, id) => rig.home.send(encodeFrame('CLOSE', id)),
      (rig, id) => rig.home.send(encodeFrame('CLOSE', id, Uint8Array.of(0x03, 0xed), flags.end)),
      (rig, id) => rig.home.send(encodeFrame('BINARY', id, new Uint8Array(limits.streamInitialBytes - 9))),
    ];
    for (const fault of faults) {
      const rig = await WebSocketRig.open();
      const { id, visitor } = await rig.visit();
      fault(rig, id);
      expect((await rig.home.closing()).code).toBe(closeCodes.protocol);
      expect((await visitor.closing()).code).toBe(1012);
    }
    for (const request of [asking(), new Request(site)]) {
      const { rig, home } = await WebSocketRig.open();
      const answer = rig.carry(request);
      const { id } = await home.request();
      home.send(encodeTextFrame('TEXT', 'too early', id));
      expect((await home.closing()).code).toBe(closeCodes.protocol);
      expect(await answer).toEqual({ failed: 'lost' });
    }
  });
});

describe('a close', () => {
  test('of the visitor comes to home with its code and reason, or without, behind the last message', async () => {
    const rig = await WebSocketRig.open();
    for (const [code, reason] of [
      [3456, 'é'],
      [undefined, ''],
    ] as const) {
      const { id, visitor } = await rig.visit();
      visitor.socket.send('last');
      if (code === undefined) visitor.socket.close();
      else visitor.socket.close(code, reason);
      await vi.waitUntil(() => rig.home.waiting.some(({ name }) => name === 'CLOSE'), patience);
      const names = rig.home.waiting.map(({ name }) => name);
      expect(names.indexOf('TEXT')).toBeLessThan(names.indexOf('CLOSE'));
      await rig.next('TEXT');
      expect(await rig.close()).toEqual({ code: code ?? null, reason });
      // Its echo is the end of the stream: what comes behind is for nobody.
      rig.home.send(encodeClose(id, { code: code ?? null, reason }));
      rig.text(id, 'late');
      expect(cancelOf(await rig.next('CANCEL')).code).toBe('unknown');
    }
  });

  test('of home comes to the visitor behind the last message, and is echoed to home at once', async () => {
    const rig = await WebSocketRig.open();
    for (const [code, reason] of [
      [4000, 'done'],
      [null, ''],
    ] as const) {
      const { id, visitor } = await rig.visit();
      rig.text(id, 'last');
      rig.home.send(encodeClose(id, { code, reason }));
      expect(await rig.close()).toEqual({ code, reason });
      expect(await visitor.closing()).toEqual({ code: code ?? 1005, reason });
      expect(visitor.heard).toEqual(['last']);
    }
  });

  test('of one side that the other never answers is over after limits.webSocketCloseMs', async () => {
    const clock = new HandClock();
    const rig = await WebSocketRig.open(async (made) => {
      await made.inside((object) => {
        object.outside.clock = clock;
      });
    });
    const { visitor } = await rig.visit();
    visitor.socket.close(1000);
    await rig.close();
    const cancelled = rig.next('CANCEL');
    let isCancelled = false;
    void cancelled.then(() => {
      isCancelled = true;
    });
    await vi.waitUntil(
      () => {
        clock.advance(limits.webSocketCloseMs / 4);
        rig.home.send(encodeFrame('CREDIT', 0xffff, new Uint8Array(4)));
        return isCancelled;
      },
      { timeout: 10_000, interval: 500 },
    );
    expect(cancelOf(await cancelled).reason).toContain('one side');
  }, 20_000);

  test('that nobody said is told by CANCEL, and by 1012 where coming back helps', async () => {
    const rig = await WebSocketRig.open();
    for (const [code, seen] of [
      ['service-down', 1012],
      ['failed', 1011],
    ] as const) {
      const { id, visitor } = await rig.visit();
      rig.home.send(encodeCancel(id, code, ''));
      expect(await visitor.closing()).toMatchObject({ code: seen });
    }
    const { visitor } = await rig.visit();
    rig.home.close();
    expect(await visitor.closing()).toEqual({ code: 1012, reason: 'home is out of reach' });
  });
});

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

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
