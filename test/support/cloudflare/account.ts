// What the stand-in's account holds, and in which order it came to be.

import { DatabaseSync } from 'node:sqlite';

export interface StandInDatabase {
  readonly uuid: string;
  readonly name: string;
  /** In memory, so that migrations really run. */
  readonly sqlite: DatabaseSync;
}

export interface StandInVersion {
  readonly id: string;
  /** As wrangler sent it: bindings, variables, migrations. */
  readonly metadata: {
    readonly bindings: readonly Readonly<Record<string, unknown>>[];
    readonly [name: string]: unknown;
  };
  /** The module that was uploaded. */
  readonly script: string;
}

export interface StandInWorker {
  readonly name: string;
  readonly versions: StandInVersion[];
  migrationTag: string | null;
  live: string | null;
  domains: string[];
}

export class StandInAccount {
  readonly databases: StandInDatabase[] = [];
  readonly buckets: string[] = [];
  readonly workers = new Map<string, StandInWorker>();
  /** Everything that was made or changed, in order, in words. */
  readonly changes: string[] = [];
  /** Told of each change after it was made and before wrangler hears of it. */
  onChange: (change: string) => void = () => undefined;
  #made = 0;

  changed(what: string): void {
    this.changes.push(what);
    this.onChange(what);
  }

  id(): string {
    this.#made += 1;
    return `00000000-0000-4000-8000-${String(this.#made).padStart(12, '0')}`;
  }

  addDatabase(name: string): StandInDatabase {
    const made = { uuid: this.id(), name, sqlite: new DatabaseSync(':memory:') };
    this.databases.push(made);
    return made;
  }

  worker(name: string): StandInWorker {
    const there = this.workers.get(name) ?? { name, versions: [], migrationTag: null, live: null, domains: [] };
    this.workers.set(name, there);
    return there;
  }

  close(): void {
    for (const { sqlite } of this.databases) sqlite.close();
  }
}
