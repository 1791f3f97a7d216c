// Which documents of services that show theirs to who signs alone lie at the edge because home gave them, kept across
// restarts: what is for all no more, or is not there any more, is taken back by its address.

import { readFileSync } from 'node:fs';
import type { Clock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';
import { isObject } from '../../shared/json-object.ts';
import { limits } from '../../shared/limits.ts';
import { writeDurably } from '../durable-file.ts';
import type { Log } from '../log.ts';

export interface Given {
  readonly host: string;
  /** With its query. */
  readonly path: string;
  /** Path of the post that it is or belongs to; null: of none. */
  readonly post: string | null;
  /** Posts may be named in it. */
  readonly isList: boolean;
}

interface Entry extends Given {
  /** ms since the epoch. */
  readonly at: number;
}

export class GivenFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(path: string, log: Log, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
    for (const entry of read(path, log)) this.#entries.set(nameOf(entry), entry);
  }

  at(hosts: readonly string[]): readonly Given[] {
    return [...this.#entries.values()].filter(({ host }) => hosts.includes(host));
  }

  /** Before they are given: nothing lies at the edge that is not in the file. Throws what the disk throws. */
  add(documents: readonly Given[]): void {
    const at = this.#clock.now();
    for (const one of documents) this.#entries.set(nameOf(one), { ...one, at });
    this.#write();
  }

  /** After they were taken back. The same. */
  remove(documents: readonly Given[]): void {
    for (const one of documents) this.#entries.delete(nameOf(one));
    this.#write();
  }

  #write(): void {
    // Older ones are given to nobody; either way, because the clock may have been set back.
    const isOver = ({ at }: Entry): boolean => Math.abs(this.#clock.now() - at) > 2 * limits.authorizedCopyMs;
    for (const [name, entry] of this.#entries) if (isOver(entry)) this.#entries.delete(name);
    writeDurably(this.#path, JSON.stringify([...this.#entries.values()]));
  }
}

function nameOf({ host, path }: Given): string {
  return host + path;
}

function read(path: string, log: Log): readonly Entry[] {
  try {
    const entries: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn(
        `Cannot read ${path}: ${causeOf(thrown)}; what was left at the edge and is for all no more is gone from there two days later.`,
      );
    return [];
  }
}

function isEntry(value: unknown): value is Entry {
  if (!isObject(value)) return false;
  const { host, path, post, isList, at } = value;
  const isPost = post === null || typeof post === 'string';
  return (
    typeof host === 'string' &&
    typeof path === 'string' &&
    isPost &&
    typeof isList === 'boolean' &&
    typeof at === 'number'
  );
}
