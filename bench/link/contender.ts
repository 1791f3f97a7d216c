// One that takes part: a tunnel that runs, where visitors reach it, and what it has used.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { treeCpuSecondsOf } from '../cpu.ts';
import { memoryOf, treeOf } from '../processes.ts';
import type { Target } from './load.ts';
import type { Ground, Peer, Tunnel } from './peers/peer.ts';
import { terminate } from './terminator.ts';

/** Where to send requests; the path is the measurement's. */
export type Door = Omit<Target, 'path'>;

export interface MemoryOfSides {
  readonly homeMb: number;
  readonly edgeMb: number;
}

export class Contender {
  readonly name: string;
  readonly https: Door;
  readonly plain: Door;
  readonly #tunnel: Tunnel;
  readonly #stop: () => Promise<void>;

  private constructor(name: string, tunnel: Tunnel, https: Door, plain: Door, stop: () => Promise<void>) {
    this.name = name;
    this.#tunnel = tunnel;
    this.https = https;
    this.plain = plain;
    this.#stop = stop;
  }

  static async open(peer: Peer, ground: Ground, ca: string): Promise<Contender> {
    const folder = join(ground.folder, peer.name.replaceAll(' ', '-'));
    mkdirSync(folder);
    const tunnel = await peer.start({ ...ground, folder });
    try {
      const { plainPort, httpsPort, host = 'localhost' } = tunnel;
      const before = httpsPort === null ? await terminate(plainPort, ground.certificates, folder) : null;
      const https = { origin: `https://localhost:${before?.httpsPort ?? httpsPort}`, ca, host };
      const plain = { origin: `http://localhost:${plainPort}`, host };
      const stop = async (): Promise<void> => {
        await before?.stop();
        await tunnel.stop();
      };
      return new Contender(peer.name, tunnel, https, plain, stop);
    } catch (thrown) {
      await tunnel.stop();
      throw thrown;
    }
  }

  /** Null where there is no tunnel. */
  get edgePid(): number | null {
    return this.#tunnel.edgePid;
  }

  /** 0 where there is no tunnel. */
  readonly homeCpuSeconds = (): number => secondsOf(this.#tunnel.homePid);
  readonly edgeCpuSeconds = (): number => secondsOf(this.#tunnel.edgePid);

  /** Null where there is no tunnel. */
  memory(field: 'residentMb' | 'peakMb'): MemoryOfSides | null {
    const { homePid, edgePid } = this.#tunnel;
    if (homePid === null || edgePid === null) return null;
    const sum = (pid: number): number => treeOf(pid).reduce((mb, one) => mb + memoryOf(one)[field], 0);
    return { homeMb: sum(homePid), edgeMb: sum(edgePid) };
  }

  /** Until what was broken off is over at home too, so that it does not count with what comes next. */
  async calm(): Promise<void> {
    const deadline = performance.now() + 5_000;
    while (performance.now() < deadline) {
      const before = this.homeCpuSeconds();
      await pause(100);
      if (this.homeCpuSeconds() - before <= 0.01) return;
    }
  }

  async close(): Promise<void> {
    await this.#stop();
  }
}

function secondsOf(pid: number | null): number {
  return pid === null ? 0 : treeCpuSecondsOf(pid);
}
