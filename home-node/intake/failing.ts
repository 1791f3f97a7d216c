// Services that answer, and answer every sender "not now": they are starting, or their database is away. Each try costs
// the delivery an attempt, the edge a row and the service work that it has no strength for, so after some in a row
// nothing of theirs is begun for a while, a longer one each time; the first that is taken ends that.

import type { Delivery, Outcome } from '../../shared/delivery.ts';
import { Reminder } from './reminder.ts';

/** Senders in a row that are put off: fewer may be their own fault. */
const inARow = 8;
const firstMs = 5_000;
const mostMs = 40_000;

interface Failing {
  /** Put off since the service last took something. */
  readonly senders: Set<string>;
  /** 0: it is tried. */
  pauseMs: number;
  nextMs: number;
  readonly over: Reminder;
}

export class FailingServices {
  readonly #onOver: () => void;
  readonly #failing = new Map<string, Failing>();
  #isClosed = false;

  /** `onOver`: a service is to be tried again. */
  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  /** Nothing of it is to be begun now. */
  has(service: string): boolean {
    return (this.#failing.get(service)?.pauseMs ?? 0) > 0;
  }

  /** What became of a delivery; for how long nothing of its service is to be begun from now on, ms: 0 if it goes on. */
  answered({ service, sender }: Pick<Delivery, 'service' | 'sender'>, outcome: Outcome['outcome']): number {
    if (outcome === 'released' || this.#isClosed) return 0;
    if (outcome !== 'later') {
      this.#failing.get(service)?.over.cancel();
      // It may have taken one that was before it when the pause began.
      if (this.#failing.delete(service)) this.#onOver();
      return 0;
    }
    const failing = this.#failing.get(service) ?? this.#begin(service);
    if (failing.pauseMs > 0) return 0;
    failing.senders.add(sender);
    if (failing.senders.size < inARow) return 0;
    failing.pauseMs = failing.nextMs;
    failing.nextMs = Math.min(2 * failing.nextMs, mostMs);
    failing.over.in(failing.pauseMs);
    return failing.pauseMs;
  }

  close(): void {
    this.#isClosed = true;
    for (const { over } of this.#failing.values()) over.cancel();
  }

  #begin(service: string): Failing {
    const over = new Reminder(() => {
      failing.pauseMs = 0;
      this.#onOver();
    });
    const failing: Failing = { senders: new Set(), pauseMs: 0, nextMs: firstMs, over };
    this.#failing.set(service, failing);
    return failing;
  }
}
