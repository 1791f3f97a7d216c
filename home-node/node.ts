// The home node as a process: it holds the data folder, hears its owner on the control socket, and has a Home while it is
// awake. Asleep it holds nothing but the folder and a timer, so that a machine which stays on by night pays for
// no service and no link; each waking makes a new Home, as after a start.

import { join } from 'node:path';
import { type Clock, systemClock } from '../shared/clock.ts';
import { causeOf, PorchlightError } from '../shared/errors.ts';
import { AlertWatch } from './alerts/alert-watch.ts';
import { alertFacts } from './alerts/facts.ts';
import { commandHook } from './alerts/hook.ts';
import { RaisedFile } from './alerts/raised.ts';
import { claimWithKeys } from './claim.ts';
import type { Claimed } from './claim-file.ts';
import { configFileName, type HomeOptions, readConfig } from './config.ts';
import type { NodeReport, NodeState, SleepReport } from './control/report.ts';
import { FolderLock } from './folder-lock.ts';
import { ended, isManaged, takeFolder, untilBack } from './handover.ts';
import type { Home } from './home.ts';
import type { BedtimeResult } from './home-parts.ts';
import { HomeKeys } from './key.ts';
import { systemTimers } from './link/timers.ts';
import { createLog, type Log, type LogSettings } from './log.ts';
import { processFigures } from './metrics/metrics.ts';
import { MetricsServer } from './metrics/server.ts';
import { programVersion } from './program-files.ts';
import type { OnProgress, Progress } from './progress.ts';
import { Settings } from './settings/settings.ts';
import { WakeTimer } from './wake-timer.ts';
import { type HomeSeams, startHome } from './wiring.ts';

/** After a failure to wake, ms. */
const wakeAgainMs = 60_000;

export class HomeNode {
  readonly #options: HomeOptions;
  readonly #seams: HomeSeams;
  readonly #clock: Clock;
  readonly #log: Log;
  #lock: FolderLock;
  /** The process that answered before this one, while it lives. */
  #older: number | null;
  #isGivenAway = false;
  /** Aborted when the folder, given to another home node, is not coming back. */
  readonly #gaveAway = new AbortController();
  /** Read anew at each waking. */
  #settings: Settings;
  readonly #startedAt: number;
  #home: Home | null = null;
  #state: NodeState = 'waking';
  #since: number;
  readonly #timer: WakeTimer;
  #metrics: MetricsServer | null = null;
  #alerts: AlertWatch;
  /** Of going to bed; what it does while it wakes is asked of the home. */
  #bedtimeProgress: Progress | null = null;
  /** Who waits for it to be awake, and is told of each step. */
  readonly #watchers = new Set<OnProgress>();
  #ended = false;
  /** Who waits for the state to be another than `waking`. */
  #onAwake: (() => void)[] = [];
  /** One change of state after another. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: HomeOptions, seams: HomeSeams, lock: FolderLock, older: number | null) {
    this.#options = options;
    this.#seams = seams;
    this.#clock = seams.clock ?? systemClock;
    this.#timer = new WakeTimer({ clock: this.#clock, timers: systemTimers, onDue: () => this.#isDue() });
    this.#startedAt = this.#clock.now();
    this.#since = this.#startedAt;
    const logged = (): LogSettings => {
      const { level, format } = this.#settings.current().log;
      return { level: options.logLevel ?? level, format };
    };
    this.#log = createLog(logged, this.#clock, seams.writeLog ?? ((line) => process.stderr.write(line)));
    this.#settings = this.#readSettings();
    this.#lock = lock;
    this.#older = older;
    if (older !== null) {
      void ended(older).then(() => {
        this.#older = null;
      });
    }
    this.#alerts = this.#watchAlerts();
  }

  /**
   * Holds the folder, where `options.takeOver` says so from a home node that runs on it. Throws `config`, `folder-in-use`
   * and what takeFolder() throws.
   */
  static async hold(options: HomeOptions, seams: HomeSeams = {}): Promise<HomeNode> {
    const { folder, takeOver = 'never' } = options;
    // Before the folder is touched: without a config it may not be one of ours.
    readConfig(folder);
    try {
      return new HomeNode(options, seams, FolderLock.take(folder), null);
    } catch (thrown) {
      if (!(thrown instanceof PorchlightError) || thrown.code !== 'folder-in-use') throw thrown;
      const older = await takeFolder(folder, takeOver, thrown, (progress) => seams.onProgress?.(progress));
      const node = new HomeNode(options, seams, FolderLock.take(folder), older);
      node.#log.info(`Took over the data folder from process ${older}, which answers until the link is open.`);
      return node;
    }
  }

  /** Holds the folder and begins. */
  static async start(options: HomeOptions, seams: HomeSeams = {}): Promise<HomeNode> {
    const node = await HomeNode.hold(options, seams);
    await node.begin();
    return node;
  }

  /** Figures and health on loopback, if the owner wants them. A port that is taken is no reason not to run. */
  async serveMetrics(): Promise<void> {
    const { listen } = this.#settings.current().metrics;
    if (listen === null) return;
    try {
      this.#metrics = await MetricsServer.listen({
        listen,
        report: async () => await this.report(),
        figures: processFigures,
        clock: this.#clock,
      });
    } catch (thrown) {
      this.#log.warn(causeOf(thrown));
    }
  }

  /** Wakes for the first time. Throws what stands in the way, as `startHome` does; the folder is free again then. */
  async begin(): Promise<void> {
    const { claimCode, replaySince } = this.#options;
    this.#alerts.start();
    await this.#next(async () => {
      try {
        await this.#wakeNow({ claimCode, replaySince });
      } catch (thrown) {
        await this.#release();
        throw thrown;
      }
    });
  }

  get state(): NodeState {
    return this.#state;
  }

  /**
   * Goes to bed: says good night, stops the services, and stays as a process. `wakeAt` (ms since the epoch; null: nobody
   * knows) is told to strangers, and the process wakes then by itself. Asleep already, it only changes that time here.
   */
  async sleep(wakeAt: number | null, onProgress: OnProgress = () => undefined): Promise<SleepReport> {
    return await this.#next(async () => {
      if (this.#home === null) {
        this.#timer.set(wakeAt);
        return { pages: 0, told: false, sleptAlready: true };
      }
      const result = await this.#bedtime(this.#home, wakeAt, onProgress);
      this.#timer.set(wakeAt);
      return { ...result, sleptAlready: false };
    });
  }

  /**
   * Makes a Home again; resolves when it is awake, or after `patienceMs`, because an edge out of reach may stay so. Awake
   * already, it does nothing.
   */
  async wake(onProgress: OnProgress = () => undefined, patienceMs = 20_000): Promise<void> {
    this.#watchers.add(onProgress);
    try {
      await this.#next(async () => {
        if (this.#home === null) await this.#wakeNow({ claimCode: null, replaySince: null });
      });
      if (this.#state === 'waking') await this.#untilAwake(patienceMs);
    } finally {
      this.#watchers.delete(onProgress);
    }
  }

  async #untilAwake(patienceMs: number): Promise<void> {
    const progress = this.#home?.progress ?? null;
    // Who comes in the middle is told where it stands.
    if (progress !== null) this.#tellWatchers(progress);
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
      this.#onAwake.push(resolve);
    });
    clearTimeout(timer);
  }

  #tellWatchers(progress: Progress): void {
    for (const tell of this.#watchers) tell(progress);
  }

  /** Claims with a further code, as at the start (claim.ts). Home goes on as what it is then known as. */
  async claim(code: string): Promise<Claimed> {
    const { folder } = this.#options;
    return await this.#next(async () => {
      const { edge } = readConfig(folder);
      const claimed = await claimWithKeys(folder, edge, await HomeKeys.open(folder), code);
      if (this.#home !== null) {
        // Hosts or key are others now; a home that was refused until now is let in.
        await this.#home.stop();
        this.#home = null;
        await this.#wakeNow({ claimCode: null, replaySince: null });
      }
      return claimed;
    });
  }

  /** The end of the process: bedtime if it is awake, and the folder is free. */
  async end(): Promise<void> {
    // The good night is the other's to say.
    if (this.#isGivenAway) {
      await this.stop();
      return;
    }
    await this.#next(async () => {
      if (this.#home !== null) await this.#bedtime(this.#home, this.#options.wakeAt, () => undefined);
      await this.#release(true);
    }, true);
  }

  /** The end without a good night. */
  async stop(): Promise<void> {
    this.#gaveAway.abort();
    const home = this.#home;
    this.#home = null;
    await home?.stop();
    await this.#release();
  }

  /**
   * Gives the folder to the home node in process `to`. Resolves to the process that answers visitors until that one's link is
   * open. `closeSocket` gives up the control socket and resolves when all that was asked is answered. Throws `key-change-open`.
   */
  async handOver(to: number, closeSocket: () => Promise<void>, onProgress: OnProgress): Promise<number> {
    return await this.#next(async () => {
      const answers = await this.#home?.handOver(onProgress).catch((thrown: unknown) => {
        this.#ended = false;
        throw thrown;
      });
      await this.#letGo();
      const answered = closeSocket();
      this.#isGivenAway = true;
      this.#lock.release();
      // Asleep there is nothing to answer for.
      if (this.#home === null) void answered.then(() => this.#seams.onSuperseded?.());
      else this.#takeBackFrom(to, answers === true).catch((thrown: unknown) => this.#log.error(causeOf(thrown)));
      return answers === true ? process.pid : (this.#older ?? process.pid);
    }, true);
  }

  /** If the other home node dies before its link is open, this one is home again. */
  async #takeBackFrom(to: number, answers: boolean): Promise<void> {
    const lock = await untilBack({
      ...{ folder: this.#options.folder, to, held: this.#lock, answers, signal: this.#gaveAway.signal },
      onTaken: () => this.#seams.onSuperseded?.(),
      onEnded: async () => await this.#home?.endToo(this.#options.wakeAt),
    });
    if (lock === null) return;
    this.#log.warn(`Process ${to} ended before it had taken over; going on.`);
    this.#lock = lock;
    this.#isGivenAway = false;
    const home = this.#home;
    this.#home = null;
    await home?.stop();
    this.#ended = false;
    this.#alerts = this.#watchAlerts();
    this.#alerts.start();
    await this.#seams.onTakenBack?.();
    this.#isDue();
  }

  /** The home that is awake. Throws `home-asleep`. */
  get awake(): Home {
    if (this.#home !== null) return this.#home;
    const now = `home is ${this.#state}; wake it first: porchlight wake.`;
    throw new PorchlightError('home-asleep', `Cannot do that now: ${now}`);
  }

  async report(): Promise<NodeReport> {
    const { domain, edge } = this.#settings.current();
    const home = this.#home === null ? null : await this.#home.report();
    return {
      version: programVersion(),
      pid: process.pid,
      isManaged: isManaged(this.#seams.environment ?? {}),
      handsOver: true,
      folder: this.#options.folder,
      domain,
      edge,
      startedAt: this.#startedAt,
      now: this.#clock.now(),
      state: this.#state,
      since: this.#since,
      wakeAt: this.#state === 'asleep' ? this.#timer.at : null,
      progress: this.#bedtimeProgress ?? this.#home?.progress ?? null,
      settingsWaiting: home === null ? [] : this.#settings.waiting,
      alerts: this.#alerts.raised,
      home,
    };
  }

  async #wakeNow(once: Pick<HomeOptions, 'claimCode' | 'replaySince'>): Promise<void> {
    this.#timer.set(null);
    this.#become('waking');
    try {
      this.#settings = this.#readSettings();
      const held = { log: this.#log, settings: this.#settings, older: this.#older };
      this.#home = await startHome({ ...this.#options, ...once }, held, {
        ...this.#seams,
        onEvent: (event) => {
          if (event.event === 'awake') this.#become('awake');
          // What happened may be worth telling: a dead letter, a full store.
          if (event.event !== 'asleep') this.#alerts.happened();
          this.#seams.onEvent?.(event);
        },
        onWaking: (progress) => this.#tellWatchers(progress),
      });
    } catch (thrown) {
      this.#become('asleep');
      throw thrown;
    }
  }

  async #bedtime(home: Home, wakeAt: number | null, onProgress: OnProgress): Promise<BedtimeResult> {
    this.#become('going to bed');
    try {
      return await home.bedtime(wakeAt, (progress) => {
        this.#bedtimeProgress = progress;
        onProgress(progress);
      });
    } finally {
      this.#home = null;
      this.#bedtimeProgress = null;
      this.#become('asleep');
    }
  }

  #isDue(): void {
    this.wake().catch((thrown: unknown) => {
      this.#log.error(`Cannot wake: ${causeOf(thrown)} Trying again in a minute.`);
      // Somebody may mend it meanwhile: a home that should be awake goes on trying.
      this.#timer.set(this.#clock.now() + wakeAgainMs);
    });
  }

  #readSettings(): Settings {
    const { folder } = this.#options;
    return new Settings({ path: join(folder, configFileName), config: readConfig(folder), log: this.#log });
  }

  #become(state: NodeState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#since = this.#clock.now();
    for (const tell of this.#onAwake.splice(0)) tell();
  }

  async #next<T>(work: () => Promise<T>, isEnd = false): Promise<T> {
    const turn = this.#last.then(async () => {
      if (this.#ended)
        throw new PorchlightError('ending', 'Cannot do that: the home node is ending; start it again: porchlight up');
      this.#ended = isEnd;
      return await work();
    });
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  #watchAlerts(): AlertWatch {
    return new AlertWatch({
      log: this.#log,
      gather: async () => await alertFacts(await this.report()),
      rules: () => this.#settings.current().alerts,
      tell: () => {
        const { alerts, domain } = this.#settings.current();
        return alerts.command === null ? null : commandHook(alerts.command, domain, this.#seams.environment ?? {});
      },
      file: new RaisedFile(join(this.#options.folder, 'alerts.json')),
    });
  }

  /** Whatever this process has of the folder and of the machine, but for the lock and the Home. */
  async #letGo(): Promise<void> {
    this.#timer.set(null);
    this.#ended = true;
    await this.#alerts.stop();
    await this.#metrics?.close();
    this.#metrics = null;
  }

  async #release(inGoodOrder = false): Promise<void> {
    await this.#letGo();
    this.#lock.release(inGoodOrder);
  }
}
