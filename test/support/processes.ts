// Real processes for journeys: started in a process group of their own, so that a SIGKILL takes all of them at once,
// and spoken to in JSON lines. What a process said on stderr is kept and shown when it fails.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

type Line = Readonly<Record<string, unknown>>;

export class Program {
  readonly name: string;
  readonly child: ChildProcess;
  private readonly lines: Line[] = [];
  private readonly waiting = new Set<() => void>();
  private readonly said: string[] = [];
  private ended = false;
  readonly exited: Promise<number | null>;

  /** `node`: another Node than the one that runs the test. */
  constructor(
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    node: string = process.execPath,
  ) {
    this.name = name;
    this.child = spawn(node, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, NO_COLOR: '1', ...env },
    });
    const { stdout, stderr, stdin } = this.child;
    if (stdout === null || stderr === null || stdin === null) throw new Error(`${name} has no pipes`);
    // Writing to a program that was just killed is what kill tests do.
    stdin.on('error', (cause) => this.said.push(`stdin: ${cause.message}`));
    createInterface({ input: stdout }).on('line', (line) => this.hear(line));
    createInterface({ input: stderr }).on('line', (line) => {
      this.said.push(line);
      if (process.env.PORCHLIGHT_TEST_LOG !== undefined) console.error(`${name}: ${line}`);
    });
    this.exited = new Promise((resolve) => {
      this.child.once('exit', (code) => {
        this.ended = true;
        resolve(code);
        for (const wake of this.waiting) wake();
      });
    });
  }

  get log(): string {
    return this.said.join('\n');
  }

  private hear(text: string): void {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      this.said.push(text);
      return;
    }
    this.lines.push(line);
    for (const wake of this.waiting) wake();
  }

  /** The first line, heard already or still to come, that fits; taken out of the lines. */
  async line<T extends Line>(fits: (line: Line) => boolean, timeoutMs = 30_000): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const at = this.lines.findIndex(fits);
      if (at >= 0) return this.lines.splice(at, 1)[0] as T;
      const left = deadline - Date.now();
      if (this.ended || left <= 0) {
        throw new Error(`${this.name} ${this.ended ? 'ended' : 'did not say it'}:\n${this.said.slice(-40).join('\n')}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, left);
        const { waiting } = this;
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }

  tell(line: Line): void {
    this.child.stdin?.write(`${JSON.stringify(line)}\n`);
  }

  /** To the whole group: the program and everything that it started. */
  signal(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
    }
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** SIGTERM to the program alone; what it started is its own to end. */
  async stop(timeoutMs = 20_000): Promise<number | null> {
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.signal('SIGKILL'), timeoutMs);
    const code = await this.exited;
    clearTimeout(late);
    return code;
  }
}

let asked = 0;

/** One question to a program that answers {"id", ...} to {"id", "op", ...}. */
export async function ask<T>(program: Program, op: string, details: Line = {}, timeoutMs = 30_000): Promise<T> {
  asked += 1;
  const id = asked;
  program.tell({ id, op, ...details });
  const answer = await program.line<Line>((line) => line.id === id, timeoutMs);
  if (answer.error !== undefined) throw new Error(`${program.name}, ${op}: ${String(answer.error)}`);
  return answer.result as T;
}

/** Waits for a condition, never for a time. */
export async function until<T>(
  what: string,
  check: () => Promise<T | null> | T | null,
  timeoutMs = 30_000,
  everyMs = 25,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
