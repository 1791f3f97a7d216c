// What each service last left for strangers, kept across restarts: a service that is down when home wakes must not
// vanish from the snapshot, or the edge would turn its deliveries away.

import { readFileSync } from 'node:fs';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';
import type { Leavings } from '../adapters/adapter.ts';
import { writeDurably } from '../durable-file.ts';
import type { Log } from '../log.ts';

/**
 * How often the file is written for what a server at work has anew all the time, ms: whom it met, keys of peers, its
 * figures. With a hundred thousand actors it has several MB, and a memory card wears.
 */
const writeEveryMs = 3_600_000;

/** Where deliveries are taken, who lives here, and who is shown nothing. */
const urgent: ReadonlySet<keyof Leavings> = new Set([
  'inboxes',
  'accounts',
  'blockedDomains',
  'sparedDomains',
  'allowedDomains',
]);

export class LeavingsFile {
  readonly #path: string;
  readonly #last: Map<string, Leavings>;
  readonly #clock: Clock;
  #writtenAt: number | null = null;
  /** The file lacks something. */
  #isOwed = false;
  #isClosed = false;

  constructor(path: string, log: Log, clock: Clock = systemClock) {
    this.#path = path;
    this.#last = read(path, log);
    this.#clock = clock;
  }

  of(service: string): Leavings | null {
    return this.#last.get(service) ?? null;
  }

  /** Writes only what differs: at once what is urgent, the rest now and then. */
  keep(service: string, leavings: Leavings): void {
    const before = this.#last.get(service);
    this.#last.set(service, leavings);
    const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(leavings)]) as Set<keyof Leavings>;
    const changed = [...fields].filter((field) => !isSame(before?.[field], leavings[field]));
    this.#isOwed ||= changed.length > 0;
    const isUrgent = before === undefined || changed.some((field) => urgent.has(field));
    // Either way, because the clock may have been set back.
    const isDue = this.#writtenAt === null || Math.abs(this.#clock.now() - this.#writtenAt) >= writeEveryMs;
    if (this.#isOwed && (isUrgent || isDue)) this.#write();
  }

  /** What is not in the file yet is written, and nothing afterwards: another home node may have the folder. */
  close(): void {
    if (this.#isOwed) this.#write();
    this.#isClosed = true;
  }

  #write(): void {
    if (this.#isClosed) return;
    writeDurably(this.#path, JSON.stringify(Object.fromEntries(this.#last)));
    this.#writtenAt = this.#clock.now();
    this.#isOwed = false;
  }
}

/** Lists that a service remembered are the same ones: a large one is not gone through. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
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
