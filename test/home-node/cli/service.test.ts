// `porchlight service`: one stops, stays so when the home node starts again, and comes back.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ServiceReport } from '../../../home-node/control/report.ts';
import { porchlight, type Ran, untilAwake } from '../../support/porchlight.ts';
import { RecordedDomain } from '../../support/recorded-domain.ts';

let house: RecordedDomain;

beforeAll(async () => {
  house = await RecordedDomain.start('service', ['alice']);
  await start();
}, 60_000);

afterAll(async () => await house?.end());

async function start(): Promise<void> {
  house.domain.startHome();
  await untilAwake(house.domain.homeFolder);
}

async function service(...args: string[]): Promise<Ran> {
  const env = { PORCHLIGHT_HOME: house.domain.homeFolder, NODE_EXTRA_CA_CERTS: house.caFile };
  return await porchlight(['service', ...args], { env });
}

async function listed(): Promise<readonly ServiceReport[]> {
  return JSON.parse((await service('list', '--json')).out) as ServiceReport[];
}

const create = (name: string): string => `${house.peerOrigin}/creates/${name}`;

describe('service', { timeout: 60_000 }, () => {
  test('list shows each with its kind, state and hosts', async () => {
    const { code, out } = await service('list');
    expect(code).toBe(0);
    expect(out).toMatch(/^service +kind +state +for +hosts\nrecorder +activitypub +up +\d+ s +localhost:\d+\n$/);
    expect(await listed()).toMatchObject([{ name: 'recorder', kind: 'activitypub', state: 'up', why: null }]);
  });

  test('stop puts it to rest; what comes waits at the edge', async () => {
    const { code, out } = await service('stop', 'recorder', '--until', '8h');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^recorder is stopped; the edge answers for it\.\nStrangers are told: back at .*\n.*service start recorder\n$/,
    );
    expect(await listed()).toMatchObject([{ state: 'down', why: 'stopped', until: expect.any(Number) }]);
    expect(await house.deliver('alice', create('1'))).toBe(202);
    expect((await service('list')).out).toContain('stopped, back at ');
    expect(house.recorded()).toEqual([]);
  });

  test('it stays stopped when the home node starts again', async () => {
    await house.domain.sleep();
    await start();
    expect(await listed()).toMatchObject([{ why: 'stopped' }]);
    expect(house.recorded()).toEqual([]);
  });

  test('start brings it back, and what waited comes', async () => {
    const { code, out } = await service('start', 'recorder');
    expect({ code, out }).toEqual({ code: 0, out: 'recorder is being started.\n' });
    await vi.waitUntil(() => house.recorded().length === 1, { timeout: 20_000 });
    await vi.waitUntil(async () => (await listed())[0]?.state === 'up', { timeout: 20_000 });
  });

  test('stop and start say for programs what was done', async () => {
    expect(JSON.parse((await service('stop', 'recorder', '--json')).out)).toEqual({
      name: 'recorder',
      stopped: true,
      until: null,
    });
    expect(JSON.parse((await service('start', 'recorder', '--json')).out)).toEqual({
      name: 'recorder',
      stopped: false,
    });
  });

  test('a name that is none is refused with those that there are, a time that is over before anything is done', async () => {
    const { code, err } = await service('stop', 'recordr');
    expect(code).toBe(1);
    expect(err).toContain('this home has recorder');
    expect((await service('stop', 'recorder', '--until', '2020-01-01T00:00')).code).toBe(2);
    expect(await listed()).not.toMatchObject([{ why: 'stopped' }]);
  });

  test('a home that sleeps says so of its services', async () => {
    const env = { PORCHLIGHT_HOME: house.domain.homeFolder };
    await porchlight(['sleep'], { env });
    expect((await service('list')).out).toContain('Home sleeps');
    expect(await listed()).toEqual([]);
    expect((await service('start', 'recorder')).err).toContain('porchlight wake');
  });
});
