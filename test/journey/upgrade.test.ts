// Edge and home are updated one after the other, in either order, from whole programs of the version before
// (test/vectors/before/), on the same data, with deliveries that wait. In between, and after a step back, nothing is lost,
// doubled or out of order, and whoever knows less says so.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeReport } from '../../home-node/control/report.ts';
import { limits } from '../../shared/limits.ts';
import { type Before, unpackBefore } from '../support/before.ts';
import { porchlight, type Ran } from '../support/porchlight.ts';
import { ask, until } from '../support/processes.ts';
import { RecordedDomain } from '../support/recorded-domain.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';

interface StatusJson {
  readonly home: { readonly state: string };
  readonly services: readonly { readonly name: string; readonly state: string }[];
}

/** A domain, all of it of the version before, and what was delivered to it. */
class Stage {
  readonly house: RecordedDomain;
  readonly before: Before;
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Response>;
  readonly taken = new Map<string, string[]>();
  #sent = 0;

  private constructor(house: RecordedDomain, before: Before) {
    this.house = house;
    this.before = before;
    const get = trustingFetch(readFileSync(house.caFile, 'utf8'));
    this.get = async (path, headers) => await get(house.domain.origin + path, headers);
  }

  static async start(name: string): Promise<Stage> {
    let before: Before | undefined;
    const house = await RecordedDomain.start(name, ['alice', 'bob', 'carol'], async (folder) => {
      before = unpackBefore(folder);
      return { edgeProgram: before.edge };
    });
    if (before === undefined) throw new Error('nothing of the version before is there');
    return new Stage(house, before);
  }

  startOldHome(): void {
    this.house.domain.startHome([], this.before.home);
  }

  async updateEdge(): Promise<void> {
    this.house.domain.useEdge();
    await this.restartEdge();
  }

  async rollBackEdge(): Promise<void> {
    this.house.domain.useEdge(this.before.edge);
    await this.restartEdge();
  }

  /** As a deployment is to home: the socket is gone, and the next dial meets the other Worker. */
  async restartEdge(): Promise<void> {
    await this.house.domain.killEdge();
    await this.house.domain.startEdge();
  }

  async tellService(op: 'pause' | 'refuse' | 'take'): Promise<void> {
    await ask(this.house.service, op);
  }

  /** Sent one after another by each of them at once; the edge takes all, and home's service will. */
  async deliver(counts: Readonly<Record<string, number>>, content?: string): Promise<void> {
    const each = Object.entries(counts).map(async ([name, count]) => {
      for (let n = 0; n < count; n += 1) {
        this.#sent += 1;
        const id = `${this.house.actor(name)}/${this.#sent}`;
        expect(await this.house.deliver(name, id, content)).toBe(202);
        this.taken.set(name, [...(this.taken.get(name) ?? []), id]);
      }
    });
    await Promise.all(each);
  }

  /** What the service refuses for good. */
  async deliverInVain(name: string): Promise<string> {
    this.#sent += 1;
    const id = `${this.house.actor(name)}/${this.#sent}`;
    expect(await this.house.deliver(name, id)).toBe(202);
    return id;
  }

  /** Everything that was ever sent is at the service: once, and in the order of its sender. */
  async allIsThere(): Promise<void> {
    const of = (name: string): string[] =>
      this.house.recorded().flatMap(({ id, sender }) => (sender === this.house.actor(name) ? [id] : []));
    for (const [name, ids] of this.taken) {
      await until(`everything of ${name}`, () => (new Set(of(name)).size >= ids.length ? true : null));
      expect(of(name)).toEqual(ids);
    }
    expect(this.house.recorded().every(({ verified }) => verified)).toBe(true);
  }

  /** The link is open: a visitor's request reaches the service. */
  async carries(): Promise<void> {
    await until('the service, by way of the link', async () => {
      const answer = await this.get('/anything');
      return answer.status === 200 && (await answer.text()) === 'up\n' ? true : null;
    });
  }

  async isAsleep(): Promise<void> {
    const page = await this.get('/anything', { Accept: 'text/html' });
    expect(page.status).toBe(503);
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await page.text()).toContain(this.house.domain.host);
  }

  /** Home was there once and said what it takes: what is no signed delivery is told so. */
  async knowsInboxes(): Promise<void> {
    const unsigned = { from: 'alice', inbox: `${this.house.domain.origin}/inbox`, body: '{}' };
    const is400 = async (): Promise<true | null> =>
      (await ask<number>(this.house.peer, 'attempt', unsigned)) === 400 ? true : null;
    await until('inboxes of the snapshot', is400);
  }

  /** Status is remembered for limits.statusFreshMs. */
  async statusJson(fits: (status: StatusJson) => boolean): Promise<StatusJson> {
    return await until(
      'the status page',
      async () => {
        const status = (await (await this.get('/.porchlight/status.json')).json()) as StatusJson;
        return fits(status) ? status : null;
      },
      limits.statusFreshMs + 20_000,
    );
  }

  async run(...args: string[]): Promise<Ran> {
    const env = { PORCHLIGHT_HOME: this.house.domain.homeFolder, NODE_EXTRA_CA_CERTS: this.house.caFile };
    return await porchlight(args, { env });
  }

  async awake(): Promise<NodeReport> {
    return await until('home awake', async () => {
      const { code, out } = await this.run('status', '--json');
      if (code !== 0) return null;
      const report = JSON.parse(out) as NodeReport;
      return report.state === 'awake' && report.home?.link.state === 'open' ? report : null;
    });
  }

  async rotateKey(): Promise<void> {
    const { code, err } = await this.run('key', 'rotate');
    expect(code, err).toBe(0);
  }

  async homeSays(text: string): Promise<void> {
    await until(`"${text}" by home`, () => (this.house.domain.home.log.includes(text) ? true : null));
  }

  /** Something delivered, something dead, something that waits with a failed try behind it: small and large. */
  async liveForADay(): Promise<{ readonly dead: string }> {
    this.startOldHome();
    await this.knowsInboxes();
    await this.carries();
    await this.deliver({ alice: 3, bob: 2 });
    await this.allIsThere();
    await this.tellService('refuse');
    const dead = await this.deliverInVain('carol');
    await this.homeSays('the service answered 403');
    await this.tellService('pause');
    await this.deliver({ alice: 1, bob: 1 });
    await this.deliver({ alice: 1 }, 'a'.repeat(2 * limits.inlineBodyBytes));
    await this.deliver({ alice: 2 });
    return { dead };
  }

  homeJson(): unknown {
    return JSON.parse(readFileSync(join(this.house.domain.homeFolder, 'home.json'), 'utf8'));
  }
}

describe('the edge first, then home', () => {
  let stage: Stage;
  let dead: string;

  beforeAll(async () => {
    stage = await Stage.start('edge-first');
    ({ dead } = await stage.liveForADay());
  });

  afterAll(async () => await stage?.house.end());

  test('an edge that takes the place of the one before delivers what waits in its spool, by the old home', async () => {
    await stage.updateEdge();
    await stage.tellService('take');
    await stage.deliver({ alice: 1, bob: 1, carol: 1 });
    await stage.allIsThere();
  });

  test('the old home is carried to, and the status page says of its services what it can', async () => {
    await stage.carries();
    const { services } = await stage.statusJson(({ home }) => home.state === 'awake');
    expect(services).toMatchObject([{ name: 'recorder', state: 'unknown' }]);
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
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('home-first');
    await stage.liveForADay();
  });

  afterAll(async () => await stage?.house.end());

  test('home, updated on its folder, takes what waits at the old edge', async () => {
    await stage.house.domain.sleep();
    await stage.deliver({ alice: 1, carol: 1 });
    stage.house.domain.startHome();
    await stage.tellService('take');
    await stage.awake();
    await stage.allIsThere();
    await stage.carries();
    await stage.homeSays('The edge does not take settings yet');
  });

  test('status and spool say what the old edge cannot tell', async () => {
    const status = await stage.run('status');
    expect(status).toMatchObject({ code: 0 });
    expect(status.err).not.toContain('Cannot');
    expect(status.out).toMatch(/waiting +0/);
    expect(status.out).toMatch(/dead letters +1/);
    expect(status.out).toContain('of an earlier version');
    expect(status.out).not.toMatch(/undefined|NaN/);
    const list = await stage.run('spool', 'list');
    expect(list).toMatchObject({ code: 4, out: '' });
    expect(list.err).toContain('an edge of an earlier version');
    const letters = await stage.run('spool', 'list', '--dead');
    expect(letters.out).toContain(stage.house.actor('carol'));
  });

  test('a new key is refused by the old edge, and the old one stays', async () => {
    const rotated = await stage.run('key', 'rotate');
    expect(rotated.code).not.toBe(0);
    expect(rotated.err).toContain('an edge of an earlier version');
    await stage.restartEdge();
    await stage.carries();
  });

  test('doctor says that the edge is the older one', async () => {
    const { out } = await stage.run('doctor', '--json');
    const findings = JSON.parse(out) as { check: string; verdict: string; found: string }[];
    const said = findings.filter(({ check }) => check === 'versions');
    expect(said).toMatchObject([{ verdict: 'warning', found: expect.stringContaining('does not say its version') }]);
  });

  test('home sleeps and wakes at the old edge', async () => {
    expect(await stage.run('sleep', '--until', '8h')).toMatchObject({ code: 0 });
    await stage.isAsleep();
    await stage.deliver({ alice: 1, bob: 1 });
    expect(await stage.run('wake')).toMatchObject({ code: 0 });
    await stage.allIsThere();
  });

  test('the edge, updated while home runs, is told the rest on the next link', async () => {
    await stage.tellService('pause');
    await stage.deliver({ alice: 2, bob: 1 });
    await stage.updateEdge();
    await stage.tellService('take');
    await stage.allIsThere();
    await stage.statusJson((status) => status.services[0]?.state === 'up');
    expect((await stage.run('status')).out).not.toContain('of an earlier version');
    await stage.rotateKey();
    await stage.deliver({ bob: 1 });
    await stage.allIsThere();
  });
});

describe('a step back of the edge', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('step-back');
    await stage.liveForADay();
    await stage.updateEdge();
    await stage.house.domain.sleep();
    stage.house.domain.startHome();
    await stage.awake();
    await stage.rotateKey();
  });

  afterAll(async () => await stage?.house.end());

  test('to the program before, on what the new one wrote: what waits is delivered, by home with its new key', async () => {
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
});
