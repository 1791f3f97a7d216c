// A domain of the version before that is updated piece by piece, with all that was ever delivered to it, and what an owner
// and strangers see of it meanwhile. For test/journey/upgrade.test.ts.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { NodeReport } from '../../home-node/control/report.ts';
import { supersededExitCode } from '../../home-node/ended.ts';
import { limits } from '../../shared/limits.ts';
import { type Before, unpackBefore } from './before.ts';
import { porchlight, type Ran } from './porchlight.ts';
import { ask, until } from './processes.ts';
import { RecordedDomain } from './recorded-domain.ts';
import { trustingFetch } from './trusting-fetch.ts';

export interface StatusJson {
  readonly home: { readonly state: string };
  readonly services: readonly { readonly name: string; readonly state: string }[];
}

/** A domain, all of it of the version before, and what was delivered to it. */
export class UpdateStage {
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

  static async start(name: string): Promise<UpdateStage> {
    let before: Before | undefined;
    const house = await RecordedDomain.start(name, ['alice', 'bob', 'carol'], async (folder) => {
      before = unpackBefore(folder);
      return { edgeProgram: before.edge };
    });
    if (before === undefined) throw new Error('nothing of the version before is there');
    return new UpdateStage(house, before);
  }

  startOldHome(): void {
    this.house.domain.startHome([], this.before.home);
  }

  /** `porchlight up` while a home node of today runs. */
  async replaceHome(): Promise<void> {
    const older = this.house.domain.home;
    const newer = this.house.domain.startHome(['up'], 'home-node/cli/index.ts');
    expect(await older.exited).toBe(supersededExitCode);
    await until('the newer home node', async () => ((await this.awake()).pid === newer.child.pid ? true : null));
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
      // What the service refused for a while is tried again after a while that grows.
      await until(`everything of ${name}`, () => (new Set(of(name)).size >= ids.length ? true : null), 90_000);
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
