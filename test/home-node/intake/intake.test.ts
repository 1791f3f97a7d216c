// Services that are down, break off or are slow, and the end of the day.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../../home-node/log.ts';
import { externalDriver } from '../../../home-node/services/external.ts';
import { Supervisor } from '../../../home-node/services/supervisor.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { until } from '../../support/processes.ts';
import { allOf } from './all-of.ts';
import { House } from './house.ts';
import { plainAdapter } from './plain-adapter.ts';
import { SmallService } from './small-service.ts';

let house: House;

beforeEach(async () => {
  house = await House.start({ troubleMs: 50 });
});

afterEach(async () => {
  await house.end();
});

describe('a service', () => {
  test('that is down is not named in turns, gives back what it was to get, and is served when it is up', async () => {
    const { port } = house.service;
    await house.service.stop();
    for (let n = 0; n < 5; n += 1) house.edge.put(`a-${n}`, { sender: 'a' });
    house.connect();
    await until('everything given back', () => (house.edge.answers.length === 5 ? true : null));
    expect(new Set(house.edge.answers.map(({ outcome }) => outcome))).toEqual(new Set(['released']));
    expect(house.silent).toEqual(['home']);
    house.edge.put('a-5', { sender: 'a' });
    house.intake.wake();
    const before = house.edge.turns.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(house.edge.turns.slice(before)).toEqual([]);
    const again = await SmallService.start(port);
    house.serviceOrigin = again.origin;
    house.intake.wake();
    await allOf(house, 'kept');
    expect(again.bodies()).toEqual(['a-0', 'a-1', 'a-2', 'a-3', 'a-4', 'a-5']);
    await again.stop();
  });

  test('that its owner stopped keeps its deliveries waiting, and gets them, in order, when it is started', async () => {
    const { origin, port } = house.service;
    const supervisor = new Supervisor({
      services: [{ driver: externalDriver('home', origin), kind: 'activitypub', hosts: ['a.example'] }],
      clock: systemClock,
      log: createLog('error', systemClock, () => undefined),
      onUp: () => house.intake.wake(),
      onDown: (name) => house.intake.release(name),
      downFirstMs: 10,
    });
    house.recipients.set('home', { name: 'home', adapter: plainAdapter, origin: () => supervisor.origin('home') });
    supervisor.start();
    await until('it is up', () => supervisor.origin('home'));
    house.edge.put('a-0', { sender: 'a' });
    house.connect();
    await allOf(house, 'kept');
    await supervisor.stopService('home');
    for (let n = 1; n < 5; n += 1) house.edge.put(`a-${n}`, { sender: 'a' });
    // Another service is up: when it has its own, that of the stopped one has had its chance.
    const { service } = house;
    house.recipients.set('other', { name: 'other', adapter: plainAdapter, origin: () => service.origin });
    house.edge.put('b-0', { service: 'other', sender: 'b' });
    house.intake.wake();
    await until('the other has its own', () => (service.bodies().includes('b-0') ? true : null));
    expect(house.edge.rows.filter(({ state }) => state === 'waiting').length).toBeGreaterThanOrEqual(4);
    await supervisor.startService('home');
    await until('it is up again', () => supervisor.origin('home'));
    await allOf(house, 'kept');
    expect(house.service.bodies()).toEqual(['a-0', 'b-0', 'a-1', 'a-2', 'a-3', 'a-4']);
    expect(house.service.port).toBe(port);
    expect(house.edge.answers.filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
    await supervisor.stop();
  });

  test('that breaks off in the middle is asked again later, and its delivery waits', async () => {
    let breaks = 1;
    house.service.behave = (_, response) => {
      if (breaks > 0) response.destroy();
      else response.writeHead(202).end();
      breaks -= 1;
    };
    house.edge.put('a-0');
    house.edge.put('a-1');
    house.connect();
    await until('two answers', () => (house.edge.answers.length === 2 ? true : null));
    expect(house.edge.answers.map(({ outcome }) => outcome)).toEqual(['later', 'released']);
    house.serviceOrigin = house.service.origin;
    house.intake.wake();
    await allOf(house, 'kept');
    expect(house.service.bodies()).toEqual(['a-0', 'a-0', 'a-1']);
  });

  test('that is slow does not keep another service from its deliveries', async () => {
    const other = await SmallService.start();
    house.recipients.set('other', {
      name: 'other',
      adapter: house.recipients.get('home')?.adapter ?? expect.fail(),
      origin: () => other.origin,
    });
    const open: (() => void)[] = [];
    house.service.behave = async (_, response) => {
      await new Promise<void>((resolve) => open.push(resolve));
      response.writeHead(202).end();
    };
    for (let n = 0; n < 3 * limits.leaseDeliveries; n += 1) house.edge.put(`slow-${n}`, { sender: `s${n}` });
    for (let n = 0; n < 20; n += 1) house.edge.put(`quick-${n}`, { sender: 'q', service: 'other' });
    house.connect();
    await until('the quick ones', () => (other.received.length === 20 ? true : null));
    house.service.behave = (_, response) => void response.writeHead(202).end();
    for (const finish of open) finish();
    await allOf(house, 'kept');
    await other.stop();
  });
});

describe('bedtime', () => {
  test('finishes what is before a service, gives back the rest, and tells the edge of both', async () => {
    let finish: () => void = () => undefined;
    house.service.behave = async (_, response) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      response.writeHead(202).end();
    };
    for (let n = 0; n < 3; n += 1) house.edge.put(`a-${n}`, { sender: 'a' });
    house.connect();
    await until('the first is sent', () => (house.service.pending === 1 ? true : null));
    const finished = house.intake.finish(10_000);
    finish();
    expect(await finished).toBe(true);
    expect(house.edge.states()).toEqual(['kept', 'waiting', 'waiting']);
    expect(house.service.bodies()).toEqual(['a-0']);
  });

  test('does not wait longer than its bound for a service that hangs', async () => {
    house.service.behave = () => undefined;
    house.edge.put('hangs');
    house.connect();
    await until('it is sent', () => (house.service.pending === 1 ? true : null));
    expect(await house.intake.finish(100)).toBe(false);
    expect(house.edge.states()).toEqual(['waiting']);
  });

  test('is over at once when nothing is in hand', async () => {
    house.connect();
    await until('the first turn', () => (house.edge.turns.length === 1 ? true : null));
    await until('it is over', async () => ((await house.intake.finish(1_000)) ? true : null));
  });
});
