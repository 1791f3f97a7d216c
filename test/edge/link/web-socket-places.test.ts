// Places for WebSockets, where strangers want all of them: those that are idle, those that are not, those that do not read.

import { describe, expect, test, vi } from 'vitest';
import { givesWay, longestStill } from '../../../edge/link/fair-share.ts';
import { limits } from '../../../shared/limits.ts';
import { encodeClose, encodeFrame } from '../../../shared/link/codec.ts';
import { messageCost } from '../../../shared/link/session.ts';
import { HandClock } from '../home/directory-database.ts';
import { asking, type Open, site, WebSocketRig } from './web-socket-rig.ts';

const busy = { failed: 'busy' };
const gaveWay = { code: 1013, reason: 'others need the place' };

async function open(): Promise<{ sockets: WebSocketRig; pass: (ms: number) => Promise<void> }> {
  const clock = new HandClock();
  const sockets = await WebSocketRig.open(async (rig) => {
    await rig.inside((object) => {
      object.outside.clock = clock;
      object.outside.stalls = { stalledMs: limits.streamStalledMs, crowdedMs: 10 };
    });
  });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    // Home is heard.
    sockets.home.send(encodeFrame('CREDIT', 0xffff, new Uint8Array(4)));
    await sockets.rig.stub.presence();
  };
  return { sockets, pass };
}

/** As many as may be: the same number of each network. */
async function filled(sockets: WebSocketRig, networks: number): Promise<Open[]> {
  const all: Open[] = [];
  for (let n = 0; n < limits.linkWebSockets; n++) {
    all.push(await sockets.visit({ from: `198.51.100.${n % networks}` }));
  }
  return all;
}

describe('places for WebSockets', () => {
  test('are limits.linkWebSockets; plain requests still pass, and a place that is free again is given', async () => {
    const { sockets } = await open();
    const all = await filled(sockets, limits.linkWebSockets);
    expect(await sockets.rig.carry(asking())).toEqual(busy);
    const plain = sockets.rig.carried(new Request(site));
    sockets.home.respond((await sockets.home.request()).id, 'plain');
    expect(await (await plain).text()).toBe('plain');
    all[0]?.visitor.socket.close(1000);
    await sockets.close();
    sockets.home.send(encodeClose(all[0]?.id ?? 0, { code: 1000, reason: '' }));
    expect((await sockets.visit()).response.status).toBe(101);
  }, 60_000);

  test('that a few networks hold are given up to others, one by one, however busy they are', async () => {
    const { sockets } = await open();
    const all = await filled(sockets, limits.linkWebSockets / limits.linkWebSocketsPerNetwork);
    for (let n = 0; n < 8; n++) {
      expect((await sockets.visit({ from: `203.0.113.${n}` })).response.status).toBe(101);
    }
    await vi.waitUntil(() => all.filter(({ visitor }) => visitor.closed !== null).length === 8);
    for (const { visitor } of all) if (visitor.closed !== null) expect(visitor.closed).toEqual(gaveWay);
  }, 60_000);

  test('that many networks hold are given up by who was still for limits.webSocketIdleCrowdedMs', async () => {
    const { sockets, pass } = await open();
    const all = await filled(sockets, limits.linkWebSockets);
    await pass(limits.webSocketIdleCrowdedMs - 1);
    expect(await sockets.rig.carry(asking())).toEqual(busy);
    for (const { id } of all.slice(1)) sockets.text(id, 'moves');
    for (const { visitor } of all.slice(1)) await visitor.hears();
    await pass(1);
    expect((await sockets.visit()).response.status).toBe(101);
    expect(await all[0]?.visitor.closing()).toEqual(gaveWay);
    expect(await sockets.rig.carry(asking())).toEqual(busy);
  }, 60_000);

  test('of one network are limits.linkWebSocketsPerNetwork, whatever address of it asks, also in another memory', async () => {
    const sockets = await WebSocketRig.open();
    await sockets.visit({ from: '2001:db9::1' });
    for (let n = 1; n < limits.linkWebSocketsPerNetwork; n++) await sockets.visit({ from: `2001:db9:0:${n}::1` });
    expect(await sockets.rig.carry(asking({ 'X-Forwarded-For': '192.0.2.1' }), undefined, '2001:db9::2')).toEqual(busy);
    await sockets.hibernate();
    expect(await sockets.rig.carry(asking(), undefined, '2001:db9::3')).toEqual(busy);
    expect((await sockets.visit({ from: '2001:db9:1::1' })).response.status).toBe(101);
  }, 60_000);

  test('are none when more than limits.webSocketLeftBytes of many networks are left unread', async () => {
    const { sockets, pass } = await open();
    const ownBytes = limits.streamInitialBytes - messageCost(0);
    // Two rounds, because the way to a visitor swallows a little.
    for (let round = 0; round < 2; round++) {
      const ids = new Set<number>();
      for (let n = 0; n * limits.streamInitialBytes < limits.webSocketLeftBytes; n++) {
        const { id } = await sockets.visit({ reads: false, from: `198.51.100.${n % 8}` });
        sockets.binary(id, ownBytes);
        ids.add(id);
      }
      await vi.waitUntil(
        async () => {
          await pass(limits.streamStalledMs / 2);
          while (sockets.home.waiting.some(({ name }) => name === 'CANCEL')) {
            ids.delete((await sockets.next('CANCEL')).stream);
          }
          return ids.size === 0;
        },
        { timeout: 20_000, interval: 20 },
      );
    }
    expect(await sockets.rig.carry(asking(), undefined, '203.0.113.99')).toEqual(busy);
  }, 60_000);
});

describe('who gives way', () => {
  const of = (network: string, movedAt: number): { network: string; movedAt: number } => ({ network, movedAt });

  test('is the stillest of the network that holds most, until others hold as many', () => {
    const all = [of('a', 5), of('a', 3), of('a', 4), of('b', 1)];
    expect(givesWay(all, 'c', 0)).toBe(all[1]);
    expect(givesWay(all, 'b', 0)).toBe(all[1]);
    expect(givesWay(all.slice(1), 'b', 0)).toBeNull();
    expect(givesWay(all, 'a', 0)).toBeNull();
  });

  test('is otherwise whoever was still for long enough, and nobody if none was', () => {
    const all = [of('a', 2), of('b', 1)];
    expect(givesWay(all, 'c', 1)).toBe(all[1]);
    expect(givesWay(all, 'c', 0)).toBeNull();
    expect([longestStill(all), longestStill([])]).toEqual([all[1], null]);
  });
});
