// What the link costs: requests per second beside the same answer from the object itself, bytes per second, and the
// CPU seconds of home's process, which runs on the sun. Everything in processes of its own; the load comes from here.

import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK } from 'jose';
import { cpuSecondsOf } from '../cpu.ts';
import { start, told } from './child.ts';
import type { HomeOrders } from './home-process.ts';
import { download, type SmallFigures, smallRequests, type Target, upload } from './load.ts';
import { openStage, type Stage } from './stage.ts';

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

export interface SmallRound {
  readonly link: SmallFigures;
  readonly object: SmallFigures;
  /** workerd's CPU for a request answered by the object, as a share of that for one carried: less swayed by noise. */
  readonly edgeCpuRatio: number;
  readonly homeCpuSecondsPer10k: number;
}

export interface BulkRound {
  readonly megabytesPerSecond: number;
  readonly homeCpuSecondsPerGiB: number;
}

const GiB = 2 ** 30;

export class LinkBench {
  readonly #stage: Stage;
  readonly #home: ChildProcess;
  readonly #origin: ChildProcess;
  readonly #ca: string | null;

  private constructor(stage: Stage, home: ChildProcess, origin: ChildProcess, ca: string | null) {
    this.#stage = stage;
    this.#home = home;
    this.#origin = origin;
    this.#ca = ca;
  }

  /**
   * With `tls` as at a real home; without, to see what TLS costs. `homeFlags`: what Node is started with at home, to
   * see what a flag of V8 is worth.
   */
  static async open(tls: Tls | null, homeFlags: readonly string[] = []): Promise<LinkBench> {
    const stage = await openStage(tls ?? undefined);
    const origin = start(join(import.meta.dirname, 'origin-process.ts'));
    const { port } = await told(origin, (message) => message.port !== undefined);
    const home = start(join(import.meta.dirname, 'home-process.ts'), homeFlags);
    const ca = tls?.cert ?? null;
    const orders: HomeOrders = {
      edge: stage.edge.origin,
      host: new URL(stage.edge.origin).host,
      homeId: stage.homeId,
      key: await exportJWK(stage.privateKey),
      service: `http://127.0.0.1:${port}`,
      ca,
    };
    const isOpen = told(home, (message) => message.state?.link === 'open');
    home.send(orders);
    await isOpen;
    return new LinkBench(stage, home, origin, ca);
  }

  get origin(): string {
    return this.#stage.edge.origin;
  }

  /** CPU that workerd has used so far: at 32 connections it is what bounds requests per second. */
  get edgeCpuSeconds(): number {
    return cpuSecondsOf(this.#stage.edge.workerdPid);
  }

  get edgeRssBytes(): number {
    const status = readFileSync(`/proc/${this.#stage.edge.workerdPid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  async small(connections: number, count: number): Promise<SmallRound> {
    const edgeBefore = this.edgeCpuSeconds;
    const object = await smallRequests(this.#target('/self'), connections, count);
    const edgeBetween = this.edgeCpuSeconds;
    const before = await this.#cpuSeconds();
    const link = await smallRequests(this.#target('/kib'), connections, count);
    const used = (await this.#cpuSeconds()) - before;
    const edgeCpuRatio = (edgeBetween - edgeBefore) / (this.edgeCpuSeconds - edgeBetween);
    return { link, object, edgeCpuRatio, homeCpuSecondsPer10k: (used / count) * 10_000 };
  }

  async download(bytes: number, streams = 1): Promise<BulkRound> {
    const path = `/bytes/${Math.floor(bytes / streams)}`;
    return await this.#bulk(bytes, async () => {
      const all = Array.from({ length: streams }, async () => await download(this.#target(path)));
      return Math.max(...(await Promise.all(all)));
    });
  }

  async upload(bytes: number): Promise<BulkRound> {
    return await this.#bulk(bytes, async () => await upload(this.#target('/upload'), bytes));
  }

  async close(): Promise<void> {
    this.#home.disconnect();
    this.#origin.disconnect();
    await this.#stage.stop();
  }

  async #bulk(bytes: number, run: () => Promise<number>): Promise<BulkRound> {
    const before = await this.#cpuSeconds();
    const seconds = await run();
    const used = (await this.#cpuSeconds()) - before;
    return { megabytesPerSecond: bytes / 1e6 / seconds, homeCpuSecondsPerGiB: (used / bytes) * GiB };
  }

  #target(path: string): Target {
    return { origin: this.#stage.edge.origin, path, ...(this.#ca === null ? {} : { ca: this.#ca }) };
  }

  async #cpuSeconds(): Promise<number> {
    const answer = told(this.#home, (message) => message.cpu !== undefined);
    this.#home.send('cpu');
    const { cpu } = await answer;
    return cpu === undefined ? 0 : (cpu.user + cpu.system) / 1e6;
  }
}
