// A program that `npm start` runs beside itself, with a channel for messages. In a process group of its own, so that
// Ctrl-C in the terminal reaches only `npm start`, which then ends all others in their order. It ends by itself when
// the channel breaks. What it says goes to a log file.

import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export class StartChild<Message extends object> {
  readonly logFile: string;
  readonly #child: ChildProcess;
  readonly #begins: number;
  /** The exit code; null when it was killed. */
  readonly exited: Promise<number | null>;

  constructor(program: string, args: readonly string[], logFile: string, onMessage: (message: Message) => void) {
    this.logFile = logFile;
    const log = openSync(logFile, 'a');
    this.#begins = readFileSync(logFile).length;
    this.#child = fork(program, args, { detached: true, stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    this.#child.on('message', (message) => onMessage(message as Message));
    this.exited = new Promise((resolve) => this.#child.once('exit', (code) => resolve(code)));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it has said so far, the last lines. */
  lastWords(lines = 12): string {
    const said = readFileSync(this.logFile).subarray(this.#begins).toString('utf8');
    return said.trimEnd().split('\n').slice(-lines).join('\n');
  }

  send(message: object): void {
    if (this.#child.connected) this.#child.send(message);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to end and, after `forceMs`, makes it. */
  async end(forceMs: number): Promise<void> {
    const late = setTimeout(() => this.signal('SIGKILL'), forceMs);
    this.signal('SIGTERM');
    await this.exited;
    clearTimeout(late);
  }
}
