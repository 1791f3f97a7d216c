// Requests that find no link where one was a moment ago, and those that are lost with theirs.

import { describe, expect, test, vi } from 'vitest';
import { carry } from '../../../edge/link/carry.ts';
import { limits } from '../../../shared/limits.ts';
import { encodeCancel, encodeTextFrame } from '../../../shared/link/codec.ts';
import { servicesText } from '../../../shared/link/services.ts';
import type { DownReason } from '../../../shared/presence.ts';
import { HandClock } from '../home/directory-database.ts';
import { type HomeSocket, LinkRig } from './link-rig.ts';

const site = 'https://site.example';
const facts = { clientAddress: null, host: 'site.example', scheme: 'https' } as const;
const upload = (): Request => new Request(site, { method: 'POST', body: new Blob(['a'.repeat(100_000)]).stream() });

function services(n: number, host: string, why: DownReason | null): Uint8Array {
  const state = why === null ? 'up' : 'down';
  const service = { name: 'site', hosts: [host], state, since: 1, why, until: null } as const;
  return encodeTextFrame('SERVICES', servicesText(n, [service]));
}

/** A home whose link was open until a moment ago; requests wait for the next one. */
async function missed(holdMs: number = limits.carryHoldMs): Promise<{ rig: LinkRig; epoch: number }> {
  const rig = await LinkRig.open();
  await rig.holdFor(holdMs);
  const { socket, welcome } = await rig.openLink();
  await lose(rig, socket);
  return { rig, epoch: welcome.epoch };
}

async function lose(rig: LinkRig, socket: HomeSocket): Promise<void> {
  socket.close();
  await vi.waitUntil(async () => (await rig.stub.presence()).link === 'lost', { interval: 2 });
}

/** Is in the object, and waits. */
async function waits(answer: Promise<unknown>): Promise<void> {
  const first = await Promise.race([answer, new Promise((resolve) => setTimeout(() => resolve('waits'), 60))]);
  expect(first).toBe('waits');
}

describe('a request that finds no link where one was a moment ago', () => {
  test('waits for it, whatever its method, and is carried whole', async () => {
    const { rig, epoch } = await missed();
    const get = rig.carried(new Request(`${site}/get`));
    const post = rig.carried(upload());
    await waits(get);
    await waits(post);
    const { socket: home } = await rig.openLink({ epoch });
    const first = await home.request();
    home.respond(first.id, 'here');
    expect(await (await get).text()).toBe('here');
    const second = await home.request();
    expect([first.head.path, second.head.method]).toEqual(['/get', 'POST']);
    const data = await home.next('DATA');
    home.respond(second.id, `took ${data.payload.length > 0}`);
    expect(await (await post).text()).toBe('took true');
  });

  test('waits for no longer than it may, and is then told what home is', async () => {
    const { rig } = await missed(80);
    expect(await rig.carry(new Request(site))).toMatchObject({ absent: { link: 'lost' }, why: { reason: 'lost' } });
    expect(await rig.carry(upload())).toMatchObject({ absent: { link: 'lost' } });
  });

  test('waits for an object that was made anew: a deployment drops its sockets without a word', async () => {
    const rig = await LinkRig.open();
    await rig.holdFor(limits.carryHoldMs);
    const { welcome } = await rig.openLink();
    await rig.evict();
    const answer = rig.carried(new Request(site));
    await waits(answer);
    const { socket: home } = await rig.openLink({ epoch: welcome.epoch });
    home.respond((await home.request()).id, 'anew');
    expect(await (await answer).text()).toBe('anew');
  });

  test('does not wait for a home that was never there, sleeps, was shut out, or is gone for longer', async () => {
    const rig = await LinkRig.open();
    await rig.holdFor(60_000);
    expect(await rig.carry(new Request(site))).toMatchObject({ absent: { link: 'never' } });
    const asleep = await rig.openLink();
    asleep.socket.send(encodeTextFrame('SLEEP', '{"until":null}'));
    await asleep.socket.next('SLEPT');
    expect(await rig.carry(new Request(site))).toMatchObject({ absent: { link: 'asleep' } });
    asleep.socket.close();
    await rig.evict();
    expect(await rig.carry(new Request(site))).toMatchObject({ absent: { link: 'asleep' } });

    const revoked = await rig.openLink({ process: 'two' });
    await rig.stub.keepOnly(null, { code: 'revoked', reason: 'test' });
    expect((await revoked.socket.closing()).code).toBe(4401);
    expect(await rig.carry(new Request(site))).toMatchObject({ absent: { link: 'lost' } });

    const clock = new HandClock();
    await rig.inside((object) => {
      object.outside.clock = clock;
    });
    const { socket } = await rig.openLink({ process: 'three' });
    await lose(rig, socket);
    clock.advance(limits.linkMissedMs);
    expect(await rig.carry(new Request(site))).toMatchObject({ absent: { link: 'lost' } });
  });

  test('waits in vain once for a home that is gone: then it is written down, until that home is back', async () => {
    const rig = await LinkRig.open();
    const { welcome } = await rig.openLink();
    await rig.evict();
    await rig.holdFor(40);
    const before = await rig.rowWrites();
    expect(await rig.carry(new Request(site))).toMatchObject({ absent: { link: 'lost' } });
    expect((await rig.rowWrites()) - before).toBe(1);
    await rig.evict();
    await rig.holdFor(60_000);
    expect(await rig.carry(new Request(site))).toMatchObject({ absent: { link: 'lost' } });
    // The same process is back, and its socket dropped once more.
    await rig.openLink({ epoch: welcome.epoch });
    await rig.evict();
    const answer = rig.carried(new Request(site));
    await waits(answer);
    const { socket: home } = await rig.openLink({ epoch: welcome.epoch });
    home.respond((await home.request()).id, 'back');
    expect(await (await answer).text()).toBe('back');
  });

  test('is answered at once where too many wait', async () => {
    const { rig, epoch } = await missed(60_000);
    const many = Array.from({ length: limits.carryHeld }, async () => await rig.carry(new Request(site)));
    await waits(Promise.race(many));
    await vi.waitFor(async () =>
      expect(await rig.carry(new Request(site))).toMatchObject({ absent: { link: 'lost' } }),
    );
    const { socket: home } = await rig.openLink({ epoch });
    for (let n = 0; n < limits.carryHeld; n += 1) home.respond((await home.request()).id, null);
    expect((await Promise.all(many)).every((result) => 'carried' in result)).toBe(true);
  });

  test('waits for its service too, if that is only just starting, however home says so', async () => {
    const { rig, epoch } = await missed();
    const first = rig.carried(new Request(site), rig.host);
    await waits(first);
    const { socket: home } = await rig.openLink({ epoch, version: 2 });
    // It was carried before home could say how its services are.
    home.send(encodeCancel((await home.request()).id, 'service-down', 'starting'));
    await waits(first);
    home.send(services(1, rig.host, 'starting'));
    const second = rig.carried(new Request(site), rig.host);
    await waits(second);
    home.send(services(2, rig.host, null));
    for (const _ of [first, second]) home.respond((await home.request()).id, 'up');
    expect(await Promise.all([first, second].map(async (answer) => await (await answer).text()))).toEqual(['up', 'up']);
  });

  test('does not wait for a service that fails, nor for one that starts while the link is open for long', async () => {
    const rig = await LinkRig.open();
    await rig.holdFor(60_000);
    const clock = new HandClock();
    await rig.inside((object) => {
      object.outside.clock = clock;
    });
    const { socket: home } = await rig.openLink({ version: 2 });
    home.send(services(1, rig.host, 'failing'));
    await vi.waitFor(async () => expect((await rig.stub.presence()).services).toHaveLength(1));
    expect(await rig.carry(new Request(site), rig.host)).toMatchObject({ why: { reason: 'failing' } });
    clock.advance(limits.linkMissedMs);
    home.send(services(2, rig.host, 'starting'));
    await vi.waitFor(async () => expect((await rig.stub.presence()).services).toMatchObject([{ why: 'starting' }]));
    expect(await rig.carry(new Request(site), rig.host)).toMatchObject({ why: { reason: 'starting' } });
    const answer = rig.carry(new Request(site), rig.otherHost);
    home.send(encodeCancel((await home.request()).id, 'service-down', 'gone'));
    expect(await answer).toEqual({ failed: 'service-down' });
  });
});

describe('a request that is lost with its link', () => {
  test('is put on the next one if it is a GET or a HEAD, and home has not begun to answer', async () => {
    const rig = await LinkRig.open();
    await rig.holdFor(limits.carryHoldMs);
    const { socket: first, welcome } = await rig.openLink();
    const get = rig.carried(new Request(`${site}/get`));
    const head = rig.carried(new Request(`${site}/head`, { method: 'HEAD' }));
    await first.request();
    await first.request();
    await lose(rig, first);
    const { socket: second } = await rig.openLink({ epoch: welcome.epoch });
    const again = [await second.request(), await second.request()];
    expect(again.map(({ head: { method, path } }) => `${method} ${path}`)).toEqual(['GET /get', 'HEAD /head']);
    for (const {
      id,
      head: { method },
    } of again)
      second.respond(id, method === 'HEAD' ? null : 'at last');
    expect(await (await get).text()).toBe('at last');
    expect((await head).status).toBe(200);
  });

  test('goes on the link that takes the place of a living one, as when home changed its network', async () => {
    const rig = await LinkRig.open();
    const { socket: first, welcome } = await rig.openLink();
    const get = rig.carried(new Request(site));
    await first.request();
    const { socket: second } = await rig.openLink({ epoch: welcome.epoch });
    second.respond((await second.request()).id, 'over the other network');
    expect(await (await get).text()).toBe('over the other network');
  });

  test('is not sent again if the service may have done what it asks', async () => {
    const rig = await LinkRig.open();
    await rig.holdFor(60_000);
    const { socket: home } = await rig.openLink();
    const answers = [
      rig.carry(upload()),
      rig.carry(new Request(site, { method: 'DELETE' })),
      rig.carry(new Request(site, { method: 'POST' })),
    ];
    for (const _ of answers) await home.request();
    home.close();
    expect(await Promise.all(answers)).toEqual(answers.map(() => ({ failed: 'lost' })));
  });

  test('is broken off, never ended, if its answer had begun', async () => {
    const rig = await LinkRig.open();
    await rig.holdFor(limits.carryHoldMs);
    const { socket: home, welcome } = await rig.openLink();
    const answer = rig.carried(new Request(site));
    home.respond((await home.request()).id, 'half', { more: true });
    const response = await answer;
    home.close();
    await expect(response.text()).rejects.toThrow();
    const { socket: next } = await rig.openLink({ epoch: welcome.epoch });
    expect(next.waiting).toEqual([]);
  });

  test('is sent no more than twice, though it breaks every link that it comes to', async () => {
    const rig = await LinkRig.open();
    await rig.holdFor(limits.carryHoldMs);
    const { socket: first, welcome } = await rig.openLink();
    const answer = rig.carry(new Request(site));
    let home = first;
    for (let sent = 0; sent < limits.carrySends; sent += 1) {
      const { id } = await home.request();
      home.send(encodeTextFrame('RESPONSE', '{"status":"200"}', id));
      await home.closing();
      ({ socket: home } = await rig.openLink({ epoch: welcome.epoch }));
    }
    expect(await answer).toEqual({ failed: 'lost' });
    expect(home.waiting).toEqual([]);
  });
});

describe('a Link object that is reset', () => {
  const thrown = (failure: object = {}) => ({
    fetch: async () => await Promise.reject(Object.assign(new Error('the object was reset'), failure)),
  });

  test('is asked again, by a stub of its own, what may be asked twice', async () => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink();
    let stubs = 0;
    const anew = () => {
      stubs += 1;
      return stubs < 3 ? thrown() : rig.stub;
    };
    const answer = carry(thrown(), new Request(site), facts, anew);
    home.respond((await home.request()).id, 'after all');
    const result = await answer;
    expect('carried' in result && (await result.carried.text())).toBe('after all');
    expect(stubs).toBe(3);
  });

  test('is not asked again what may not, nor while the platform says that it is too much', async () => {
    const anew = vi.fn(() => thrown());
    expect(await carry(thrown(), upload(), facts, anew)).toEqual({ failed: 'lost' });
    expect(await carry(thrown(), new Request(site, { method: 'PUT' }), facts, anew)).toEqual({ failed: 'lost' });
    expect(await carry(thrown({ overloaded: true }), new Request(site), facts, anew)).toEqual({ failed: 'lost' });
    expect(anew).not.toHaveBeenCalled();
  });

  test('for good fails a request within limits.carryHoldMs', async () => {
    const anew = vi.fn(() => thrown());
    const began = performance.now();
    expect(await carry(thrown(), new Request(site), facts, anew)).toEqual({ failed: 'lost' });
    expect(performance.now() - began).toBeLessThanOrEqual(limits.carryHoldMs);
    expect(anew.mock.calls.length).toBeGreaterThan(3);
  });

  test('in the middle of a request loses no question: home dials the object as it is made anew', async () => {
    const rig = await LinkRig.open();
    const { socket: first, welcome } = await rig.openLink();
    const answer = carry(rig.fresh(), new Request(site), facts, () => rig.fresh());
    await first.request();
    await rig.crash();
    const { socket: second } = await rig.openLink({ epoch: welcome.epoch });
    second.respond((await second.request()).id, 'from the one made anew');
    const result = await answer;
    expect('carried' in result && (await result.carried.text())).toBe('from the one made anew');
  });
});
