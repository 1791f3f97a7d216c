// A house for the benchmarks: the edge in this process's own workerd, with the doors of bench-worker.ts, and the home
// node as a process. Plain HTTP on loopback: what is measured is ours, not TLS.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalEdge, startEdge } from '../../local/edge.ts';
import { bundleWorker } from '../../local/edge-bundle.ts';
import { freePort } from '../../test/support/ports.ts';
import { Program, until } from '../../test/support/processes.ts';
import { cpuSecondsOf } from '../cpu.ts';
import type { Ground } from './exchange.ts';

export class House {
  readonly edge: LocalEdge;
  readonly host: string;
  readonly folder: string;
  readonly ground: Ground;
  readonly #homeFolder: string;
  readonly #code: string;
  #home: Program | null = null;

  private constructor(edge: LocalEdge, ground: Ground, folder: string, homeFolder: string, code: string) {
    this.edge = edge;
    this.ground = ground;
    this.folder = folder;
    this.host = `localhost:${edge.port}`;
    this.#homeFolder = homeFolder;
    this.#code = code;
  }

  static async open(devKeyOrigins: readonly string[], servicesToml: string): Promise<House> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-bench-'));
    const bundlePath = join(folder, 'worker.js');
    writeFileSync(bundlePath, await bundleWorker(join(import.meta.dirname, 'bench-worker.ts')));
    const plainPort = await freePort();
    const dataDir = join(folder, 'edge');
    // A line for each of ten thousand deliveries would hide everything else.
    const onLine = (): void => undefined;
    const edge = await startEdge({ port: 0, dataDir, devKeyOrigins, bundlePath, plainPort, onLine });
    const host = `localhost:${edge.port}`;
    const homeFolder = join(folder, 'home');
    mkdirSync(homeFolder);
    const development = '[development]\nallow_private_addresses = true\n';
    writeFileSync(
      join(homeFolder, 'porchlight.toml'),
      `domain = "${host}"\nedge = "http://${host}"\n${development}${servicesToml}`,
    );
    const ground = { origin: `http://127.0.0.1:${plainPort}`, workerdPid: () => edge.workerdPid };
    return new House(edge, ground, folder, homeFolder, await edge.issueClaimCode([host]));
  }

  /** `flags`: what Node is started with, for a profile. */
  async startHome(flags: readonly string[] = []): Promise<void> {
    const args = ['home-node/main.ts', '--home', this.#homeFolder, '--claim', this.#code, '--log', 'warn'];
    this.#home = new Program('home', [...flags, ...args]);
    await until('what home leaves at the edge', async () => {
      const answer = await fetch(`http://${this.host}/inbox`, { method: 'POST', body: '{}' });
      await answer.arrayBuffer();
      return answer.status === 400 ? true : null;
    });
  }

  /** CPU that the home node has used so far, with all its threads. */
  homeCpuSeconds(): number {
    return cpuSecondsOf(this.#home?.child.pid);
  }

  async stopHome(): Promise<void> {
    await this.#home?.stop();
    this.#home = null;
  }

  async close(): Promise<void> {
    await this.#home?.kill();
    await this.edge.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const recorderToml = (port: number): string =>
  `[[services]]\nname = "recorder"\nkind = "activitypub"\nurl = "http://127.0.0.1:${port}"\ninboxes = ["/inbox"]\nsignatures = ["cavage"]\n`;
