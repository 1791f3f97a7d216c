// The loop between home and the spool: one turn after another, each telling the edge what became of the deliveries in
// hand and bringing new ones. A turn goes out when there may be something to lease and room for it, when answers have
// waited long enough, or when a lease must be renewed. While a batch is worked on, the next one is fetched.

import type { Answer, Delivery } from '../../shared/delivery.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import type { TurnReply, TurnRequest } from '../../shared/lease/messages.ts';
import { limits } from '../../shared/limits.ts';
import type { TurnOutcome } from '../edge-api/edge-api.ts';
import { EdgeRefusal } from '../edge-api/send.ts';
import type { Log } from '../log.ts';
import { ClockWatch } from './clock-watch.ts';
import type { Recipient } from './deliver.ts';
import { FailingServices } from './failing.ts';
import { type AnswerOne, Hand, type Held } from './hand.ts';
import { Leases } from './leases.ts';
import type { Pace } from './pace.ts';
import { Reminder } from './reminder.ts';
import type { Observe } from './sender-work.ts';

export interface IntakeOptions {
  readonly log: Log;
  readonly recipients: ReadonlyMap<string, Recipient>;
  readonly turn: (request: TurnRequest) => Promise<TurnOutcome>;
  readonly work: (next: () => Held | null, answer: AnswerOne) => Promise<void>;
  readonly observe: Observe;
  /** ms since the epoch by home's clock. */
  readonly now: () => number;
  /** Called when something was delivered, nothing is in hand any more and the edge has heard every answer. */
  readonly onDrained: (deliveries: number) => void;
  /** How fast deliveries go to each service; by default as fast as it answers. */
  readonly paceOf?: (service: string) => Pace;
  /** Asks again after this long although nobody called, in case a call was lost, ms. */
  readonly idleTurnMs?: number;
  /** Pause after what trying again at once cannot mend, ms. */
  readonly troubleMs?: number;
}

/** How long an answer may wait for company: when more is to be leased, or may come, a turn goes out soon anyway. */
const lingerIdleMs = 20;
const lingerBusyMs = 250;

interface Said {
  readonly answer: Answer;
  readonly delivery: Delivery;
}

export class Intake {
  readonly #options: IntakeOptions & Required<Pick<IntakeOptions, 'idleTurnMs' | 'troubleMs'>>;
  readonly #hand: Hand;
  readonly #leases = new Leases(() => this.#goSoon());
  readonly #clock: ClockWatch;
  readonly #failing = new FailingServices(() => this.wake());
  /** Answers that the edge has not heard. */
  #answers: Said[] = [];
  #answersDue = false;
  /** Services for which there may be something to lease. */
  readonly #wanted = new Set<string>();
  /** Services of which the last question left out servers of whom there was enough in hand. */
  readonly #left = new Set<string>();
  #connected = false;
  /** Counts links: a turn that ended with an earlier one says nothing of this one. */
  #links = 0;
  /** The link on which the edge was told what is in hand: its first turn does, so that the edge ends other leases. */
  #namedOn = 0;
  /** Until then something may be leased to a reply that was lost with the last link (an older edge keeps it), ms since the epoch. */
  #lostLeaseUntil = 0;
  #turning = false;
  #stopping = false;
  #mayLease = true;
  #mayTurn = true;
  #going = false;
  #fruitless = 0;
  #delivered = 0;
  #idle: (() => void)[] = [];
  readonly #linger = new Reminder(() => {
    this.#answersDue = true;
    this.#goSoon();
  });
  readonly #ask = new Reminder(() => this.wake());
  readonly #resume = new Reminder(() => {
    this.#mayLease = true;
    this.#mayTurn = true;
    this.wake();
  });

  constructor(options: IntakeOptions) {
    this.#options = { idleTurnMs: 5 * 60_000, troubleMs: 10_000, ...options };
    this.#clock = new ClockWatch(this.#options.now, options.log);
    this.#hand = new Hand({
      work: options.work,
      onAnswer: (answer, held) => this.#said(answer, held),
      ...(options.paceOf === undefined ? {} : { paceOf: options.paceOf }),
      now: options.now,
      onThin: (service) => {
        if (this.#left.delete(service)) this.#wanted.add(service);
      },
    });
  }

  /** A link was opened: what an earlier one left in hand is given back, what was finished is told. */
  connected(): void {
    this.#connected = true;
    this.#links += 1;
    this.#lostLeaseUntil = this.#options.now() + limits.leaseMs;
    this.#mayTurn = true;
    this.#hand.release();
    this.#answersDue = this.#answers.length > 0;
    this.wake();
  }

  /** What is in hand is worked on meanwhile. */
  disconnected(): void {
    this.#connected = false;
  }

  /** Something may be waiting at the edge, or a service came up. */
  wake(): void {
    for (const name of this.#options.recipients.keys()) this.#wanted.add(name);
    this.#goSoon();
  }

  /** Home's clock is known to be wrong. */
  get isClockOff(): boolean {
    return this.#clock.isOff;
  }

  /** Nothing is known to wait for the service: it is up, and when the edge was last asked there was no more. */
  isCurrent(service: string): boolean {
    const mayTake = this.#connected && this.#mayTurn && this.#mayLease && !this.#stopping && !this.#clock.isOff;
    const isUp = (this.#options.recipients.get(service)?.origin() ?? null) !== null;
    return mayTake && isUp && !this.#wanted.has(service) && this.#hand.size(service) === 0;
  }

  /** The service is down: what it has not begun goes back to the edge. */
  release(service: string): void {
    this.#hand.release(service);
  }

  /** Leases nothing for a moment, after trouble that is not a service's. */
  pause(): void {
    this.#mayLease = false;
    this.#resume.in(this.#options.troubleMs);
  }

  /**
   * Bedtime: leases no more, gives back what is not begun, and waits until the rest is answered and the edge has heard
   * it, or until `boundMs` have passed. Resolves to whether all was heard.
   */
  async finish(boundMs: number): Promise<boolean> {
    this.#stopping = true;
    this.#hand.release();
    this.#answersDue = this.#answers.length > 0;
    this.#goSoon();
    if (this.#isIdle()) return true;
    const late = new Reminder(() => this.#wakeIdle());
    late.in(boundMs);
    await new Promise<void>((resolve) => this.#idle.push(resolve));
    late.cancel();
    return this.#isIdle();
  }

  close(): void {
    this.#stopping = true;
    this.#connected = false;
    this.#leases.forget();
    this.#failing.close();
    for (const reminder of [this.#linger, this.#ask, this.#resume]) reminder.cancel();
  }

  #isIdle(): boolean {
    return this.#hand.size() === 0 && this.#answers.length === 0 && !this.#turning;
  }

  #wakeIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #said(answer: Answer, held: Held): void {
    this.#answers.push({ answer, delivery: held.delivery });
    if (answer.outcome === 'delivered') this.#delivered += 1;
    this.#leases.answered(held.lease);
    this.#heed(held.delivery, answer);
    if (this.#hand.size() === 0) this.#linger.replace(0);
    else this.#linger.in(this.#turning || this.#wanted.size > 0 ? lingerBusyMs : lingerIdleMs);
    this.#goSoon();
  }

  /** A service that puts off everybody is left alone for a while. */
  #heed(delivery: Delivery, { outcome }: Answer): void {
    const pauseMs = this.#failing.answered(delivery, outcome);
    if (pauseMs === 0) return;
    const { service } = delivery;
    this.#options.log.warn(`It puts off what every sender delivers; it is left alone for ${pauseMs / 1000} s.`, {
      service,
    });
    this.#wanted.add(service);
    this.#hand.release(service);
  }

  /** Once for everything that happens in this moment. */
  #goSoon(): void {
    if (this.#going) return;
    this.#going = true;
    queueMicrotask(() => {
      this.#going = false;
      this.#go();
    });
  }

  #go(): void {
    if (this.#turning || !this.#connected || !this.#mayTurn) return;
    const services = this.#mayLease && !this.#stopping ? this.#hungry() : [];
    // Two batches in memory at most.
    const room = Math.max(0, Math.min(limits.leaseDeliveries, 2 * limits.leaseDeliveries - this.#hand.size()));
    // What comes to a full hand of crowds comes a few at a time: a turn is not made for each.
    const mayBring = room >= limits.leaseDeliveries / 4 && services.some((name) => this.#wanted.has(name));
    const renew = this.#namedOn === this.#links ? this.#leases.due() : this.#leases.all();
    if (!mayBring && !this.#answersDue && renew.length === 0) return;
    // Whatever a turn goes out for, it asks for more: answers may let a sender's next deliveries go. With a wrong clock
    // it only asks what time it is.
    const max = services.length === 0 || this.#clock.isOff ? 0 : room;
    const enough = max === 0 ? [] : this.#hand.enough();
    void this.#turn({ max, services, renew, ...(enough.length === 0 ? {} : { enough }) });
  }

  /** Services that can take deliveries and have not half a batch in hand already that others would wait for. */
  #hungry(): string[] {
    const up = [...this.#options.recipients].filter(([, recipient]) => recipient.origin() !== null);
    const names = up.map(([name]) => name).filter((name) => !this.#failing.has(name));
    return names.filter((name) => this.#hand.pressing(name) <= limits.leaseDeliveries / 2);
  }

  async #turn(wish: Omit<TurnRequest, 'answers'>): Promise<void> {
    const said = this.#answers;
    this.#answers = [];
    this.#answersDue = false;
    this.#linger.cancel();
    this.#turning = true;
    const wasOff = this.#clock.isOff;
    const asked = wish.max > 0 || wasOff ? wish.services : [];
    const link = this.#links;
    const startedAt = this.#options.now();
    for (const name of asked) this.#wanted.delete(name);
    // Before the reply: meanwhile there may be room for more of them again.
    for (const { service } of wish.enough ?? []) this.#left.add(service);
    try {
      const outcome = await this.#options.turn({ answers: said.map(({ answer }) => answer), ...wish });
      this.#namedOn = link;
      this.#heard(said, outcome.reply);
      this.#leases.renewed(wish.renew, outcome.reply.leaseMs);
      this.#clock.heard(startedAt, outcome);
      if (this.#clock.isOff) this.#hand.release();
      else if (wasOff) this.wake();
      if (asked.length > 0 || this.#clock.isOff) this.#plan(outcome, asked);
      this.#take(outcome);
    } catch (thrown) {
      for (const name of asked) this.#wanted.add(name);
      this.#failed(thrown, said, link);
    }
    this.#turning = false;
    if (this.#isIdle()) this.#drained();
    this.#goSoon();
  }

  #take({ reply, deliveries }: TurnOutcome): void {
    const lease = reply.lease ?? '';
    this.#leases.opened(lease, deliveries.length, reply.leaseMs);
    for (const { delivery, body } of deliveries) {
      this.#options.observe('leased', delivery);
      const mayBegin = !this.#clock.isOff && !this.#failing.has(delivery.service);
      if (!this.#hand.take({ delivery, body, lease }, mayBegin)) this.#leases.answered(lease);
    }
  }

  #heard(said: readonly Said[], reply: TurnReply): void {
    const refused = new Map(reply.refused.map(({ seq, reason }) => [seq, reason]));
    for (const { answer, delivery } of said) {
      const reason = refused.get(answer.seq);
      if (reason === undefined) this.#options.observe('acked', delivery);
      // Harmless: the edge leases it again, and the ledger knows what the service has.
      else
        this.#options.log.debug(`The edge did not take an answer: ${reason}`, {
          delivery: delivery.id,
          outcome: answer.outcome,
        });
      if (leavesWaiting(answer)) this.#hand.heard(delivery);
    }
  }

  /** When to ask again. */
  #plan({ reply, deliveries, edgeTime }: TurnOutcome, asked: readonly string[]): void {
    this.#fruitless = deliveries.length > 0 ? 0 : this.#fruitless + 1;
    const { idleTurnMs, now } = this.#options;
    // Clocks differ, and a time that has passed without anything being due must not make home ask without pause.
    const leastMs = Math.min(125 * 2 ** Math.min(this.#fruitless, 9), 60_000);
    if (this.#clock.isOff) {
      this.#ask.replace(leastMs);
      return;
    }
    // Also when nothing came: the edge walked a part of what waits for others, and goes on from there.
    if (reply.more) for (const name of asked) this.#wanted.add(name);
    const dueMs = reply.nextDueAt === null ? idleTurnMs : reply.nextDueAt - (edgeTime ?? now());
    const lostLeaseMs = this.#lostLeaseUntil - now();
    const mostMs = lostLeaseMs > 0 ? Math.min(lostLeaseMs, idleTurnMs) : idleTurnMs;
    this.#ask.replace(Math.min(Math.max(dueMs, leastMs), mostMs));
  }

  #failed(thrown: unknown, said: readonly Said[], link: number): void {
    const { log, troubleMs } = this.#options;
    if (thrown instanceof EdgeRefusal && (thrown.status === 400 || thrown.status === 413)) {
      // What the edge will not hear it will not hear the second time either; the ledger keeps what matters.
      for (const { answer, delivery } of said) if (leavesWaiting(answer)) this.#hand.heard(delivery);
    } else {
      this.#answers = [...said, ...this.#answers];
      this.#answersDue = this.#answers.length > 0;
    }
    if (thrown instanceof PorchlightError && thrown.code === 'link-not-open') {
      log.debug(`A turn ended with its link: ${causeOf(thrown)}`);
      if (link === this.#links) this.#connected = false;
      return;
    }
    log.error(`Cannot take deliveries: ${causeOf(thrown)} Trying again in ${troubleMs / 1000} s.`);
    this.#mayTurn = false;
    this.#resume.in(troubleMs);
  }

  #drained(): void {
    this.#wakeIdle();
    const deliveries = this.#delivered;
    if (deliveries === 0 || this.#wanted.size > 0) return;
    this.#delivered = 0;
    this.#options.log.info(`Delivered ${deliveries}; nothing more is in hand.`);
    this.#options.onDrained(deliveries);
  }
}

function leavesWaiting({ outcome }: Answer): boolean {
  return outcome === 'later' || outcome === 'released';
}
