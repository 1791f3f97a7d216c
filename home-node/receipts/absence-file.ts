// Keeps the record of absences (absences.ts) in a file of the data folder, so that it outlives the absence. It is written
// when an absence is found and, while all is well or deliveries are put off, now and then: after a crash the absence begins
// some minutes early, and what was put off within the last minute is forgotten.

import { readFileSync } from 'node:fs';
import { causeOf } from '../../shared/errors.ts';
import { writeDurably } from '../durable-file.ts';
import type { Log } from '../log.ts';
import { current, putOff, type ServiceRecord, unseen, wasAway } from './absences.ts';

/** While nothing happens, ms: what a crash makes the absence longer by, against wear of the disk. */
const writeEveryMs = 5 * 60_000;
/** While deliveries are put off, ms: a morning of thousands costs a few writes. */
const putOffEveryMs = 60_000;

export interface Absences {
  wasAway(service: string, receivedAt: number, now: number): boolean;
}

export class AbsenceFile implements Absences {
  readonly #path: string;
  readonly #log: Log;
  /** What ended so long ago is forgotten, ms. */
  readonly #keepMs: number;
  readonly #records: Map<string, ServiceRecord>;
  #writtenAt: number | null = null;
  /** Something was put off that the disk does not have yet. */
  #isOwed = false;

  constructor(path: string, log: Log, keepMs: number) {
    this.#path = path;
    this.#log = log;
    this.#keepMs = keepMs;
    this.#records = read(path, log);
  }

  wasAway(service: string, receivedAt: number, now: number): boolean {
    return wasAway(this.#of(service), receivedAt, now);
  }

  /** Nothing waits for these services. */
  current(services: readonly string[], now: number): void {
    let isFound = false;
    for (const service of services) {
      const before = this.#of(service);
      const after = current(before, now, now - this.#keepMs);
      isFound ||= before.absences !== after.absences;
      this.#records.set(service, after);
    }
    if (isFound || this.#isOwed || (services.length > 0 && this.#isDue(now, writeEveryMs))) this.#write(now);
  }

  /** As absences.ts says. */
  putOff(service: string, receivedAt: number, now: number): void {
    this.#records.set(service, putOff(this.#of(service), receivedAt, now, now - this.#keepMs));
    this.#isOwed = true;
    if (this.#isDue(now, putOffEveryMs)) this.#write(now);
  }

  /** Home ends: what is not on the disk yet is written. */
  close(now: number): void {
    if (this.#isOwed) this.#write(now);
  }

  #isDue(now: number, everyMs: number): boolean {
    // Either way, because the clock may have been set back.
    return this.#writtenAt === null || Math.abs(now - this.#writtenAt) >= everyMs;
  }

  #of(service: string): ServiceRecord {
    return this.#records.get(service) ?? unseen;
  }

  #write(now: number): void {
    this.#writtenAt = now;
    this.#isOwed = false;
    try {
      writeDurably(this.#path, JSON.stringify(Object.fromEntries(this.#records)));
    } catch (thrown) {
      // What is not written down makes an absence longer after a crash; it stops no delivery.
      this.#log.warn(`Cannot write ${this.#path}: ${causeOf(thrown)}`);
    }
  }
}

function read(path: string, log: Log): Map<string, ServiceRecord> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, ServiceRecord>));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') log.warn(`Cannot read ${path}: ${causeOf(thrown)}`);
    return new Map();
  }
}
