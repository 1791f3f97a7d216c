// Tells the Link object that something waits, so that a home which is up comes at once. Rung once, and not again until
// home came: a flood of arrivals costs the Link one call per turn. After an eviction it rings once more, which is cheap.

import { causeOf } from '../../shared/errors.ts';
import { say } from '../log.ts';
import type { Outside } from './outside.ts';

export class WorkBell {
  readonly #outside: Outside;
  #rung = false;

  constructor(outside: Outside) {
    this.#outside = outside;
  }

  /** Home will come anyway. Asked first, because work that outlives a call costs even when there is none. */
  get isRung(): boolean {
    return this.#rung;
  }

  /** Resolves when the Link was told; a sender's answer never waits for it. Never rejects. */
  async ring(): Promise<void> {
    if (this.#rung) return;
    this.#rung = true;
    try {
      await this.#outside.announceWork();
    } catch (thrown) {
      this.#rung = false;
      say('warn', 'work-not-announced', { cause: causeOf(thrown) });
    }
  }

  /** Home took a turn: what came before it is known to home. */
  quiet(): void {
    this.#rung = false;
  }
}
