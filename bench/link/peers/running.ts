// A peer's program while it runs: ends with the benchmark, and when it ends before, what it said is in the error.

import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { until } from '../../../test/support/processes.ts';

const keptLines = 20;

/** Those that run: none of them outlives the benchmark, however it ends. */
const all = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of all) child.kill('SIGKILL');
});

export class Running {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #said = '';
  #ended = false;

  constructor(command: string, args: readonly string[], folder: string) {
    this.#name = command;
    this.#child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const hear = (part: Buffer): void => {
      this.#said = `${this.#said}${part.toString()}`.split('\n').slice(-keptLines).join('\n');
    };
    this.#child.stdout?.on('data', hear);
    this.#child.stderr?.on('data', hear);
    all.add(this.#child);
    this.#exited = new Promise((resolve) => {
      const ended = (): void => {
        this.#ended = true;
        all.delete(this.#child);
        resolve();
      };
      this.#child.once('exit', ended);
      this.#child.once('error', (cause) => {
        this.#said += cause.message;
        ended();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Until something listens there. */
  async listens(port: number): Promise<void> {
    await until(`${this.#name} listens`, async () => {
      this.#mustRun();
      return (await accepts(port)) ? true : null;
    });
  }

  /** Until an HTTP request is answered there with 200. */
  async answers(port: number, host: string): Promise<void> {
    await until(`${this.#name} carries`, async () => {
      this.#mustRun();
      try {
        const answer = await fetch(`http://${host}:${port}/kib`, { signal: AbortSignal.timeout(2_000) });
        await answer.arrayBuffer();
        return answer.status === 200 ? true : null;
      } catch {
        // Nobody listens yet, or nobody is behind it: that is what is waited for.
        return null;
      }
    });
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await this.#exited;
    clearTimeout(late);
  }

  #mustRun(): void {
    if (this.#ended) throw new Error(`Cannot measure ${this.#name}: it ended.\n${this.#said}`);
  }
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
