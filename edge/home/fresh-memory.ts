// What an isolate remembers for a moment about things that are read for every request: hosts and snapshots. One
// question at a time per key, answers of "there is none" remembered too, and never more keys than `maxKeys`, because
// strangers choose some of them.

import type { Clock } from '../../shared/clock.ts';

interface Remembered<Value> {
  /** Settled or under way; whoever asks meanwhile shares it. */
  readonly value: Promise<Value>;
  readonly askedAt: number;
  /** What `value` settled to. */
  settled: { readonly answer: Value } | null;
}

export interface FreshMemoryOptions {
  readonly clock: Clock;
  readonly freshMs: number;
  readonly maxKeys: number;
  /**
   * Keeps the runtime working on a question after the visitor who caused it has left (`waitUntil`): without it, those
   * who share the question would wait for ever.
   */
  readonly keepAlive: (work: Promise<unknown>) => void;
}

export class FreshMemory<Value> {
  readonly #options: FreshMemoryOptions;
  /** In the order of asking, which is also the order of going stale. */
  readonly #remembered = new Map<string, Remembered<Value>>();

  constructor(options: FreshMemoryOptions) {
    this.#options = options;
  }

  /**
   * What was answered less than `freshMs` ago, or the answer of `ask` now, which is handed the answer that went stale,
   * if there is one. Failures are not remembered.
   */
  async get(key: string, ask: (stale: Value | undefined) => Promise<Value>): Promise<Value> {
    const now = this.#options.clock.now();
    const known = this.#remembered.get(key);
    if (known !== undefined && now - known.askedAt < this.#options.freshMs) {
      // A promise of another visitor's request is awaited only while there is need: the runtime must look after both.
      return known.settled === null ? await known.value : known.settled.answer;
    }
    const entry: Remembered<Value> = { value: ask(known?.settled?.answer), askedAt: now, settled: null };
    this.#remember(key, entry);
    this.#options.keepAlive(entry.value.catch(() => undefined));
    try {
      const answer = await entry.value;
      entry.settled = { answer };
      return answer;
    } catch (thrown) {
      if (this.#remembered.get(key) === entry) this.#remembered.delete(key);
      throw thrown;
    }
  }

  forget(key: string): void {
    this.#remembered.delete(key);
  }

  #remember(key: string, entry: Remembered<Value>): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, entry);
    if (this.#remembered.size <= this.#options.maxKeys) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      return;
    }
  }
}
