// WebSockets from a visitor's client to a service's server and back, through the real edge, link and home: what either end
// says arrives at the other as it was said, and whatever ends or stops, nobody is left hanging.

import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { limits } from '../../../shared/limits.ts';
import { LinkStage } from './link-stage.ts';
import { asBrowsers, type Closed, End, patience, WebSocketStage } from './web-socket-stage.ts';

const MiB = 1024 * 1024;

let sockets: WebSocketStage;
let stage: LinkStage;

beforeAll(async () => {
  sockets = await WebSocketStage.open();
  stage = sockets.link;
}, 60_000);

afterEach(() => sockets.hangUp());

afterAll(async () => await sockets.close());

describe('the handshake', () => {
  test('reaches the service as the visitor made it, and its 101 comes back with what the service said', async () => {
    const offered = new WebSocket(`${stage.stage.edge.origin.replace('http', 'ws')}/a/..//b?c=%2F`, ['v1', 'v2'], {
      headers: { Origin: 'https://app.example', Cookie: 'session=1' },
    });
    sockets.visitors.push(offered);
    offered.on('error', () => undefined);
    const answer = await new Promise<IncomingMessage>((resolve) => offered.on('upgrade', resolve));
    expect(answer.headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-service': 'here' });
    await vi.waitUntil(() => offered.readyState === WebSocket.OPEN, patience);
    expect(offered.protocol).toBe('v2');
    const seen = sockets.requests.at(-1);
    expect(seen?.headers).toMatchObject({
      host: stage.host,
      origin: 'https://app.example',
      cookie: 'session=1',
      'sec-websocket-protocol': 'v1,v2',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-host': stage.host,
    });
    expect(seen?.headers['sec-websocket-extensions']).toBeUndefined();
  });

  test('keeps the target as it was written, where the client does', async () => {
    const socket = stage.visitor(
      `GET /a/..//b?c=%2F HTTP/1.1\r\nHost: ${stage.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    socket.on('error', () => undefined);
    const head = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    // The platform's own reading of the address stands between.
    expect(sockets.requests.at(-1)?.url).toBe('//b?c=%2F');
  });

  test('that the service refuses is answered with its own answer', async () => {
    const { status, body, answer } = await sockets.refusal('/refused');
    expect([status, body, answer.headers['www-authenticate']]).toEqual([401, 'who are you?', 'Bearer']);
  });

  test('whose service chooses what nobody offered is a failure', async () => {
    expect(await sockets.refusal('/foreign-protocol', ['v1'])).toMatchObject({
      status: 502,
      body: expect.stringContaining('failed'),
    });
  });

  test('with a control character in a header is refused, with and without Upgrade, and the link goes on', async () => {
    const { visitor, service } = await sockets.pair();
    const before = sockets.requests.length;
    for (const value of ['b\x01c', '\x7f']) {
      for (const upgrade of ['Upgrade: websocket\r\nConnection: Upgrade\r\n', 'Connection: close\r\n']) {
        const socket = stage.visitor(
          `GET / HTTP/1.1\r\nHost: ${stage.host}\r\n${upgrade}X-A: ${value}\r\n` +
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
        );
        socket.on('error', () => undefined);
        let answer = '';
        socket.on('data', (data) => {
          answer += data.toString();
        });
        await vi.waitUntil(() => answer.includes('"failed":"bad-request"'), patience);
        socket.destroy();
      }
    }
    expect(sockets.requests.length).toBe(before);
    visitor.socket.send('still');
    expect(await service.hears(1)).toEqual(['still']);
  });

  test('without a choice of the service comes without one', async () => {
    const socket = stage.visitor(
      `GET / HTTP/1.1\r\nHost: ${stage.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: v1\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    socket.on('error', () => undefined);
    const head = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    expect(head).not.toMatch(/sec-websocket-protocol/i);
  });
});

describe('messages', () => {
  test('pass both ways as they are: text, binary, empty, and what the link’s own pings say', async () => {
    const { visitor, service } = await sockets.pair();
    const said = ['hello', 'ping', 'é𝄞\ufeff', '', Buffer.from([0, 255]), Buffer.alloc(0), '\ufeffmark'];
    for (const one of said) visitor.socket.send(one);
    expect(await service.hears(said.length)).toEqual(said);
    for (const one of said) service.socket.send(one);
    expect(await visitor.hears(said.length)).toEqual(said);
  });

  test('of several MiB arrive whole, in order with small ones, both ways', async () => {
    const { visitor, service } = await sockets.pair();
    const text = 'aé𝄞'.repeat(700_000);
    const binary = Buffer.alloc(5 * MiB, 'xyz');
    for (const [from, to] of [
      [visitor, service],
      [service, visitor],
    ] as const) {
      for (const one of ['before', binary, 'between', text, 'after']) from.socket.send(one);
      const [before, bytes, between, characters, after] = await to.hears(5);
      expect([before, between, after]).toEqual(['before', 'between', 'after']);
      expect(binary.equals(bytes as Buffer)).toBe(true);
      expect(characters === text).toBe(true);
    }
  }, 60_000);

  test('of 32 MiB pass, and longer ones close the WebSocket with 1009 at both ends', async () => {
    for (const direction of ['up', 'down'] as const) {
      const { visitor, service } = await sockets.pair();
      const [from, to] = direction === 'up' ? [visitor, service] : [service, visitor];
      from.socket.send(Buffer.alloc(limits.webSocketMessageBytes, 1));
      const [whole] = await to.hears(1);
      expect((whole as Buffer).length).toBe(limits.webSocketMessageBytes);
      from.socket.send(Buffer.alloc(limits.webSocketMessageBytes + 1, 1));
      expect(await to.closing()).toMatchObject({ code: 1009 });
      expect(await from.closing()).toMatchObject({ code: 1009 });
    }
  }, 120_000);

  test('in fragments of the service are one message to the visitor', async () => {
    const { visitor, service } = await sockets.pair();
    service.socket.send('one ', { fin: false });
    service.socket.send('two ', { fin: false });
    service.socket.send('three', { fin: true });
    expect(await visitor.hears(1)).toEqual(['one two three']);
  });
});

describe('a close', () => {
  const closes: [number | undefined, string, Closed][] = [
    [1000, 'done', { code: 1000, reason: 'done' }],
    [3000, 'é', { code: 3000, reason: 'é' }],
    [4999, 'x'.repeat(123), { code: 4999, reason: 'x'.repeat(123) }],
    [1011, '', { code: 1011, reason: '' }],
    [undefined, '', { code: 1005, reason: '' }],
  ];

  test.for(closes)(
    'of the visitor with %s reaches the service behind its last message',
    async ([code, reason, seen]) => {
      const { visitor, service } = await sockets.pair();
      visitor.socket.send(Buffer.alloc(300_000));
      visitor.socket.close(code, reason);
      expect(await service.closing()).toEqual(seen);
      expect(service.heard.length).toBe(1);
      expect(await visitor.closing()).toEqual(seen);
    },
  );

  test.for(closes)(
    'of the service with %s reaches the visitor behind its last message',
    async ([code, reason, seen]) => {
      const { visitor, service } = await sockets.pair();
      service.socket.send(Buffer.alloc(300_000));
      service.socket.close(code, reason);
      expect(await visitor.closing()).toEqual(seen);
      expect(visitor.heard.length).toBe(1);
      expect(await service.closing()).toEqual(seen);
    },
  );

  test('that is none reaches the other end too: a visitor who vanished, a service that died', async () => {
    const first = await sockets.pair();
    first.visitor.socket.terminate();
    expect(await first.service.closing()).toMatchObject({ code: 1006 });
    const second = await sockets.pair();
    second.service.socket.terminate();
    expect(await second.visitor.closing()).toEqual({ code: 1012, reason: 'the service is out of reach' });
  });

  test('leaves nothing behind, however often', async () => {
    for (let n = 0; n < limits.linkWebSockets + 8; n++) {
      const { visitor, service } = await sockets.pair();
      visitor.socket.close(1000);
      await service.closing();
    }
    const { visitor, service } = await sockets.pair();
    visitor.socket.send('still');
    expect(await service.hears(1)).toEqual(['still']);
  }, 120_000);
});

describe('when something in between goes', () => {
  test('both ends of a WebSocket learn of it within a second: home sleeps, is stopped, is overtaken, the edge dies', async () => {
    const own = await LinkStage.open((_, response) => response.end());
    const ends: End[] = [];
    const sockets = new WebSocketServer({ server: own.service });
    sockets.on('connection', (socket) => ends.push(new End(socket)));
    const open = async (): Promise<{ visitor: End; service: End }> => {
      const before = ends.length;
      const socket = new WebSocket(own.stage.edge.origin.replace('http', 'ws'), asBrowsers);
      const visitor = new End(socket);
      await vi.waitUntil(() => socket.readyState === WebSocket.OPEN, patience);
      return { visitor, service: await vi.waitUntil(() => ends[before], patience) };
    };
    try {
      const first = await own.openHome();
      const asleep = await open();
      await first.client.sleep(null);
      expect(await asleep.visitor.closing()).toEqual({ code: 1001, reason: 'home goes to sleep' });
      expect(await asleep.service.closing()).toEqual({ code: 1001, reason: 'home goes to sleep' });
      const second = await own.openHome();
      const stopped = await open();
      second.client.close();
      expect(await stopped.visitor.closing()).toEqual({ code: 1012, reason: 'home is out of reach' });
      expect(await stopped.service.closing()).toMatchObject({ code: 1006 });
      await own.openHome();
      const overtaken = await open();
      const third = await own.openHome();
      const why = { code: 1012, reason: 'a newer link takes over' };
      expect(await overtaken.visitor.closing()).toEqual(why);
      expect(await overtaken.service.closing()).toEqual(why);
      const cut = await open();
      process.kill(own.edgePid, 'SIGKILL');
      expect(await cut.service.closing()).toMatchObject({ code: 1006 });
      expect(await cut.visitor.closing()).toMatchObject({ code: 1006 });
      const openings = (): number => third.states.filter(({ link }) => link === 'open').length;
      await vi.waitUntil(() => openings() === 2, { ...patience, timeout: 30_000 });
    } finally {
      await own.close();
    }
  }, 60_000);
});
