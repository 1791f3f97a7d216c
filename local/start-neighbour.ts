// Somebody on another server, for `npm start`: runs local/neighbour.ts and lets her follow the owner.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

interface Line {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly handle?: string;
  readonly received?: { readonly type: string };
}

export class StartNeighbour {
  readonly #child: ChildProcess;
  readonly #waiting: {
    fits: (line: Line) => boolean;
    resolve: (line: Line) => void;
    reject: (error: Error) => void;
  }[] = [];
  #asked = 0;
  handle = '';

  private constructor(child: ChildProcess, onReceived: (type: string) => void) {
    this.#child = child;
    const { stdout } = child;
    if (stdout === null) throw new Error('Cannot hear the neighbour: she has no output.');
    createInterface({ input: stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      if (line.received !== undefined) onReceived(line.received.type);
      const at = this.#waiting.findIndex(({ fits }) => fits(line));
      if (at >= 0) this.#waiting.splice(at, 1)[0]?.resolve(line);
    });
    child.once('exit', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('her server has ended'));
    });
  }

  static async start(port: number, onReceived: (type: string) => void): Promise<StartNeighbour> {
    const program = join(import.meta.dirname, 'neighbour.ts');
    const stdio: ['pipe', 'pipe', 'ignore'] = ['pipe', 'pipe', 'ignore'];
    const child = spawn(process.execPath, [program, '--port', String(port), '--tethered'], { stdio, detached: true });
    const neighbour = new StartNeighbour(child, onReceived);
    const ready = await neighbour.#line((line) => line.handle !== undefined);
    neighbour.handle = ready.handle ?? '';
    return neighbour;
  }

  /** Finds the owner by handle and follows; the status that the owner's edge answered. */
  async follow(handle: string): Promise<number> {
    const { actor } = (await this.#ask('resolve', { handle })) as { actor: string };
    const { status } = (await this.#ask('follow', { to: actor })) as { status: number };
    return status;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  async #ask(op: string, details: object): Promise<unknown> {
    this.#asked += 1;
    const id = this.#asked;
    const answered = this.#line((line) => line.id === id);
    this.#child.stdin?.write(`${JSON.stringify({ id, op, ...details })}\n`);
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return result;
  }

  async #line(fits: (line: Line) => boolean): Promise<Line> {
    return await new Promise((resolve, reject) => this.#waiting.push({ fits, resolve, reject }));
  }
}
