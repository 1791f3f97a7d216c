// What home has in hand: leased deliveries on their way to services. Strictly one after another for each (service,
// sender), several senders at once. Once a delivery is left waiting (`later`, `released`), its sender is held: nothing
// more of it is tried before the edge has heard so, because what came after it may be on its way to here already.

import type { Answer, Delivery, Outcome } from '../../shared/delivery.ts';
import { Crowds, type Peer } from './crowds.ts';
import { fullPace, type Pace, ServicePacer } from './pace.ts';
import { Reminder } from './reminder.ts';
import { Settling } from './settling.ts';

export interface Held {
  readonly delivery: Delivery;
  /** null: still at the edge. */
  readonly body: Uint8Array | null;
  /** The lease it came with. */
  readonly lease: string;
}

export interface HandOptions {
  /** Delivers everything of one sender that `next` gives, one after another, answering each. Never throws. */
  readonly work: (next: () => Held | null, answer: AnswerOne) => Promise<void>;
  /** Each answer once, as soon as it may be told to the edge. */
  readonly onAnswer: (answer: Answer, held: Held) => void;
  /** Of each service; by default as fast as they answer. */
  readonly paceOf?: (service: string) => Pace;
  /** ms, for the pace. */
  readonly now: () => number;
  /** More of servers that were among `enough` may be asked for, for this service. */
  readonly onThin?: (service: string) => void;
}

export type AnswerOne = (held: Held, outcome: Outcome) => void;

interface Sender {
  readonly key: string;
  readonly service: string;
  readonly queue: Held[];
  working: boolean;
  /** Before the service, or answered just now. */
  last: Held | null;
  /** Answers that left a delivery of it waiting and that the edge has not heard. More than none: it is held. */
  unheard: number;
}

interface PaceOfService {
  readonly pacer: ServicePacer;
  readonly settling: Settling;
  /** When the first that waits may begin. */
  readonly next: Reminder;
}

export class Hand {
  readonly #options: HandOptions;
  readonly #senders = new Map<string, Sender>();
  /** Senders with something to do, in the order of asking, and how many are at work, for each service. */
  readonly #ready = new Map<string, Sender[]>();
  readonly #working = new Map<string, number>();
  readonly #sizes = new Map<string, number>();
  readonly #ids = new Set<string>();
  readonly #paces = new Map<string, PaceOfService>();
  readonly #crowds: Crowds;

  constructor(options: HandOptions) {
    this.#options = options;
    this.#crowds = new Crowds((service) => options.onThin?.(service));
  }

  /** Deliveries without an answer, of one service or of all. */
  size(service?: string): number {
    return service === undefined ? this.#ids.size : (this.#sizes.get(service) ?? 0);
  }

  /** The same, without those that only wait for the pace of their address: as many as keep others waiting. */
  pressing(service: string): number {
    return this.size(service) - this.#crowds.size(service);
  }

  /** Servers of which more in hand would only wait. */
  enough(): readonly Peer[] {
    return this.#crowds.peers();
  }

  /**
   * false: it is in hand already, by an earlier lease, and is answered once. What may not begin is given back at once.
   */
  take(held: Held, mayBegin = true): boolean {
    const { service, id } = held.delivery;
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    this.#sizes.set(service, this.size(service) + 1);
    if (this.#paceOf(service).pacer.countsAddresses) this.#crowds.add(held.delivery);
    const sender = this.#senderOf(held.delivery);
    if (!mayBegin || sender.unheard > 0) {
      this.#answer(sender, held, { outcome: 'released' });
      return true;
    }
    sender.queue.push(held);
    if (!sender.working && sender.queue.length === 1) this.#wait(sender);
    this.#start(service);
    return true;
  }

  /** The edge has heard one such answer of this sender. After the last, what it leases is in order again. */
  heard(delivery: Delivery): void {
    const sender = this.#senders.get(keyOf(delivery));
    if (sender === undefined) return;
    sender.unheard -= 1;
    this.#forgetIfDone(sender);
  }

  /** Answers `released` for everything not begun, of one service or of all. What is before a service stays there. */
  release(service?: string): void {
    for (const sender of [...this.#senders.values()]) {
      if (service !== undefined && sender.service !== service) continue;
      this.#releaseQueue(sender);
    }
  }

  #senderOf(delivery: Delivery): Sender {
    const key = keyOf(delivery);
    const known = this.#senders.get(key);
    if (known !== undefined) return known;
    const made: Sender = { key, service: delivery.service, queue: [], working: false, last: null, unheard: 0 };
    this.#senders.set(key, made);
    return made;
  }

  #wait(sender: Sender): void {
    const ready = this.#ready.get(sender.service) ?? [];
    ready.push(sender);
    this.#ready.set(sender.service, ready);
  }

  #start(service: string): void {
    const ready = this.#ready.get(service) ?? [];
    const { pacer, settling, next } = this.#paceOf(service);
    /** Until the first that must wait may begin. */
    let leastMs = Number.POSITIVE_INFINITY;
    for (let left = ready.length; left > 0; left -= 1) {
      if ((this.#working.get(service) ?? 0) >= pacer.parallel) return;
      if (pacer.waitMs > 0) {
        leastMs = Math.min(leastMs, pacer.waitMs);
        break;
      }
      const sender = ready.shift();
      const first = sender?.queue[0];
      // It was released meanwhile, or is at work and will ask again.
      if (sender === undefined || first === undefined || sender.working) continue;
      const waitMs = Math.max(pacer.waitMsOf(first.delivery.remoteAddress), settling.waitMs(first));
      if (waitMs > 0) {
        leastMs = Math.min(leastMs, waitMs);
        ready.push(sender);
        continue;
      }
      sender.working = true;
      this.#working.set(service, (this.#working.get(service) ?? 0) + 1);
      void this.#work(sender);
    }
    if (Number.isFinite(leastMs)) next.replace(leastMs);
  }

  #paceOf(service: string): PaceOfService {
    const known = this.#paces.get(service);
    if (known !== undefined) return known;
    const pace = this.#options.paceOf?.(service) ?? fullPace;
    const next = new Reminder(() => this.#start(service));
    const { now } = this.#options;
    const settling = new Settling(pace.settleMs ?? 0, now);
    const made = { pacer: new ServicePacer(pace, now), settling, next };
    this.#paces.set(service, made);
    return made;
  }

  /** The next of this sender, if the pace of its service gives leave. */
  #next(sender: Sender): Held | null {
    const { service, queue, last } = sender;
    const { pacer, settling } = this.#paceOf(service);
    // Whoever asks has its answer.
    if (last !== null) settling.took(last);
    sender.last = null;
    const [first] = queue;
    if (first === undefined) return null;
    const { remoteAddress } = first.delivery;
    if (pacer.waitMsOf(remoteAddress) > 0 || settling.waitMs(first) > 0) return null;
    pacer.begin(remoteAddress);
    sender.last = first;
    return queue.shift() ?? null;
  }

  async #work(sender: Sender): Promise<void> {
    await this.#options.work(
      () => this.#next(sender),
      (held, outcome) => this.#answer(sender, held, outcome),
    );
    sender.working = false;
    this.#working.set(sender.service, (this.#working.get(sender.service) ?? 1) - 1);
    if (sender.queue.length > 0) this.#wait(sender);
    this.#forgetIfDone(sender);
    this.#start(sender.service);
  }

  #answer(sender: Sender, held: Held, outcome: Outcome): void {
    this.#ids.delete(held.delivery.id);
    this.#sizes.set(sender.service, this.size(sender.service) - 1);
    if (this.#paceOf(sender.service).pacer.countsAddresses) this.#crowds.remove(held.delivery);
    const leftWaiting = outcome.outcome === 'later' || outcome.outcome === 'released';
    if (leftWaiting) sender.unheard += 1;
    this.#options.onAnswer({ seq: held.delivery.seq, id: held.delivery.id, ...outcome }, held);
    if (leftWaiting) this.#releaseQueue(sender);
  }

  #releaseQueue(sender: Sender): void {
    for (const held of sender.queue.splice(0)) this.#answer(sender, held, { outcome: 'released' });
  }

  #forgetIfDone(sender: Sender): void {
    if (sender.unheard === 0 && !sender.working && sender.queue.length === 0) this.#senders.delete(sender.key);
  }
}

/** No service name holds a space. */
function keyOf(delivery: Delivery): string {
  return `${delivery.service} ${delivery.sender}`;
}
