// Edge and home are updated one after the other, in either order, from whole programs of the version before
// (test/vectors/before/), on the same data, with deliveries that wait. In between, and after a step back, nothing is lost,
// doubled or out of order, and whoever knows less says so.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeReport } from '../../home-node/control/report.ts';
import { until } from '../support/processes.ts';
import { UpdateStage } from '../support/update-stage.ts';

describe('the edge first, then home', () => {
  let stage: UpdateStage;
  let dead: string;

  beforeAll(async () => {
    stage = await UpdateStage.start('edge-first');
    ({ dead } = await stage.liveForADay());
  });

  afterAll(async () => await stage?.house.end());

  test('an edge that takes the place of the one before delivers what waits in its spool, by the old home', async () => {
    await stage.updateEdge();
    await stage.tellService('take');
    await stage.deliver({ alice: 1, bob: 1, carol: 1 });
    await stage.allIsThere();
  });

  test('the old home is carried to, and the status page says how its services are', async () => {
    await stage.carries();
    const { services } = await stage.statusJson(({ home }) => home.state === 'awake');
    expect(services).toMatchObject([{ name: 'recorder', state: 'up' }]);
  });

  test('the old home does not know how to give up its place: up is refused, and it goes on', async () => {
    const refused = await stage.run('up');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain('another home node is running');
    await stage.carries();
  });

  test('the old home goes to sleep at the new edge, and finds in the morning what came', async () => {
    await stage.house.domain.sleep();
    await stage.isAsleep();
    await stage.deliver({ alice: 2, carol: 1 });
    await stage.restartEdge();
    await stage.isAsleep();
    await stage.knowsInboxes();
    stage.startOldHome();
    await stage.allIsThere();
  });

  test('home, updated on its folder, is the same home, and says the rest: settings, services', async () => {
    await stage.tellService('pause');
    await stage.deliver({ alice: 2, bob: 1 });
    await stage.house.domain.sleep();
    await stage.deliver({ alice: 1 });
    const claimed = stage.homeJson();
    stage.house.domain.startHome(['--log', 'debug']);
    await stage.tellService('take');
    await stage.awake();
    await stage.homeSays('Left settings');
    expect(stage.homeJson()).toEqual(claimed);
    await stage.allIsThere();
    const { services } = await stage.statusJson((status) => status.services[0]?.state === 'up');
    expect(services).toMatchObject([{ name: 'recorder', state: 'up' }]);
  });

  test('what was delivered and what died before is known: counted, listed, and can be had again', async () => {
    const letters = await stage.run('spool', 'list', '--dead', '--json');
    const { deliveries } = JSON.parse(letters.out) as { deliveries: { seq: number; sender: string }[] };
    expect(deliveries).toMatchObject([{ sender: stage.house.actor('carol') }]);
    const total = [...stage.taken.values()].flat().length;
    const told = async (): Promise<NodeReport | null> => {
      const report = await stage.awake();
      return report.home?.spool?.waiting === 0 ? report : null;
    };
    const { home } = await until('an empty spool', told);
    expect(home?.spool).toMatchObject({ waiting: 0, dead: 1, kept: total, services: [] });
    // The newest of carol: the dead letter came before it and goes behind it now.
    const retried = await stage.run('spool', 'retry', String(deliveries[0]?.seq));
    expect(retried).toMatchObject({ code: 0 });
    stage.taken.get('carol')?.push(dead);
    await stage.allIsThere();
  });
});

describe('home first, then the edge', () => {
  let stage: UpdateStage;

  beforeAll(async () => {
    stage = await UpdateStage.start('home-first');
    await stage.liveForADay();
  });

  afterAll(async () => await stage?.house.end());

  test('home, updated on its folder, takes what waits at the old edge', async () => {
    await stage.house.domain.sleep();
    await stage.deliver({ alice: 1, carol: 1 });
    stage.house.domain.startHome(['--log', 'debug']);
    await stage.tellService('take');
    await stage.awake();
    await stage.allIsThere();
    await stage.carries();
    await stage.homeSays('Left settings');
  });

  test('the two speak the version of the older one, and doctor says which', async () => {
    const { out } = await stage.run('doctor', '--json');
    const findings = JSON.parse(out) as { check: string; verdict: string; found: string }[];
    const said = findings.filter(({ check }) => check === 'versions');
    expect(said).toMatchObject([{ verdict: 'well', found: expect.stringContaining('link version 2') }]);
  });

  test('status, spool and a new key work as with an edge of today', async () => {
    const status = await stage.run('status');
    expect(status).toMatchObject({ code: 0 });
    expect(status.out).toMatch(/waiting +0/);
    expect(status.out).toMatch(/dead letters +1/);
    expect(status.out).not.toMatch(/undefined|NaN|of an earlier version/);
    const letters = await stage.run('spool', 'list', '--dead');
    expect(letters.out).toContain(stage.house.actor('carol'));
    await stage.rotateKey();
    await stage.restartEdge();
    await stage.carries();
  });

  test('another home node of today takes the place of this one: the old edge closes the older link, and nothing is lost', async () => {
    await stage.deliver({ alice: 1, bob: 1 });
    await stage.replaceHome();
    await stage.deliver({ alice: 1, carol: 1 });
    await stage.allIsThere();
    await stage.carries();
  });

  test('home sleeps and wakes at the old edge', async () => {
    expect(await stage.run('sleep', '--until', '8h')).toMatchObject({ code: 0 });
    await stage.isAsleep();
    await stage.deliver({ alice: 1, bob: 1 });
    expect(await stage.run('wake')).toMatchObject({ code: 0 });
    await stage.allIsThere();
  });

  test('the edge, updated while home runs, speaks its own version on the next link', async () => {
    await stage.tellService('pause');
    await stage.deliver({ alice: 2, bob: 1 });
    await stage.updateEdge();
    await stage.tellService('take');
    await stage.allIsThere();
    await stage.statusJson((status) => status.services[0]?.state === 'up');
    expect((await stage.run('doctor')).out).toContain('link version 3');
    await stage.rotateKey();
    await stage.deliver({ bob: 1 });
    await stage.allIsThere();
  });
});

describe('a step back of the edge', () => {
  let stage: UpdateStage;

  beforeAll(async () => {
    stage = await UpdateStage.start('step-back');
    await stage.liveForADay();
    await stage.updateEdge();
    await stage.house.domain.sleep();
    stage.house.domain.startHome();
    await stage.tellService('take');
    await stage.awake();
    await stage.allIsThere();
    await stage.rotateKey();
  });

  afterAll(async () => await stage?.house.end());

  test('to the program before, on what the new one wrote: what waits is delivered, by home with its new key', async () => {
    await stage.tellService('pause');
    await stage.deliver({ alice: 2, carol: 1 });
    await stage.rollBackEdge();
    await stage.deliver({ alice: 1, bob: 1 });
    await stage.tellService('take');
    await stage.allIsThere();
    await stage.carries();
    expect((await stage.run('spool', 'list', '--dead')).out).toContain(stage.house.actor('carol'));
  });

  test('home sleeps there as well, and the edge forward again has counted everything right', async () => {
    expect(await stage.run('sleep')).toMatchObject({ code: 0 });
    await stage.isAsleep();
    await stage.deliver({ alice: 1, bob: 2 });
    await stage.updateEdge();
    await stage.isAsleep();
    await stage.deliver({ bob: 1 });
    expect(await stage.run('wake')).toMatchObject({ code: 0 });
    await stage.allIsThere();
    const total = [...stage.taken.values()].flat().length;
    const { home } = await until('an empty spool', async () => {
      const report = await stage.awake();
      return report.home?.spool?.waiting === 0 ? report : null;
    });
    expect(home?.spool).toMatchObject({ waiting: 0, dead: 1, kept: total });
    await stage.statusJson((status) => status.services[0]?.state === 'up');
  });

  test('home can step back too, on its folder, with the key that it has now', async () => {
    await stage.deliver({ alice: 1 });
    await stage.allIsThere();
    await stage.house.domain.sleep();
    await stage.deliver({ alice: 1, carol: 2 });
    stage.startOldHome();
    await stage.allIsThere();
    await stage.carries();
    await stage.statusJson((status) => status.services[0]?.state === 'up');
  });
});
