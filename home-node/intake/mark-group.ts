// Marks of senders that are at work at the same time, gathered into one commit while the service has enough to do: what
// each commit and each waking of the service costs is then paid once for several deliveries. Nothing waits while the
// service could be idle for it: a commit is made as soon as half of those at work wait for it.

import type { Mark, Standing } from './ledger-store.ts';

type Standings = readonly (Standing | null)[];

/** The longest that marks wait for company, ms: half of those at work may be before a slow service. */
const longestMs = 4;

interface Waiting {
  readonly marks: readonly Mark[];
  readonly resolve: (standings: Standings) => void;
  readonly reject: (error: unknown) => void;
}

export class MarkGroup {
  readonly #commit: (marks: readonly Mark[]) => Standings;
  readonly #pause: () => Promise<void> | null;
  #isPaused = false;
  #waiting: Waiting[] = [];
  #atWork = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `commit`: all marks or none (Ledger.mark). `pause`: what they should wait for (Ledger.pause); it never rejects. */
  constructor(commit: (marks: readonly Mark[]) => Standings, pause: () => Promise<void> | null = () => null) {
    this.#commit = commit;
    this.#pause = pause;
  }

  /** A sender's work begins; `leave` must follow. */
  enter(): void {
    this.#atWork += 1;
  }

  leave(): void {
    this.#atWork -= 1;
    this.#goOn();
  }

  /** Resolves once they are written, to the standing of each; rejects as `commit` throws. */
  async mark(marks: readonly Mark[]): Promise<Standings> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ marks, resolve, reject });
      this.#goOn();
    });
  }

  #goOn(): void {
    if (this.#waiting.length === 0 || this.#isPaused) return;
    if (2 * this.#waiting.length >= this.#atWork) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), longestMs);
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const pause = this.#pause();
    if (pause !== null) {
      this.#isPaused = true;
      void pause.then(() => {
        this.#isPaused = false;
        this.#flush();
      });
      return;
    }
    const together = this.#waiting;
    this.#waiting = [];
    let standings: Standings;
    try {
      standings = this.#commit(together.flatMap(({ marks }) => marks));
    } catch (thrown) {
      for (const { reject } of together) reject(thrown);
      return;
    }
    let at = 0;
    for (const { marks, resolve } of together) {
      resolve(standings.slice(at, at + marks.length));
      at += marks.length;
    }
  }
}
