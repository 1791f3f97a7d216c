// WebSockets on which nothing moves: whoever does not read makes others wait or is closed, and an idle one costs nothing.

import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import type { LinkStage } from './link-stage.ts';
import { patience, WebSocketStage } from './web-socket-stage.ts';

const MiB = 1024 * 1024;

let sockets: WebSocketStage;
let stage: LinkStage;

beforeAll(async () => {
  sockets = await WebSocketStage.open();
  stage = sockets.link;
}, 60_000);

afterEach(() => sockets.hangUp());

afterAll(async () => await sockets.close());

describe('whoever does not read', () => {
  test('makes the service wait when it is a visitor, and the edge holds no more than the windows', async () => {
    const socket = connect(stage.stage.edge.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${stage.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    const before = sockets.atService.length;
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    const service = await vi.waitUntil(() => sockets.atService[before], patience);
    const rss = sockets.workerdBytes();
    let sent = 0;
    const total = 200;
    const send = (): void => {
      if (sent === total) return;
      service.socket.send(Buffer.alloc(MiB), () => {
        sent += 1;
        send();
      });
    };
    send();
    let last = -1;
    await vi.waitUntil(
      () => {
        const isStill = sent === last;
        last = sent;
        return isStill;
      },
      { interval: 300, timeout: 20_000 },
    );
    expect(sent).toBeLessThan(total / 4);
    expect(sockets.workerdBytes() - rss).toBeLessThan(48 * MiB);
    let got = 0;
    socket.on('data', (data) => {
      got += data.length;
    });
    socket.resume();
    await vi.waitUntil(() => got > total * MiB, { interval: 20, timeout: 60_000 });
    socket.destroy();
    await service.closing();
  }, 120_000);

  test('makes a visitor’s WebSocket close with 1013 when it is a service and too much waits; others go on', async () => {
    const { visitor, service } = await sockets.pair();
    const other = await sockets.pair();
    service.socket.pause();
    const rss = sockets.workerdBytes();
    let sent = 0;
    while (sent < 2 * limits.webSocketWaitingBytes && visitor.closed === null) {
      await new Promise((resolve) => visitor.socket.send(Buffer.alloc(MiB), resolve));
      sent += MiB;
    }
    expect(await visitor.closing()).toEqual({ code: 1013, reason: 'more is waiting than can be kept' });
    expect(sockets.workerdBytes() - rss).toBeLessThan(2 * limits.webSocketWaitingBytes);
    other.visitor.socket.send('others go on');
    expect(await other.service.hears(1)).toEqual(['others go on']);
    service.socket.resume();
    expect(await service.closing()).toMatchObject({ code: 1006 });
  }, 60_000);
});

describe('an idle WebSocket', () => {
  test('lets the object leave memory, for which the runtime takes 10 seconds, and goes on afterwards', async () => {
    const { visitor, service } = await sockets.pair();
    visitor.socket.send('before');
    await service.hears(1);
    service.socket.send('before');
    await visitor.hears(1);
    const made = async (): Promise<number> => Number(await (await stage.get('/made')).text());
    const before = await made();
    // Each look would keep it awake.
    const looks: number[] = [];
    await vi.waitUntil(
      async () => {
        looks.push(await made());
        return (looks.at(-1) ?? 0) > before;
      },
      { timeout: 60_000, interval: 14_000 },
    );
    visitor.socket.send('after');
    expect(await service.hears(1)).toEqual(['after']);
    service.socket.send(Buffer.alloc(5 * MiB));
    const [bytes] = await visitor.hears(1);
    expect((bytes as Buffer).length).toBe(5 * MiB);
    service.socket.close(4000, 'done');
    expect(await visitor.closing()).toEqual({ code: 4000, reason: 'done' });
  }, 90_000);
});
