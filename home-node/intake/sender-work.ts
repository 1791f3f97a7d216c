// The way of one sender's deliveries through home: body whole → `begun` in the ledger → service → `answered` in the
// ledger → answer for the edge. One after another; the `answered` of one and the `begun` of the next share a commit.

import type { Clock } from '../../shared/clock.ts';
import type { Delivery, Outcome } from '../../shared/delivery.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import type { Log } from '../log.ts';
import type { Attempt, Recipient } from './deliver.ts';
import type { AnswerOne, Held } from './hand.ts';
import type { Mark, Standing } from './ledger-store.ts';
import type { MarkGroup } from './mark-group.ts';

/** Where a delivery is, for whoever watches: the moments between which a crash makes a difference. */
export type IntakePoint = 'leased' | 'begun' | 'sent' | 'answered' | 'acked';
/** `outcome`: of what is `answered`. */
export type Observe = (
  point: IntakePoint,
  delivery: Pick<Delivery, 'id' | 'seq' | 'service' | 'receivedAt'>,
  outcome?: Outcome,
) => void;

export interface SenderWorkOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly recipients: ReadonlyMap<string, Recipient>;
  readonly marks: MarkGroup;
  /** Resolves when all marks so far are on the disk. */
  readonly durable: () => Promise<void>;
  readonly deliver: (recipient: Recipient, delivery: Delivery, body: Uint8Array) => Promise<Attempt>;
  readonly fetchBody: (deliveryId: string) => Promise<Uint8Array>;
  readonly observe: Observe;
  /** The service gave no answer: is it up? */
  readonly onSilent: (service: string) => void;
  /** The ledger could not be written: nothing should be begun for a while. */
  readonly onLedgerTrouble: (error: unknown) => void;
}

/** What the service answered, not yet in the ledger. */
interface Done {
  readonly held: Held;
  readonly outcome: Outcome;
}

export class SenderWork {
  readonly #options: SenderWorkOptions;

  constructor(options: SenderWorkOptions) {
    this.#options = options;
  }

  /** Never throws. */
  async run(next: () => Held | null, answer: AnswerOne): Promise<void> {
    this.#options.marks.enter();
    await this.#deliverAll(next, answer);
    this.#options.marks.leave();
  }

  async #deliverAll(next: () => Held | null, answer: AnswerOne): Promise<void> {
    let done: Done | null = null;
    for (;;) {
      const held = next();
      const ready = held === null ? null : this.#readyNow(held);
      // Nothing can be begun at this moment: what is done need not wait for it.
      if (done !== null && ready === null) {
        await this.#mark(done, null, answer);
        done = null;
      }
      if (held === null) return;
      const { delivery } = held;
      const recipient = this.#options.recipients.get(delivery.service);
      const body = ready ?? (await this.#bodyOf(held, recipient, answer));
      if (recipient === undefined || body === null) continue;
      const standing = await this.#mark(done, held, answer);
      done = null;
      if (standing === null) continue;
      if (!(await this.#isSafe(recipient, standing))) {
        // It was not before the service this time; whether it ever was stays as it stood.
        if (standing === 'in-doubt') answer(held, { outcome: 'released' });
        else await this.#mark({ held, outcome: { outcome: 'released' } }, null, answer);
        continue;
      }
      if (standing === 'delivered') {
        this.#options.log.info('Delivered before; the edge is told again.', {
          delivery: delivery.id,
          service: delivery.service,
        });
        answer(held, { outcome: 'delivered' });
        continue;
      }
      if (standing === 'in-doubt') this.#sayDoubt(delivery, recipient);
      this.#options.observe('begun', delivery);
      const attempt = await this.#options.deliver(recipient, delivery, body);
      this.#options.observe('sent', delivery);
      this.#say(delivery, attempt.outcome);
      done = { held, outcome: attempt.outcome };
      if (attempt.outcome.outcome === 'later' || attempt.outcome.outcome === 'released') {
        // What follows of this sender must not be begun: the hand hears of it first.
        await this.#mark(done, null, answer);
        done = null;
      }
      if (!attempt.answered) this.#options.onSilent(delivery.service);
    }
  }

  /** The body, when the delivery can be begun without waiting for anything. */
  #readyNow(held: Held): Uint8Array | null {
    const recipient = this.#options.recipients.get(held.delivery.service);
    return recipient === undefined || recipient.origin() === null ? null : held.body;
  }

  /** null: it was answered instead. */
  async #bodyOf(held: Held, recipient: Recipient | undefined, answer: AnswerOne): Promise<Uint8Array | null> {
    if (recipient === undefined || recipient.origin() === null) {
      answer(held, { outcome: 'released' });
      return null;
    }
    try {
      return held.body ?? (await this.#options.fetchBody(held.delivery.id));
    } catch (thrown) {
      this.#options.log.warn(`The body of a delivery could not be fetched: ${causeOf(thrown)}`, {
        delivery: held.delivery.id,
      });
      const noFault = thrown instanceof PorchlightError && thrown.code === 'link-not-open';
      answer(held, noFault ? { outcome: 'released' } : { outcome: 'later', reason: causeOf(thrown) });
      return null;
    }
  }

  /**
   * Writes down what is done and what begins, in one commit; the answer of the first is given after it. The standing
   * of the second, or null when it cannot begin (it was answered then) or there is none.
   */
  async #mark(done: Done | null, begin: Held | null, answer: AnswerOne): Promise<Standing | null> {
    const at = this.#options.clock.now();
    const marks: Mark[] = [];
    if (done !== null) {
      marks.push({ mark: 'answer', id: done.held.delivery.id, outcome: done.outcome.outcome, at });
    }
    if (begin !== null) {
      const { id, service, sender } = begin.delivery;
      marks.push({ mark: 'begin', id, service, sender, at });
    }
    let standing: Standing | null = null;
    try {
      const standings = marks.length === 0 ? [] : await this.#options.marks.mark(marks);
      standing = standings.at(-1) ?? null;
    } catch (thrown) {
      this.#options.onLedgerTrouble(thrown);
      if (begin !== null) answer(begin, { outcome: 'released' });
    }
    if (done !== null) {
      // Also when the mark failed: the edge's own record is the better one then.
      this.#options.observe('answered', done.held.delivery, done.outcome);
      answer(done.held, done.outcome);
    }
    return begin === null ? null : standing;
  }

  /**
   * May it be sent? A service that does not recognise repetitions gets nothing of which a power cut could make home
   * forget that it was begun: `in-doubt` must be said then, because it may be seen twice.
   */
  async #isSafe(recipient: Recipient, standing: Standing): Promise<boolean> {
    if (standing === 'delivered' || recipient.adapter.deduplicatesBy !== null) return true;
    try {
      await this.#options.durable();
      return true;
    } catch (thrown) {
      this.#options.onLedgerTrouble(thrown);
      return false;
    }
  }

  #sayDoubt(delivery: Delivery, recipient: Recipient): void {
    const by = recipient.adapter.deduplicatesBy;
    const { log } = this.#options;
    const fields = { delivery: delivery.id, service: recipient.name };
    if (by === null) log.warn('In doubt after a crash, sent again; the service may show it twice.', fields);
    else log.info(`In doubt after a crash, sent again; the service knows repetitions by ${by}.`, fields);
  }

  #say(delivery: Delivery, outcome: Outcome): void {
    const { log } = this.#options;
    const { id, service, sender, receivedAt } = delivery;
    const waitedMs = this.#options.clock.now() - receivedAt;
    const fields = { delivery: id, service, sender, outcome: outcome.outcome, waitedMs };
    if (outcome.outcome === 'dead' || outcome.outcome === 'later') log.warn(`Not delivered: ${outcome.reason}`, fields);
    // For each one, so that its way can be followed without having asked for more beforehand.
    else if (outcome.outcome === 'delivered') log.info('Delivered.', fields);
    else log.debug('Given back.', fields);
  }
}
