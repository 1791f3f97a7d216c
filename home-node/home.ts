// The home node while it runs: what happens when the link opens, when a service comes up, when something was delivered,
// and at bedtime. The parts do the work; this says when.

import { causeOf, PorchlightError } from '../shared/errors.ts';
import type { SpoolTold } from '../shared/lease/messages.ts';
import type { Session } from '../shared/session/call.ts';
import { DayRound } from './bedtime/day-round.ts';
import { type HomeReport, type LinkReport, linkReport } from './control/report.ts';
import { allUp } from './handover.ts';
import type { BedtimeResult, HomeParts } from './home-parts.ts';
import { fellBack, replayed } from './intake/fallen-back.ts';
import { adviceFor } from './link/advice.ts';
import type { LinkState } from './link/client.ts';
import { OwnerDeeds } from './owner-deeds.ts';
import type { OnProgress, Progress } from './progress.ts';
import { wakingProgress } from './waking.ts';
import { within } from './within.ts';

/** After a failure to ask for what was forgotten, ms. */
const beginAgainMs = 10_000;

/** What bedtime may take at most, each, ms: supply may end. */
const finishMs = 8_000;
const leaveMs = 4_000;
const warmMs = 8_000;
const goodNightMs = 4_000;
/** Warming while awake has no hurry, ms. */
const dayWarmMs = 120_000;
/** How long the edge may take to say what it holds, ms. */
const spoolMs = 3_000;

/** All of it; whoever stops this process waits longer (service-unit.ts). */
export const bedtimeMs = finishMs + leaveMs + warmMs + goodNightMs;

export class Home {
  readonly #parts: HomeParts;
  /** What its owner may have it do. */
  readonly deeds: OwnerDeeds;
  #replaySince: number | null;
  #wasAwake = false;
  #isOver = false;
  /** Another home node has the folder: this one only answers what is carried to it. */
  #isHandedOver = false;
  #isDraining = false;
  #link: LinkReport;
  #finished = 0;
  /** Waited at the edge when the link opened; null until the edge said so. */
  #toDrain: number | null = null;
  /** Since this link opened, nobody was greeted. */
  #greetDue = false;
  #greeting: Progress | null = null;
  readonly #ending = new AbortController();
  #advised: string | null = null;
  readonly #round: DayRound;

  constructor(parts: HomeParts) {
    this.#parts = parts;
    this.deeds = new OwnerDeeds(parts);
    this.#replaySince = parts.replaySince;
    this.#round = new DayRound({
      leave: () => void this.#leave(),
      warm: async () => await this.#warm(),
      isLinked: () => parts.link.session !== null,
      times: parts.dayTimes,
    });
    this.#link = { state: 'dialling', since: parts.clock.now(), trouble: null };
  }

  start(): void {
    this.#round.start();
    const { settings, supervisor, link } = this.#parts;
    settings.onChange(() => void this.#leave());
    settings.start();
    supervisor.start();
    if (this.#parts.olderEnds === null) link.start();
    else void this.#startLinkWhenUp(this.#parts.olderEnds);
  }

  /** Until then the older one answers; from then on this one does, and must be able to. */
  async #startLinkWhenUp(olderEnds: Promise<void>): Promise<void> {
    const { supervisor, link } = this.#parts;
    await allUp(supervisor, olderEnds);
    if (!this.#isOver) link.start();
  }

  onLink(state: LinkState): void {
    const { log, calls, intake, link, rotation } = this.#parts;
    this.#link = linkReport(this.#link, state, this.#parts.clock.now());
    if (this.#isHandedOver) {
      this.#isDraining = state.link === 'draining';
      if (this.#isDraining) log.info('The newer home node has opened its link; finishing what is being answered.');
      if (state.link === 'superseded') this.#parts.onSuperseded();
      return;
    }
    this.#tellProgress();
    switch (state.link) {
      case 'dialling':
        log.debug('Dialling the edge.');
        break;
      case 'open':
        this.#advised = null;
        calls.use(state.session);
        rotation.onOpen();
        void this.#open(state.session);
        break;
      case 'lost':
        if (rotation.onRefused(state.code)) {
          log.debug(`Home's key is being changed: ${state.reason}`);
          break;
        }
        this.#advise(state.code);
        log.warn(`The link is lost (${state.code}): ${state.reason} Dialling again in ${state.retryMs / 1000} s.`);
        break;
      case 'draining':
        log.warn(`${state.reason} Finishing what is being answered.`);
        calls.use(null);
        intake.intake.disconnected();
        break;
      case 'superseded':
        log.error(state.reason);
        calls.use(null);
        intake.intake.disconnected();
        this.#parts.onSuperseded();
        break;
      case 'closed':
        log.debug(`The link is closed${link.session === null ? '' : ', with a session'}.`);
        break;
    }
  }

  /** Once, until the link was open again: it says the same at each attempt. */
  #advise(code: string): void {
    const advice = adviceFor(code);
    if (advice !== null && this.#advised !== code) this.#parts.log.error(advice);
    this.#advised = advice === null ? this.#advised : code;
  }

  onServices(): void {
    this.#tellProgress();
  }

  onWork(): void {
    if (this.#isHandedOver) return;
    this.#parts.intake.intake.wake();
  }

  onServiceUp(): void {
    if (this.#isHandedOver) return;
    this.#parts.intake.intake.wake();
    if (this.#parts.link.session !== null) void this.#leave();
  }

  onServiceDown(name: string): void {
    if (this.#isHandedOver) return;
    this.#parts.intake.intake.release(name);
  }

  onFinished(): void {
    this.#finished += 1;
  }

  onDrained(deliveries: number): void {
    this.#toDrain = null;
    this.#parts.onEvent({ event: 'delivered', deliveries });
    void this.#greet();
    this.#round.delivered();
  }

  /**
   * What home does before it sleeps; afterwards it holds nothing any more. `wakeAt`: when it expects to be back, ms since
   * the epoch; null if nobody knows.
   */
  async bedtime(wakeAt: number | null, onProgress: OnProgress = () => undefined): Promise<BedtimeResult> {
    const { log, intake, leaver, warmer, link, onEvent } = this.#parts;
    this.#ending.abort();
    log.info('Bedtime: finishing what is in hand.');
    onProgress({ step: 'finishing deliveries', done: 0, of: null });
    if (!(await intake.intake.finish(finishMs)))
      log.warn('Not everything was finished in time; the edge keeps the rest.');
    let pages = 0;
    if (link.session !== null) {
      onProgress({ step: 'leaving a snapshot', done: 0, of: null });
      const { first, all } = leaver.leaveForNight();
      const rest = within(leaveMs + warmMs, all);
      await within(leaveMs, first);
      [pages] = await Promise.all([warmer.warm(AbortSignal.timeout(warmMs), onProgress), rest]);
    }
    onProgress({ step: 'saying good night', done: 0, of: null });
    const told = await within(goodNightMs, this.#goodNight(wakeAt));
    onProgress({ step: 'stopping services', done: 0, of: null });
    await this.stop();
    onEvent({ event: 'asleep', pages });
    return { pages, told: told === true };
  }

  /**
   * Another home node takes the folder: ends what is in hand, within bounds, and closes whatever lies in the folder. Link and
   * services go on until the edge drains the link, if it is open; if not, it is not opened any more, because the edge would take
   * this one for the newer. Resolves to whether it is. Throws `key-change-open` while home's key is being changed.
   */
  async handOver(onProgress: OnProgress): Promise<boolean> {
    const { log, rotation, intake, calls, ledger, link } = this.#parts;
    if (rotation.isOpen) {
      throw new PorchlightError(
        'key-change-open',
        "Cannot hand over now: home's key is being changed; wait until that is over, and repeat.",
      );
    }
    log.info('Another home node takes over: finishing what is in hand.');
    onProgress({ step: 'finishing deliveries', done: 0, of: null });
    this.#rest();
    const answers = link.session !== null;
    if (!answers) link.close();
    if (!(await intake.intake.finish(finishMs)))
      log.warn('Not everything was finished in time; the edge keeps the rest.');
    this.#isHandedOver = true;
    await intake.close();
    await calls.close();
    await ledger.close();
    return answers;
  }

  /** Handed over, and the newer one ended in good order: so does this one. Draining, it ends by itself. */
  async endToo(wakeAt: number | null): Promise<void> {
    if (this.#isDraining) return;
    if (this.#parts.link.session !== null) await within(goodNightMs, this.#goodNight(wakeAt));
    this.#parts.onSuperseded();
  }

  /** What waited when home woke, and how much of it is done; null when that is over, or not known yet. */
  get #drain(): Progress | null {
    const of = this.#toDrain;
    return of === null ? null : { step: 'taking what waited', done: Math.min(this.#finished, of), of };
  }

  /** What it is doing since it was started; null: all of that is done. */
  get progress(): Progress | null {
    const { supervisor } = this.#parts;
    const steps = { wasAwake: this.#wasAwake, drain: this.#drain, greeting: this.#greeting };
    return wakingProgress({ link: this.#link, services: supervisor.list(), ...steps });
  }

  #tellProgress(): void {
    const { progress } = this;
    if (progress !== null) this.#parts.onProgress(progress);
  }

  async report(): Promise<HomeReport> {
    const { claimed, supervisor, intake, leaver } = this.#parts;
    const { homeId, hosts } = claimed();
    // Asked first: what it does not count any more is among the finished then.
    const spool = await this.#spool();
    return {
      homeId,
      hosts,
      link: this.#link,
      services: supervisor.list(),
      finished: this.#finished,
      drain: this.#drain,
      clockOff: intake.intake.isClockOff,
      snapshotAt: leaver.leftAt,
      leftOut: leaver.leftOut,
      spool,
    };
  }

  /** Ends without bedtime. */
  async stop(): Promise<void> {
    const { intake, link, calls, supervisor, ledger } = this.#parts;
    this.#rest();
    link.close();
    if (!this.#isHandedOver) {
      await intake.close();
      await calls.close();
    }
    await supervisor.stop();
    if (!this.#isHandedOver) await ledger.close();
    await this.#parts.close();
  }

  /** Nothing is begun by itself any more. */
  #rest(): void {
    this.#isOver = true;
    this.#parts.settings.end();
    this.#ending.abort();
    this.#round.stop();
  }

  /** In this order: what was forgotten goes before what came later, so that order per sender holds. */
  async #open(session: Session): Promise<void> {
    const { log, intake, leaver, configLeaver, link } = this.#parts;
    const lasts = (): boolean => link.session?.session === session.session;
    log.info(`Connected to the edge (epoch ${session.epoch}).`);
    while (lasts()) {
      try {
        await this.#replay(session.epoch);
        break;
      } catch (thrown) {
        if (!lasts()) return;
        log.error(`Cannot begin to take deliveries: ${causeOf(thrown)} Trying again in ${beginAgainMs / 1000} s.`);
        await new Promise((resolve) => setTimeout(resolve, beginAgainMs));
      }
    }
    if (!lasts()) return;
    intake.intake.connected();
    leaver.forget();
    configLeaver.forget();
    this.#greetDue = true;
    await this.#leave();
    await this.#saySpool();
  }

  /** Once for each link, when what waited is taken: before that, peers would be told to send more. */
  async #greet(): Promise<void> {
    if (!this.#greetDue || this.#toDrain !== null) return;
    this.#greetDue = false;
    await this.#parts.greet(this.#ending.signal, (progress) => {
      this.#greeting = progress;
    });
    this.#greeting = null;
  }

  async #replay(epoch: number): Promise<void> {
    const { log, ledger } = this.#parts;
    if (await fellBack(ledger, epoch)) {
      log.warn('The data folder fell back to an earlier state; asking for all that is kept again.');
      await this.#askAgain(0);
      await replayed(ledger, epoch);
    }
    if (this.#replaySince === null) return;
    // The owner says so: a service lost what this ledger knows as delivered, so that knowing it is no reason to keep back.
    await ledger.doubtDelivered();
    await this.#askAgain(this.#replaySince);
    this.#replaySince = null;
  }

  async #askAgain(since: number): Promise<void> {
    const { replayed: count } = await this.#parts.api.replay(since);
    this.#parts.log.info(`Asked the edge for kept deliveries again: ${count} come.`);
  }

  async #leave(): Promise<void> {
    const { leaver, configLeaver, warmer, link, supervisor, onEvent } = this.#parts;
    if (this.#isOver) return;
    this.#round.left();
    if (link.session === null) return;
    void warmer.takeBack();
    const [snapshotIsLeft] = await Promise.all([leaver.leave(), configLeaver.leave()]);
    if (!snapshotIsLeft || !supervisor.allUp() || this.#wasAwake) return;
    this.#wasAwake = true;
    onEvent({ event: 'awake' });
  }

  /** While awake: day-round.ts says when. */
  async #warm(): Promise<number> {
    const { warmer, log } = this.#parts;
    const pages = await warmer.warm(AbortSignal.timeout(dayWarmMs));
    if (pages > 0) log.info(`Left ${pages} public pages at the edge.`);
    return pages;
  }

  async #saySpool(): Promise<void> {
    const { log, api } = this.#parts;
    try {
      const { waiting, dead } = await api.spool();
      this.#toDrain = waiting > 0 ? this.#finished + waiting : null;
      if (waiting > 0)
        log.info(waiting === 1 ? '1 delivery waits at the edge.' : `${waiting} deliveries wait at the edge.`);
      if (dead > 0) log.warn(`At the edge lie ${dead} dead letters, which no service of yours took.`);
      if (waiting === 0) void this.#greet();
    } catch (thrown) {
      log.debug(`The edge did not say what waits there: ${causeOf(thrown)}`);
    }
  }

  /** Whether the edge heard it. */
  async #goodNight(wakeAt: number | null): Promise<boolean> {
    const { log, link } = this.#parts;
    try {
      await link.sleep(wakeAt);
      log.info(wakeAt === null ? 'Good night.' : `Good night, until ${new Date(wakeAt).toISOString()}.`);
      return true;
    } catch (thrown) {
      log.warn(causeOf(thrown));
      return false;
    }
  }

  /** What the edge holds; null when it cannot be asked, which the link's own state explains. */
  async #spool(): Promise<SpoolTold | null> {
    if (this.#parts.link.session === null) return null;
    try {
      return (await within(spoolMs, this.#parts.api.spool())) ?? null;
    } catch (thrown) {
      this.#parts.log.debug(`The edge did not say what waits there: ${causeOf(thrown)}`);
      return null;
    }
  }
}
