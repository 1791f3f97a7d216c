// What each service last left for strangers, kept across restarts: a service that is down when home wakes must not
// vanish from the snapshot, or the edge would turn its deliveries away.

import { readFileSync } from 'node:fs';
import { causeOf } from '../../shared/errors.ts';
import type { Leavings } from '../adapters/adapter.ts';
import { writeDurably } from '../durable-file.ts';
import type { Log } from '../log.ts';

export class LeavingsFile {
  readonly #path: string;
  readonly #last: Map<string, Leavings>;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#last = read(path, log);
  }

  of(service: string): Leavings | null {
    return this.#last.get(service) ?? null;
  }

  /** Writes only what differs. */
  keep(service: string, leavings: Leavings): void {
    const before = this.#last.get(service);
    this.#last.set(service, leavings);
    if (JSON.stringify(before) === JSON.stringify(leavings)) return;
    writeDurably(this.#path, JSON.stringify(Object.fromEntries(this.#last)));
  }
}

function read(path: string, log: Log): Map<string, Leavings> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Leavings>));
  } catch (thrown) {
    // It is a copy: the services are asked again.
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') log.warn(`Cannot read ${path}: ${causeOf(thrown)}`);
    return new Map();
  }
}
