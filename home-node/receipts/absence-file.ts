// Keeps the record of absences (absences.ts) in a file of the data folder, so that it outlives the absence. It is written
// when an absence is found and, while all is well or deliveries are put off, now and then: after a crash the absence begins
// some minutes early, and what was put off within the last minute is forgotten.

import { readFileSync } from 'node:fs';
import { causeOf } from '../../shared/errors.ts';
import { isObject } from '../../shared/json-object.ts';
import { writeDurably } from '../durable-file.ts';
import type { Log } from '../log.ts';
import { current, missed, putOff, type ServiceRecord, unseen, wasAway } from './absences.ts';

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
  /** Arrivals that an owner asked for again, one by one. */
  readonly #again = new Set<number>();
  #writtenAt: number | null = null;
  /** Something was put off that the disk does not have yet. */
  #isOwed = false;
  #isClosed = false;

  constructor(path: string, log: Log, keepMs: number) {
    this.#path = path;
    this.#log = log;
    this.#keepMs = keepMs;
    this.#records = read(path, log);
  }

  wasAway(service: string, receivedAt: number, now: number): boolean {
    return this.#again.has(receivedAt) || wasAway(this.#of(service), receivedAt, now);
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

  /** As absences.ts says; written at once. */
  missed(services: readonly { readonly name: string }[], since: number, now: number): void {
    for (const { name } of services) {
      this.#records.set(name, missed(this.#of(name), since, now, now - this.#keepMs));
    }
    this.#write(now);
  }

  /** What arrived at this very time, which an owner asked for by itself. It is remembered by this process alone. */
  wantedAgain(receivedAt: number): void {
    this.#again.add(receivedAt);
  }

  /** What is not on the disk yet is written, and nothing afterwards: another home node may have the folder. */
  close(now: number): void {
    if (this.#isOwed) this.#write(now);
    this.#isClosed = true;
  }

  #isDue(now: number, everyMs: number): boolean {
    // Either way, because the clock may have been set back.
    return this.#writtenAt === null || Math.abs(now - this.#writtenAt) >= everyMs;
  }

  #of(service: string): ServiceRecord {
    return this.#records.get(service) ?? unseen;
  }

  #write(now: number): void {
    if (this.#isClosed) return;
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
    const json: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const entries = Object.entries(isObject(json) ? json : {});
    const records = entries.filter((entry): entry is [string, ServiceRecord] => isRecord(entry[1]));
    if (records.length < entries.length || !isObject(json)) {
      log.warn(`Cannot read all of ${path}: it is not as it was written; what it does not say counts as an absence.`);
    }
    return new Map(records);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') log.warn(`Cannot read ${path}: ${causeOf(thrown)}`);
    return new Map();
  }
}

function isRecord(value: unknown): value is ServiceRecord {
  if (!isObject(value) || !Array.isArray(value.absences)) return false;
  const isSpan = (span: unknown): boolean => Array.isArray(span) && span.length === 2 && span.every(Number.isFinite);
  return (value.currentAt === null || Number.isFinite(value.currentAt)) && value.absences.every(isSpan);
}
