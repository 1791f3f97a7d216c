// A visitor's WebSocket as home and visitor see it: what passes, what does not, and how each end learns of the other's.

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
import { closeCodes, flags, ping, pong } from '../../../shared/link/frames.ts';
import { messageCost } from '../../../shared/link/session.ts';
import { HandClock } from '../home/directory-database.ts';
import { LinkRig } from './link-rig.ts';
import { asking, site, WebSocketRig } from './web-socket-rig.ts';

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

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
