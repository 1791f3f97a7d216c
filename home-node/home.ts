// The home node while it runs: what happens when the link opens, when a service comes up, when something was delivered,
// and at bedtime. The parts do the work; this says when.

import type { Clock } from '../shared/clock.ts';
import { causeOf } from '../shared/errors.ts';
import type { Session } from '../shared/session/call.ts';
import type { Leaver } from './bedtime/leave.ts';
import { warmPages } from './bedtime/warm.ts';
import type { EdgeApi } from './edge-api/edge-api.ts';
import type { SignedCalls } from './edge-api/signed-calls.ts';
import { fellBack, replayed } from './intake/fallen-back.ts';
import type { Ledger } from './intake/ledger.ts';
import type { OpenIntake } from './intake/open-intake.ts';
import { Reminder } from './intake/reminder.ts';
import type { LinkClient, LinkState } from './link/client.ts';
import type { Log } from './log.ts';
import type { Supervisor } from './services/supervisor.ts';

/** What an owner, or a program that started this one, may want to know. */
export type HomeEvent =
  /** The link is open, the edge has its snapshot, and every service is up. */
  | { readonly event: 'awake' }
  | { readonly event: 'delivered'; readonly deliveries: number }
  | { readonly event: 'asleep'; readonly pages: number };

export interface HomeParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly calls: SignedCalls;
  readonly api: EdgeApi;
  readonly ledger: Ledger;
  readonly intake: OpenIntake;
  readonly leaver: Leaver;
  readonly supervisor: Supervisor;
  readonly link: LinkClient;
  /** When home expects to be back after its next sleep, ms since the epoch; null if nobody said. */
  readonly wakeAt: number | null;
  /** Kept deliveries that arrived from then on are asked for again, once; null: none. */
  readonly replaySince: number | null;
  readonly onEvent: (event: HomeEvent) => void;
  /** This process must end: a newer home node took over. */
  readonly onSuperseded: () => void;
  /** Everything else that is to be closed in the end. */
  readonly close: () => Promise<void>;
}

/** While awake the services are asked this often whether strangers must be told something else, ms. */
const leaveEveryMs = 3 * 60_000;
/** After deliveries: who sent them is known then, and a flow of them costs one question a minute, ms. */
const leaveAfterDeliveriesMs = 60_000;

/** After a failure to ask for what was forgotten, ms. */
const beginAgainMs = 10_000;

/** What bedtime may take at most, each, ms: supply may end. */
const finishMs = 8_000;
const leaveMs = 4_000;
const warmMs = 8_000;
const goodNightMs = 4_000;

/** All of it; whoever stops this process waits longer (service-unit.ts). */
export const bedtimeMs = finishMs + leaveMs + warmMs + goodNightMs;

export class Home {
  readonly #parts: HomeParts;
  #replaySince: number | null;
  #wasAwake = false;
  readonly #leaveLater = new Reminder(() => void this.#leave());
  readonly #leaveSoon = new Reminder(() => void this.#leave());

  constructor(parts: HomeParts) {
    this.#parts = parts;
    this.#replaySince = parts.replaySince;
  }

  start(): void {
    this.#parts.supervisor.start();
    this.#parts.link.start();
  }

  onLink(state: LinkState): void {
    const { log, calls, intake, link } = this.#parts;
    switch (state.link) {
      case 'dialling':
        log.debug('Dialling the edge.');
        break;
      case 'open':
        calls.use(state.session);
        void this.#open(state.session);
        break;
      case 'lost':
        log.warn(`The link is lost (${state.code}): ${state.reason} Dialling again in ${state.retryMs / 1000} s.`);
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

  onWork(): void {
    this.#parts.intake.intake.wake();
  }

  onServiceUp(): void {
    this.#parts.intake.intake.wake();
    if (this.#parts.link.session !== null) void this.#leave();
  }

  onServiceDown(name: string): void {
    this.#parts.intake.intake.release(name);
  }

  onDrained(deliveries: number): void {
    this.#parts.onEvent({ event: 'delivered', deliveries });
    this.#leaveSoon.in(leaveAfterDeliveriesMs);
  }

  /** What home does before it sleeps; afterwards this process holds nothing any more. */
  async bedtime(): Promise<void> {
    const { log, intake, leaver, link, api, wakeAt, onEvent } = this.#parts;
    log.info('Bedtime: finishing what is in hand.');
    if (!(await intake.intake.finish(finishMs)))
      log.warn('Not everything was finished in time; the edge keeps the rest.');
    let pages = 0;
    if (link.session !== null) {
      await within(leaveMs, leaver.leave());
      const signal = AbortSignal.timeout(warmMs);
      const warm = async (paths: readonly string[]): Promise<void> => await api.warm(paths, signal);
      pages = await warmPages({ log, pages: leaver.pages(), warm, signal });
    }
    await within(goodNightMs, this.#goodNight(wakeAt));
    await this.stop();
    onEvent({ event: 'asleep', pages });
  }

  /** Ends without bedtime. */
  async stop(): Promise<void> {
    const { intake, link, calls, supervisor, ledger } = this.#parts;
    this.#leaveLater.cancel();
    this.#leaveSoon.cancel();
    link.close();
    await intake.close();
    await calls.close();
    await supervisor.stop();
    await ledger.close();
    await this.#parts.close();
  }

  /** In this order: what was forgotten goes before what came later, so that order per sender holds. */
  async #open(session: Session): Promise<void> {
    const { log, intake, leaver, link } = this.#parts;
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
    await this.#leave();
    await this.#saySpool();
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
    const { leaver, link, supervisor, onEvent } = this.#parts;
    this.#leaveLater.replace(leaveEveryMs);
    if (link.session === null || !(await leaver.leave())) return;
    if (!supervisor.allUp() || this.#wasAwake) return;
    this.#wasAwake = true;
    onEvent({ event: 'awake' });
  }

  async #saySpool(): Promise<void> {
    const { log, api } = this.#parts;
    try {
      const { waiting, dead } = await api.spool();
      if (waiting > 0) log.info(`At the edge ${waiting} wait.`);
      if (dead > 0) log.warn(`At the edge lie ${dead} dead letters, which no service of yours took.`);
    } catch (thrown) {
      log.debug(`The edge did not say what waits there: ${causeOf(thrown)}`);
    }
  }

  async #goodNight(wakeAt: number | null): Promise<void> {
    const { log, link } = this.#parts;
    try {
      await link.sleep(wakeAt);
      log.info(wakeAt === null ? 'Good night.' : `Good night, until ${new Date(wakeAt).toISOString()}.`);
    } catch (thrown) {
      log.warn(causeOf(thrown));
    }
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
