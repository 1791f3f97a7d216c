// A service as a child process of the home node. It says where it listens by one line of JSON on standard output,
// {"listening": port}; it is started again when it ends, ever later if it keeps ending; and it ends with the home node,
// also when that one is killed, because its standard input is a pipe from here that it watches for its end.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Log } from '../log.ts';
import type { Driver } from './driver.ts';

export interface ProcessDriverOptions {
  readonly name: string;
  readonly log: Log;
  /** Program of this Node and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  /** Wait before a restart, ms: the first, doubling up to the longest; forgotten after `stableMs` of running. */
  readonly restartFirstMs?: number;
  readonly restartMaxMs?: number;
  readonly stableMs?: number;
  /** How long a stop may take before it is forced, ms. */
  readonly stopMs?: number;
}

export class ProcessDriver implements Driver {
  readonly name: string;
  readonly #options: Required<ProcessDriverOptions>;
  #child: ChildProcess | null = null;
  #origin: string | null = null;
  #restart: NodeJS.Timeout | null = null;
  #failures = 0;
  #stopping = false;
  #onChange: () => void = () => undefined;

  constructor(options: ProcessDriverOptions) {
    this.name = options.name;
    this.#options = { restartFirstMs: 250, restartMaxMs: 30_000, stableMs: 60_000, stopMs: 8_000, ...options };
  }

  start(onChange: () => void): void {
    this.#onChange = onChange;
    this.#spawn();
  }

  origin(): string | null {
    return this.#origin;
  }

  /** Of the child that runs now. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    const child = this.#child;
    if (child === null) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => child.kill('SIGKILL'), this.#options.stopMs);
      child.once('exit', () => {
        clearTimeout(late);
        resolve();
      });
      child.kill('SIGTERM');
    });
  }

  #spawn(): void {
    const { program, args } = this.#options;
    // A process group of its own: Ctrl-C in a terminal is for the home node, which then asks for the last words first.
    const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    this.#child = child;
    const stable = setTimeout(() => {
      this.#failures = 0;
    }, this.#options.stableMs);
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line));
    // The pipe is never written to; when the child is gone it breaks, which `exit` tells better.
    child.stdin.on('error', () => undefined);
    child.once('error', (cause) => this.#ended(child, stable, cause.message));
    child.once('exit', (code, signal) => this.#ended(child, stable, signal ?? `code ${String(code)}`));
  }

  #hear(line: string): void {
    let port: unknown;
    try {
      port = (JSON.parse(line) as { listening?: unknown }).listening;
    } catch {
      this.#options.log.info(`${this.name}: ${line}`);
      return;
    }
    if (typeof port !== 'number') return;
    this.#origin = `http://127.0.0.1:${port}`;
    this.#onChange();
  }

  #ended(child: ChildProcess, stable: NodeJS.Timeout, how: string): void {
    if (this.#child !== child) return;
    clearTimeout(stable);
    this.#child = null;
    this.#origin = null;
    this.#onChange();
    if (this.#stopping) return;
    const { restartFirstMs, restartMaxMs, log } = this.#options;
    const wait = Math.min(restartFirstMs * 2 ** this.#failures, restartMaxMs);
    this.#failures += 1;
    log.warn(`Service ${this.name} ended (${how}); starting it again in ${wait / 1000} s.`);
    this.#restart = setTimeout(() => this.#spawn(), wait);
  }
}
