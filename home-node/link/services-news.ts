// Tells the edge how the services are: at once when the link opens or one changes, because visitors wait for it; but where
// they keep changing, only now and then, because each telling wakes the edge.

import { servicesSince, servicesText } from '../../shared/link/services.ts';
import type { ServiceState } from '../../shared/presence.ts';
import type { Timers } from './timers.ts';

/** The part of a LiveLink that is used here. */
export interface ServicesLink {
  readonly version: number;
  services(text: string): void;
}

/** So many tellings may come at once; one more for each `newsEveryMs` that passes. */
export const newsAtOnce = 8;
export const newsEveryMs = 1_000;

export class ServicesNews {
  readonly #services: () => readonly ServiceState[];
  readonly #timers: Timers;
  #link: ServicesLink | null = null;
  #n = 0;
  /** The services as they were told last on this link. */
  #told = '';
  #left = newsAtOnce;
  /** Stops the wait until there is one more; null: all are there. */
  #stopWait: (() => void) | null = null;

  constructor(services: () => readonly ServiceState[], timers: Timers) {
    this.#services = services;
    this.#timers = timers;
  }

  /** A link opened. One of a version that does not know SERVICES is told nothing. */
  opened(link: ServicesLink): void {
    this.closed();
    if (link.version < servicesSince) return;
    this.#link = link;
    this.#tell();
  }

  closed(): void {
    this.#link = null;
    this.#told = '';
    this.#stopWait?.();
    this.#stopWait = null;
    this.#left = newsAtOnce;
  }

  changed(): void {
    this.#tell();
  }

  #tell(): void {
    if (this.#link === null || this.#left === 0) return;
    const services = this.#services();
    const now = JSON.stringify(services);
    // Changed and changed back.
    if (now === this.#told) return;
    this.#told = now;
    this.#n += 1;
    this.#link.services(servicesText(this.#n, services));
    this.#left -= 1;
    this.#wait();
  }

  #wait(): void {
    if (this.#stopWait !== null || this.#left === newsAtOnce) return;
    this.#stopWait = this.#timers.after(newsEveryMs, () => {
      this.#stopWait = null;
      this.#left += 1;
      this.#tell();
      this.#wait();
    });
  }
}
