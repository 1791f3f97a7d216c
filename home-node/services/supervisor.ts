// Knows how the services are: up, or down since when and why. A service is up when it answers an HTTP request on loopback
// with anything but a failure of its own; it is asked often while it is down, now and then while it is up, and at once
// when somebody found it silent. Its owner may stop it: then it is not used, and what the home node runs is ended.

import type { Clock } from '../../shared/clock.ts';
import { PorchlightError } from '../../shared/errors.ts';
import type { DownReason, ServiceState } from '../../shared/presence.ts';
import type { Log } from '../log.ts';
import type { Driver } from './driver.ts';
import { faultOf } from './health.ts';

export interface SupervisedService {
  readonly driver: Driver;
  readonly kind: string;
  readonly hosts: readonly string[];
  /** As health.ts takes it. */
  readonly health?: string | null;
}

export interface SupervisorOptions {
  readonly services: readonly SupervisedService[];
  readonly clock: Clock;
  readonly log: Log;
  readonly onUp: (name: string) => void;
  readonly onDown: (name: string) => void;
  /** Whatever states() says may have changed. */
  readonly onChange?: () => void;
  /** Services that their owner stopped before this start; whoever keeps them reads stopped(). */
  readonly stopped?: Iterable<string>;
  /** Waits between questions, ms: while it is down (the first, doubling up to the longest) and while it is up. */
  readonly downFirstMs?: number;
  readonly downMaxMs?: number;
  readonly upMs?: number;
  /** How long an answer may take, ms. */
  readonly answerMs?: number;
  /** A service that is still not up after this long is no longer being started but fails, ms. */
  readonly startingMs?: number;
}

/** What an owner is shown of one service. */
export interface ServiceEntry extends ServiceState {
  readonly kind: string;
  readonly driver: Driver['driver'];
  /** Where it answers, or would as far as is known. */
  readonly origin: string | null;
}

interface Watched extends SupervisedService {
  up: boolean;
  why: DownReason | null;
  since: number;
  until: number | null;
  /** By its owner. */
  stopped: boolean;
  /** Its driver runs it. */
  running: boolean;
  /** The end of what was stopped. */
  ending: Promise<void>;
  /** Questions in a row without an answer. */
  silent: number;
  timer: NodeJS.Timeout | null;
  /** Counts starts and stops: an answer to a question from before says nothing. */
  turns: number;
  asking: boolean;
}

export class Supervisor {
  readonly #options: Required<SupervisorOptions>;
  readonly #watched = new Map<string, Watched>();
  #isOn = false;

  constructor(options: SupervisorOptions) {
    const times = { downFirstMs: 50, downMaxMs: 5_000, upMs: 15_000, answerMs: 5_000, startingMs: 120_000 };
    this.#options = { ...times, onChange: () => undefined, stopped: [], ...options };
    const stopped = new Set(this.#options.stopped);
    const since = options.clock.now();
    for (const service of options.services) {
      const isStopped = stopped.has(service.driver.name);
      this.#watched.set(service.driver.name, {
        ...service,
        ...{ up: false, why: isStopped ? 'stopped' : 'starting', since, until: null, stopped: isStopped },
        ...{ running: false, ending: Promise.resolve(), silent: 0, timer: null, turns: 0, asking: false },
      });
    }
  }

  /** Starts every service that its owner did not stop; again when stop() has resolved, too. */
  start(): void {
    this.#isOn = true;
    for (const watched of this.#watched.values()) if (!watched.stopped) this.#run(watched);
    this.#options.onChange();
  }

  /** Ends everything that was started. Nobody is told of single services. */
  async stop(): Promise<void> {
    this.#isOn = false;
    await Promise.all([...this.#watched.values()].map(async (watched) => await this.#rest(watched)));
  }

  /**
   * The owner wants it down until startService(), and may say when that will be (`until`, ms since the epoch). Resolves
   * when what was started is gone. Throws `no-such-service`.
   */
  async stopService(name: string, until: number | null = null): Promise<void> {
    const watched = this.#of(name);
    const wasUp = watched.up;
    if (!watched.stopped) this.#options.log.info(`Service ${name} is stopped by its owner.`);
    watched.stopped = true;
    const ended = this.#rest(watched);
    watched.until = until;
    if (wasUp) this.#options.onDown(name);
    this.#options.onChange();
    await ended;
  }

  /** The owner wants it up. Resolves when it is on its way. Throws `no-such-service`. */
  async startService(name: string): Promise<void> {
    const watched = this.#of(name);
    if (!watched.stopped) return;
    watched.stopped = false;
    watched.turns += 1;
    const { turns } = watched;
    this.#turn(watched, 'starting');
    this.#options.onChange();
    await watched.ending;
    // Stopped again meanwhile, or started by a later call.
    if (watched.turns === turns && this.#isOn) this.#run(watched);
  }

  /** Names of the services that their owner stopped. */
  stopped(): readonly string[] {
    return [...this.#watched.values()].filter(({ stopped }) => stopped).map(({ driver }) => driver.name);
  }

  /** Where the service answers; null while it is down. */
  origin(name: string): string | null {
    const watched = this.#watched.get(name);
    return watched?.up === true ? watched.driver.origin() : null;
  }

  /** Where a request may be tried, also when the service was silent a moment ago; null while its owner stopped it. */
  reach(name: string): string | null {
    const watched = this.#watched.get(name);
    return watched === undefined || watched.stopped ? null : watched.driver.origin();
  }

  /** Every service is up that its owner did not stop. */
  allUp(): boolean {
    return [...this.#watched.values()].every(({ up, stopped }) => up || stopped);
  }

  /** As the edge is told. */
  states(): readonly ServiceState[] {
    return [...this.#watched.values()].map(({ driver: { name }, hosts, up, since, why, until }) => {
      return { name, hosts, state: up ? 'up' : 'down', since, why, until };
    });
  }

  /** As its owner is told. */
  list(): readonly ServiceEntry[] {
    return this.states().map((state) => {
      const { kind, driver } = this.#of(state.name);
      return { ...state, kind, driver: driver.driver, origin: driver.origin() };
    });
  }

  /** Somebody had no answer from it: it counts as down until it answers again. */
  suspect(name: string): void {
    const watched = this.#watched.get(name);
    if (watched === undefined || !watched.running) return;
    this.#down(watched, 'it gave no answer');
    watched.silent = 0;
    this.#askIn(watched, 0);
  }

  #of(name: string): Watched {
    const watched = this.#watched.get(name);
    if (watched !== undefined) return watched;
    const known = [...this.#watched.keys()].join(', ');
    throw new PorchlightError('no-such-service', `Cannot find the service ${name}: this home has ${known}; name one.`);
  }

  #run(watched: Watched): void {
    if (watched.running) return;
    watched.running = true;
    this.#turn(watched, 'starting');
    const { turns } = watched;
    watched.driver.start(() => {
      if (watched.turns === turns) this.#changed(watched);
    });
    this.#askIn(watched, 0);
  }

  async #rest(watched: Watched): Promise<void> {
    watched.turns += 1;
    if (watched.timer !== null) clearTimeout(watched.timer);
    this.#turn(watched, 'stopped');
    if (watched.running) {
      watched.running = false;
      watched.ending = watched.driver.stop();
    }
    await watched.ending;
  }

  #turn(watched: Watched, why: DownReason | null): void {
    const up = why === null;
    if (watched.up !== up || watched.why === 'stopped' || why === 'stopped') watched.since = this.#options.clock.now();
    watched.up = up;
    watched.why = why;
    watched.until = null;
    watched.silent = 0;
  }

  #changed(watched: Watched): void {
    if (watched.driver.origin() === null) this.#down(watched, 'its process ended');
    watched.silent = 0;
    this.#askIn(watched, 0);
  }

  #askIn(watched: Watched, ms: number): void {
    if (!watched.running) return;
    if (watched.timer !== null) clearTimeout(watched.timer);
    watched.timer = setTimeout(() => void this.#ask(watched), ms);
  }

  async #ask(watched: Watched): Promise<void> {
    const { downFirstMs, downMaxMs, upMs, answerMs, log, onUp, onChange } = this.#options;
    if (watched.asking) return this.#askIn(watched, downFirstMs);
    const { driver, turns } = watched;
    const origin = driver.origin();
    if (origin === null) {
      // A process that has not said where it listens will call when it has; until then it may turn out to fail.
      this.#failing(watched);
      return this.#askIn(watched, downMaxMs);
    }
    watched.asking = true;
    const fault = await faultOf(origin, watched.health ?? null, answerMs);
    watched.asking = false;
    if (watched.turns !== turns) return;
    if (fault === null) {
      watched.silent = 0;
      if (!watched.up) {
        this.#turn(watched, null);
        log.info(`Service ${driver.name} is up at ${origin}.`);
        onUp(driver.name);
        onChange();
      }
      this.#askIn(watched, upMs);
      return;
    }
    watched.silent += 1;
    // One missed answer of a busy service is no news.
    if (watched.silent > 1) this.#down(watched, fault);
    this.#failing(watched);
    this.#askIn(watched, Math.min(downFirstMs * 2 ** Math.min(watched.silent, 10), downMaxMs));
  }

  /** What has been starting for too long fails. */
  #failing(watched: Watched): void {
    const { clock, startingMs, onChange } = this.#options;
    if (watched.why !== 'starting' || clock.now() - watched.since < startingMs) return;
    watched.why = 'failing';
    onChange();
  }

  #down(watched: Watched, why: string): void {
    if (!watched.up) return;
    const { silent } = watched;
    this.#turn(watched, watched.driver.isStarting === true ? 'starting' : 'failing');
    watched.silent = silent;
    const { name } = watched.driver;
    this.#options.log.warn(`Service ${name} is down: ${why}.`);
    this.#options.onDown(name);
    this.#options.onChange();
  }
}
