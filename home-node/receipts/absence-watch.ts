// Looks, while home is awake, for which services nothing waits, and notes it (absences.ts). A home that sleeps notes nothing,
// nor does one whose link is lost or that gave its folder away: that is the record.

import type { Clock } from '../../shared/clock.ts';
import { Reminder } from '../intake/reminder.ts';
import type { AbsenceFile } from './absence-file.ts';

/** ms. */
const lookEveryMs = 60_000;

export interface AbsenceWatchOptions {
  readonly clock: Clock;
  readonly absences: AbsenceFile;
  readonly services: readonly string[];
  readonly isCurrent: (service: string) => boolean;
  readonly lookEveryMs?: number;
}

export class AbsenceWatch {
  readonly #options: AbsenceWatchOptions;
  readonly #next: Reminder;

  constructor(options: AbsenceWatchOptions) {
    this.#options = options;
    this.#next = new Reminder(() => this.#look());
  }

  start(): void {
    this.#next.in(this.#options.lookEveryMs ?? lookEveryMs);
  }

  stop(): void {
    this.#next.cancel();
  }

  #look(): void {
    const { clock, absences, services, isCurrent } = this.#options;
    absences.current(services.filter(isCurrent), clock.now());
    this.start();
  }
}
