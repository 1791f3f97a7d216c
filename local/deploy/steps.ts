// Says what is being done: every step leaves a line on standard error, and while it takes longer than a second a terminal
// shows that it goes on.

import { progressBar } from '../../home-node/cli/progress-bar.ts';
import type { Terminal } from '../../home-node/cli/terminal.ts';
import type { OnProgress } from '../../home-node/progress.ts';

export class Steps {
  readonly #terminal: Terminal;
  /** What was made or changed. */
  readonly changes: string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** `work` resolves to its result and the line that is left of it. */
  async take<T>(what: string, work: (show: OnProgress) => Promise<readonly [T, string]>): Promise<T> {
    const bar = progressBar(this.#terminal);
    let result: T;
    let line: string;
    try {
      if (this.#terminal.canRedraw) bar.show({ step: what, done: 0, of: null });
      [result, line] = await work(bar.show);
    } finally {
      bar.clear();
    }
    this.said(line);
    return result;
  }

  /** A step that makes or changes something. */
  async change(what: string, work: () => Promise<string>): Promise<void> {
    const line = await this.take(what, async () => {
      const done = await work();
      return [done, done] as const;
    });
    this.changes.push(line);
  }

  said(line: string): void {
    this.#terminal.note(line);
  }
}
