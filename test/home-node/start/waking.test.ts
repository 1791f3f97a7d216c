// The steps of waking and of bedtime, as `porchlight status` shows them: real homes, servers that hold them up.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimFileName } from '../../../home-node/claim-file.ts';
import { status } from '../../../home-node/cli/commands/status.ts';
import { askNode } from '../../../home-node/control/client.ts';
import type { LinkReport, NodeReport } from '../../../home-node/control/report.ts';
import { HomeNode } from '../../../home-node/node.ts';
import type { Progress } from '../../../home-node/progress.ts';
import { wakingProgress } from '../../../home-node/waking.ts';
import { fakeCli } from '../../support/fake-cli.ts';
import { freePort } from '../../support/ports.ts';
import { ask, until } from '../../support/processes.ts';
import { RecordedDomain } from '../../support/recorded-domain.ts';
import { embeddedDown, embeddedUp } from '../doctor/exams.ts';

const linkAs = (state: LinkReport['state']): LinkReport => ({ state, since: 0, trouble: null });

describe('the steps of waking', () => {
  const facts = { link: linkAs('dialling'), services: [embeddedUp], wasAwake: false, drain: null, greeting: null };
  const drain = { step: 'taking what waited', done: 1, of: 3 };
  const greeting = { step: 'greeting peers', done: 0, of: 9 };

  test('come in their order: services, link, snapshot, what waited, greetings, and nothing more', () => {
    const steps = [
      { ...facts, services: [embeddedUp, embeddedDown] },
      facts,
      { ...facts, link: linkAs('lost') },
      { ...facts, link: linkAs('open') },
      { ...facts, link: linkAs('open'), wasAwake: true, drain, greeting },
      { ...facts, link: linkAs('open'), wasAwake: true, greeting },
      { ...facts, link: linkAs('open'), wasAwake: true },
    ];
    expect(steps.map(wakingProgress)).toEqual([
      { step: 'starting services', done: 1, of: 2 },
      { step: 'opening the link', done: 0, of: null },
      { step: 'opening the link', done: 0, of: null },
      { step: 'leaving a snapshot', done: 0, of: null },
      drain,
      greeting,
      null,
    ]);
  });

  test('are not those of a home whose service goes down later, nor wait for one that its owner stopped', () => {
    expect(wakingProgress({ ...facts, services: [embeddedDown], link: linkAs('lost'), wasAwake: true })).toBeNull();
    const services = [embeddedUp, { ...embeddedDown, why: 'stopped' as const }];
    expect(wakingProgress({ ...facts, services })?.step).toBe('opening the link');
  });

  test('show what one service takes while another one still starts', () => {
    expect(wakingProgress({ ...facts, link: linkAs('open'), services: [embeddedDown], drain })).toEqual(drain);
  });
});

describe('a home whose edge is out of reach', () => {
  let folder: string;
  let node: HomeNode;
  let server: Server;
  let answers: number;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'porchlight-waking-'));
    answers = 500;
    server = createServer((_, response) => response.writeHead(answers).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const edge = `https://127.0.0.1:${await freePort()}`;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const service = `[[services]]\nname = "x"\nkind = "activitypub"\nurl = "${url}"\ninboxes = ["/inbox"]\n`;
    writeFileSync(join(folder, 'porchlight.toml'), `domain = "home.example"\nedge = "${edge}"\n${service}`);
    writeFileSync(join(folder, claimFileName), JSON.stringify({ homeId: 'h', edge, hosts: ['home.example'] }));
    node = await HomeNode.hold({ folder, claimCode: null, logLevel: 'error', wakeAt: null, replaySince: null });
  });

  afterEach(async () => {
    await node.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  test('reports which step it is at, also to who asked it to wake', async () => {
    await node.begin();
    expect(await node.report()).toMatchObject({
      state: 'waking',
      progress: { step: 'starting services', done: 0, of: 1 },
    });
    const told: Progress[] = [];
    const woken = node.wake((progress) => told.push(progress));
    await until('the first step is told', () => (told.length > 0 ? true : null));
    answers = 200;
    await until('the next step', async () =>
      (await node.report()).progress?.step === 'opening the link' ? true : null,
    );
    await until('it is told', () => (told.some(({ step }) => step === 'opening the link') ? true : null));
    expect(told[0]).toEqual({ step: 'starting services', done: 0, of: 1 });
    // Its bedtime ends the waiting.
    await node.end();
    await woken;
  });
});

describe('porchlight status', () => {
  let house: RecordedDomain;
  beforeAll(async () => {
    house = await RecordedDomain.start('waking', ['ada', 'ben', 'cyd']);
  }, 60_000);
  afterAll(async () => await house?.end());

  const report = async (): Promise<NodeReport | null> =>
    await askNode<NodeReport>(house.domain.homeFolder, 'status').catch(() => null);
  const shown = async (): Promise<string> => {
    const { cli, out } = fakeCli();
    await status(cli, { home: house.domain.homeFolder });
    return out();
  };
  const shows = async (what: RegExp): Promise<true> =>
    await until(`status shows ${what}`, async () => (what.test(await shown()) ? true : null));
  const awake = async (): Promise<true> =>
    await until('home is awake', async () => ((await report())?.state === 'awake' ? true : null));

  test('has a bar while home takes what waited, none when that is done, and a line while it goes to bed', {
    timeout: 120_000,
  }, async () => {
    house.domain.startHome();
    await awake();
    expect(await shown()).not.toMatch(/taking what waited|starting services/);
    await askNode(house.domain.homeFolder, 'sleep', { wakeAt: null });
    for (const actor of ['ada', 'ben', 'cyd']) {
      expect(await house.deliver(actor, `${house.peerOrigin}/creates/${actor}`)).toBe(202);
    }
    await ask(house.service, 'pause');
    await askNode(house.domain.homeFolder, 'wake');
    await shows(/░{24} 0 % {2}taking what waited: 0 of 3/);
    await ask(house.service, 'go on');
    await until('all are taken', () => (house.recorded().length === 3 ? true : null));
    await until('the bar is gone', async () => ((await shown()).includes('taking what waited') ? null : true));

    // It hangs with a delivery in hand, for which bedtime waits.
    await ask(house.service, 'hang');
    expect(await house.deliver('ada', `${house.peerOrigin}/creates/last`)).toBe(202);
    // At the edge it is there sooner: a home that has not yet begun with it has nothing to finish.
    await until('it is in hand', async () =>
      (await ask<{ hanging: number }>(house.service, 'hang')).hanging > 0 ? true : null,
    );
    const slept = askNode(house.domain.homeFolder, 'sleep', { wakeAt: null });
    await shows(/going to bed for .*\n(.*\n)*.*finishing deliveries \.\.\./);
    await ask(house.service, 'go on');
    await slept;
    expect(await report()).toMatchObject({ state: 'asleep', progress: null });
  });
});
