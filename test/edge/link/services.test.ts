// What home says of its services, and what the Link object makes of it.

import { describe, expect, test, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { encodeTextFrame } from '../../../shared/link/codec.ts';
import { closeCodes } from '../../../shared/link/frames.ts';
import { servicesText } from '../../../shared/link/services.ts';
import type { ServiceState } from '../../../shared/presence.ts';
import { HandClock } from '../home/directory-database.ts';
import { type HomeSocket, LinkRig } from './link-rig.ts';

const since = 1_700_000_000_000;

function service(host: string, change: Partial<ServiceState> = {}): ServiceState {
  return { name: 'blog', hosts: [host], state: 'down', since, why: 'stopped', until: null, ...change };
}

function say(home: HomeSocket, n: number, ...services: readonly ServiceState[]): void {
  home.send(encodeTextFrame('SERVICES', servicesText(n, services)));
}

/** Goes on when the edge knows it. */
async function said(rig: LinkRig, home: HomeSocket, n: number, ...services: readonly ServiceState[]): Promise<void> {
  say(home, n, ...services);
  await vi.waitFor(async () => expect((await rig.stub.presence()).services).toEqual(services), { interval: 2 });
}

/** A request for this host is carried, and home answers it. */
async function expectCarried(rig: LinkRig, home: HomeSocket, host: string): Promise<void> {
  const answer = rig.carry(new Request(`https://${host}/`), host);
  home.respond((await home.request()).id, 'here');
  const result = await answer;
  expect('carried' in result ? await result.carried.text() : result).toBe('here');
}

describe('a service that home says is down', () => {
  test('is not carried to, and the rest of home is; when it is up again it is carried to', async () => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink({ version: 2 });
    await expectCarried(rig, home, rig.host);
    const until = Date.now() + 3_600_000;
    const down = service(rig.host, { until });
    await said(rig, home, 1, down);
    expect(await rig.carry(new Request(`https://${rig.host}/`), rig.host)).toEqual({
      absent: { link: 'connected', since: expect.any(Number), services: [down] },
      why: { reason: 'stopped', service: 'blog', until },
    });
    await expectCarried(rig, home, rig.otherHost);
    await said(rig, home, 2, service(rig.host, { state: 'up', why: null }));
    await expectCarried(rig, home, rig.host);
  });

  test('stays so through hibernation', async () => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink({ version: 2 });
    await said(rig, home, 1, service(rig.host));
    await rig.hibernate();
    const result = await rig.carry(new Request(`https://${rig.host}/`), rig.host);
    expect(result).toMatchObject({ why: { reason: 'stopped' } });
    await expectCarried(rig, home, rig.otherHost);
    // An older saying changes nothing, also after the memory went.
    say(home, 0, service(rig.host, { state: 'up', why: null }));
    await said(rig, home, 2, service(rig.host, { why: 'failing' }));
  });

  test('is forgotten with the link: the lost link has the first word, and the next begins without a word', async () => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink({ version: 2 });
    await said(rig, home, 1, service(rig.host));
    home.close();
    await vi.waitUntil(async () => (await rig.stub.presence()).link === 'lost', { interval: 5 });
    expect(await rig.stub.presence()).not.toHaveProperty('services');
    expect(await rig.carry(new Request(`https://${rig.host}/`), rig.host)).toMatchObject({ why: { reason: 'lost' } });
    const { socket: again } = await rig.openLink({ version: 2 });
    await expectCarried(rig, again, rig.host);
  });

  test('is known while home sleeps, so that nobody is promised it for when only home is back', async () => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink({ version: 2 });
    const wake = Date.now() + 3_600_000;
    await said(rig, home, 1, service(rig.host, { until: wake + 7_200_000 }));
    home.send(encodeTextFrame('SLEEP', JSON.stringify({ until: wake })));
    await home.next('SLEPT');
    home.close();
    await rig.hibernate();
    const promised = async (host: string): Promise<unknown> => await rig.carry(new Request(`https://${host}/`), host);
    expect(await promised(rig.host)).toMatchObject({ why: { reason: 'asleep', until: wake + 7_200_000 } });
    expect(await promised(rig.otherHost)).toMatchObject({ why: { reason: 'asleep', until: wake } });
  });
});

describe('SERVICES', () => {
  test('costs no row, however often a service flaps', async () => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink({ version: 2 });
    const before = await rig.rowWrites();
    for (let n = 1; n <= 50; n++) say(home, n, service(rig.host, n % 2 === 0 ? { state: 'up', why: null } : {}));
    await said(rig, home, 51, service(rig.host, { why: 'failing' }));
    expect((await rig.rowWrites()) - before).toBe(0);
  });

  test('says nothing of hosts that this home did not claim', async () => {
    const rig = await LinkRig.open();
    const neighbour = await LinkRig.open();
    const { socket: home } = await rig.openLink({ version: 2 });
    const foreign = service(neighbour.host, { name: 'foreign' });
    const mixed = service(rig.host, { hosts: [neighbour.host, rig.host, 'site.example'] });
    say(home, 1, foreign, mixed);
    await vi.waitFor(async () => expect((await rig.stub.presence()).services).toEqual([service(rig.host)]));
    await expectCarried(rig, home, 'site.example');
  });

  test('knows hosts that were claimed later from the next session on, without a row for each session', async () => {
    const rig = await LinkRig.open();
    const { socket: first, welcome } = await rig.openLink({ version: 2 });
    const later = `later.${rig.host}`;
    say(first, 1, service(later), service(rig.host, { name: 'site' }));
    await vi.waitFor(async () => expect((await rig.stub.presence()).services).toHaveLength(1));
    await rig.claim(later);
    const before = await rig.rowWrites();
    for (let n = 0; n < 3; n++) {
      const { socket } = await rig.openLink({ version: 2, epoch: welcome.epoch });
      await said(rig, socket, 1, service(later));
    }
    expect((await rig.rowWrites()) - before).toBe(1);
  });

  test('does not move a beginning into the future, though home’s clock is ahead', async () => {
    const rig = await LinkRig.open();
    const clock = new HandClock();
    await rig.inside((object) => {
      object.outside.clock = clock;
    });
    const { socket: home } = await rig.openLink({ version: 2 });
    say(home, 1, service(rig.host, { since: clock.now() + 1_000_000 }));
    await vi.waitFor(async () => {
      expect((await rig.stub.presence()).services).toEqual([service(rig.host, { since: clock.now() })]);
    });
  });

  test('of the largest size that is allowed fits on the socket beside everything else', async () => {
    const rig = await LinkRig.open();
    const hosts: string[] = [];
    const services: ServiceState[] = [];
    while (services.length < limits.services) {
      const own = Array.from(
        { length: 2 },
        () => `${'h'.repeat(51)}${hosts.length}.${'x'.repeat(20)}${services.length}`,
      );
      const next = service('', { name: `s${services.length}`, hosts: own.map((host, n) => `${n}${host}`) });
      const text = servicesText(1, [...services, next]);
      if ((JSON.parse(text) as { services: unknown[] }).services.length <= services.length) break;
      services.push(next);
      hosts.push(...next.hosts);
    }
    expect(servicesText(1, services).length).toBeGreaterThan(limits.servicesBytes - 400);
    for (const host of hosts) await rig.claim(host);
    const { socket: home } = await rig.openLink({ version: 2 });
    await said(rig, home, 1, ...services);
    await rig.hibernate();
    expect((await rig.stub.presence()).services).toEqual(services);
  });

  test.each([
    ['that is malformed', encodeTextFrame('SERVICES', '{"n":1,"services":{}}'), 'link-malformed'],
    ['that is too long', encodeTextFrame('SERVICES', ' '.repeat(limits.servicesBytes + 1)), 'link-oversize'],
  ])('%s loses the link', async (_, message, reason) => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink({ version: 2 });
    home.send(message);
    expect(await home.closing()).toEqual({ code: closeCodes.protocol, reason });
  });

  test('on a link of version 1, which does not know it, loses the link', async () => {
    const rig = await LinkRig.open();
    const { socket: home } = await rig.openLink({ version: 1 });
    say(home, 1, service(rig.host));
    expect(await home.closing()).toEqual({ code: closeCodes.protocol, reason: 'link-untimely' });
  });
});
