// Knows which services are up. A service is up when it answers an HTTP request on loopback with anything but a failure
// of its own; it is asked often while it is down, now and then while it is up, and at once when somebody found it silent.

import { request } from 'undici';
import type { Log } from '../log.ts';
import type { Driver } from './driver.ts';

export interface SupervisorOptions {
  readonly drivers: readonly Driver[];
  readonly log: Log;
  readonly onUp: (name: string) => void;
  readonly onDown: (name: string) => void;
  /** Waits between questions, ms: while it is down (the first, doubling up to the longest) and while it is up. */
  readonly downFirstMs?: number;
  readonly downMaxMs?: number;
  readonly upMs?: number;
  /** How long an answer may take, ms. */
  readonly answerMs?: number;
}

interface Watched {
  readonly driver: Driver;
  up: boolean;
  /** Questions in a row without an answer. */
  silent: number;
  timer: NodeJS.Timeout | null;
  asking: boolean;
}

export class Supervisor {
  readonly #options: Required<SupervisorOptions>;
  readonly #watched = new Map<string, Watched>();
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = { downFirstMs: 50, downMaxMs: 5_000, upMs: 15_000, answerMs: 5_000, ...options };
    for (const driver of options.drivers) {
      this.#watched.set(driver.name, { driver, up: false, silent: 0, timer: null, asking: false });
    }
  }

  start(): void {
    for (const watched of this.#watched.values()) {
      watched.driver.start(() => this.#changed(watched));
      this.#askIn(watched, 0);
    }
  }

  /** Where the service answers; null while it is down. */
  origin(name: string): string | null {
    const watched = this.#watched.get(name);
    return watched?.up === true ? watched.driver.origin() : null;
  }

  allUp(): boolean {
    return [...this.#watched.values()].every(({ up }) => up);
  }

  /** Somebody had no answer from it: it counts as down until it answers again. */
  suspect(name: string): void {
    const watched = this.#watched.get(name);
    if (watched === undefined) return;
    this.#down(watched, 'it gave no answer');
    watched.silent = 0;
    this.#askIn(watched, 0);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const watched of this.#watched.values()) if (watched.timer !== null) clearTimeout(watched.timer);
    await Promise.all([...this.#watched.values()].map(async ({ driver }) => await driver.stop()));
  }

  #changed(watched: Watched): void {
    if (watched.driver.origin() === null) this.#down(watched, 'its process ended');
    watched.silent = 0;
    this.#askIn(watched, 0);
  }

  #askIn(watched: Watched, ms: number): void {
    if (this.#stopping) return;
    if (watched.timer !== null) clearTimeout(watched.timer);
    watched.timer = setTimeout(() => void this.#ask(watched), ms);
  }

  async #ask(watched: Watched): Promise<void> {
    if (watched.asking) return this.#askIn(watched, this.#options.downFirstMs);
    const origin = watched.driver.origin();
    // A process that has not said where it listens will call when it has.
    if (origin === null) return;
    watched.asking = true;
    const fault = await this.#faultOf(origin);
    watched.asking = false;
    if (this.#stopping) return;
    const { downFirstMs, downMaxMs, upMs, log, onUp } = this.#options;
    if (fault === null) {
      watched.silent = 0;
      if (!watched.up) {
        watched.up = true;
        log.info(`Service ${watched.driver.name} is up at ${origin}.`);
        onUp(watched.driver.name);
      }
      this.#askIn(watched, upMs);
      return;
    }
    watched.silent += 1;
    // One missed answer of a busy service is no news.
    if (watched.silent > 1) this.#down(watched, fault);
    this.#askIn(watched, Math.min(downFirstMs * 2 ** Math.min(watched.silent, 10), downMaxMs));
  }

  #down(watched: Watched, why: string): void {
    if (!watched.up) return;
    watched.up = false;
    if (this.#stopping) return;
    this.#options.log.warn(`Service ${watched.driver.name} is down: ${why}.`);
    this.#options.onDown(watched.driver.name);
  }

  /** null: it answers. */
  async #faultOf(origin: string): Promise<string | null> {
    const { answerMs } = this.#options;
    try {
      const { statusCode, body } = await request(origin, {
        method: 'HEAD',
        headersTimeout: answerMs,
        bodyTimeout: answerMs,
        signal: AbortSignal.timeout(answerMs),
      });
      await body.dump();
      return statusCode < 500 ? null : `it answers ${statusCode}`;
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
  }
}
