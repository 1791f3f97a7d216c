// A service as a child process of the home node: started again when it ends, ever later if it keeps ending, and ended with
// the home node, also when that one is killed. A program of ours says where it listens by one line of JSON on standard
// output, {"listening": port}, and watches its standard input; a foreign one listens where the configuration says, and
// is on a tether (tether.ts). Either leads a process group, which is ended whole.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Log } from '../log.ts';
import type { Driver } from './driver.ts';
import { eachLine } from './lines.ts';
import { tethered } from './tether.ts';

interface Timing {
  /** Wait before a restart, ms: the first, doubling up to the longest; forgotten after `stableMs` of running. */
  readonly restartFirstMs?: number;
  readonly restartMaxMs?: number;
  readonly stableMs?: number;
  /** How long a stop may take before it is forced, ms. */
  readonly stopMs?: number;
}

/** A program of this Node and its arguments. */
interface OwnProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Of this Node, for it. */
  readonly nodeFlags?: readonly string[];
}

/** Any program: the first text is found as a shell finds it. What it says goes to home's log. */
interface ForeignProgram {
  readonly command: readonly string[];
  /** Where it listens, as an origin on loopback. */
  readonly origin: string;
  /** Folder in which it runs; home's own unless said. */
  readonly folder?: string;
  /** Another home node runs it until then, and its port is taken: that one's is used so long. */
  readonly after?: Promise<void>;
}

export type ProcessDriverOptions = Timing & { readonly name: string; readonly log: Log } & (
    | OwnProgram
    | ForeignProgram
  );

const usualTiming = { restartFirstMs: 250, restartMaxMs: 30_000, stableMs: 60_000, stopMs: 8_000 };

export class ProcessDriver implements Driver {
  readonly name: string;
  readonly driver = 'process';
  readonly #options: ProcessDriverOptions & Required<Timing>;
  #child: ChildProcess | null = null;
  #origin: string | null = null;
  #restart: NodeJS.Timeout | null = null;
  #failures = 0;
  #stopping = false;
  /** The other home node has ended. */
  #isAfter = false;
  #startsInstead = false;
  #turn = 0;
  #onChange: () => void = () => undefined;

  constructor(options: ProcessDriverOptions) {
    this.name = options.name;
    this.#options = { ...usualTiming, ...options };
  }

  start(onChange: () => void): void {
    this.#onChange = onChange;
    this.#stopping = false;
    this.#failures = 0;
    const options = this.#options;
    if ('program' in options || options.after === undefined || this.#isAfter) {
      this.#spawn();
      return;
    }
    this.#origin = options.origin;
    onChange();
    this.#turn += 1;
    void this.#spawnAfter(options.after, this.#turn);
  }

  get isStarting(): boolean {
    return this.#startsInstead;
  }

  async #spawnAfter(after: Promise<void>, turn: number): Promise<void> {
    await after;
    this.#isAfter = true;
    if (this.#stopping || turn !== this.#turn) return;
    // The other's is gone.
    this.#startsInstead = true;
    this.#origin = null;
    this.#onChange();
    this.#startsInstead = false;
    this.#spawn();
  }

  origin(): string | null {
    return this.#origin;
  }

  /** Of the child that runs now; it leads the service's process group. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    const child = this.#child;
    if (child === null) {
      this.#origin = null;
      return;
    }
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => signalGroup(child, 'SIGKILL'), this.#options.stopMs);
      const gone = (): void => {
        clearTimeout(late);
        resolve();
      };
      child.once('exit', gone);
      // It never began, and will never end.
      child.once('error', gone);
      signalGroup(child, 'SIGTERM');
    });
  }

  #spawn(): void {
    const options = this.#options;
    const isOwn = 'program' in options;
    const [program = '', ...args] = isOwn
      ? [process.execPath, ...(options.nodeFlags ?? []), options.program, ...options.args]
      : tethered(options.command, options.stopMs);
    // A process group of its own: Ctrl-C in a terminal is for the home node, which then asks for the last words first.
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', isOwn ? 'inherit' : 'pipe'],
      detached: true,
      ...(!isOwn && options.folder !== undefined ? { cwd: options.folder } : {}),
    });
    this.#child = child;
    const stable = setTimeout(() => {
      this.#failures = 0;
    }, options.stableMs);
    if (child.stdout !== null) eachLine(child.stdout, (line) => (isOwn ? this.#hear(line) : this.#say(line)));
    if (child.stderr !== null) eachLine(child.stderr, (line) => this.#say(line));
    // The pipe is never written to; when the child is gone it breaks, which `exit` tells better.
    child.stdin?.on('error', () => undefined);
    child.once('error', (cause) => this.#ended(child, stable, cause.message));
    child.once('exit', (code, signal) => {
      // What it started, and left behind.
      signalGroup(child, 'SIGKILL');
      this.#ended(child, stable, signal ?? `code ${String(code)}`);
    });
    if (isOwn) return;
    this.#origin = options.origin;
    this.#onChange();
  }

  #say(line: string): void {
    this.#options.log.info(`${this.name}: ${line}`);
  }

  #hear(line: string): void {
    let port: unknown;
    try {
      port = (JSON.parse(line) as { listening?: unknown }).listening;
    } catch {
      this.#say(line);
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

/** To the child and whatever it started. That nothing of ours is left there any more is what was wanted. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw thrown;
  }
}
