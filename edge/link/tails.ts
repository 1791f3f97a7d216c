// Answers that are complete at the edge while their link is over: a handover, bedtime, a new key. Home counts an answer as
// done when its last byte has left, and closes; the visitor may need minutes for what lies here by then, and needs no link
// for it. Shared by all links of one home, one after the other: what they leave behind adds up.

import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import type { Carried } from './carried.ts';
import { type StallLimits, StallWatch } from './stall-watch.ts';

interface Tail {
  readonly owner: Carried;
}

export class Tails {
  readonly #outside: { readonly clock: Clock; readonly stalls: StallLimits };
  /** The oldest first. */
  readonly #all = new Set<Tail>();
  #watch: StallWatch<Tail> | null = null;

  constructor(outside: { readonly clock: Clock; readonly stalls: StallLimits }) {
    this.#outside = outside;
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  /** Stays until its visitor has all of it, is gone, or has stood still for too long. Too many bytes: the oldest breaks off. */
  add(owner: Carried): void {
    this.#all.add({ owner });
    let bytes = 0;
    for (const tail of this.#open()) bytes += tail.owner.waitingBytes;
    for (const tail of this.#open()) {
      if (bytes <= limits.linkTailBytes) break;
      bytes -= tail.owner.waitingBytes;
      this.#end(tail, 'lost');
    }
    const { clock, stalls } = this.#outside;
    this.#watch ??= new StallWatch(
      clock,
      stalls,
      () => this.#open(),
      (tail) => this.#end(tail, 'timeout'),
    );
    this.#watch.start();
  }

  #end(tail: Tail, failure: 'lost' | 'timeout'): void {
    this.#all.delete(tail);
    tail.owner.fail(failure);
  }

  /** Without those that have come to their end. */
  *#open(): Generator<Tail> {
    for (const tail of this.#all) {
      if (tail.owner.isVisitorsTurn) yield tail;
      else this.#all.delete(tail);
    }
  }
}
