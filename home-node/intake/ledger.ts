// The ledger: what home remembers of each delivery across any crash.
//
// A mark is written when `mark` returns: it outlives this process, however that ends. It outlives a power cut once
// `durable` has resolved, and that is waited for only where it buys something: before the edge is told what became of
// deliveries (open-intake.ts), and before a delivery is sent to a service that does not recognise repetitions
// (sender-work.ts). To one that does, what was begun is sent again after a crash whether the ledger knows of it or not.
// So a whole turn's answers cost one sync of the disk.

import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { LedgerStore, type Mark, type Standing } from './ledger-store.ts';
import type { UpkeepRequest, UpkeepResult } from './ledger-thread.ts';
import { UpkeepThread } from './upkeep-thread.ts';

/** In the data folder. */
export const ledgerFileName = 'ledger.sqlite';

/** A ledger that is read in a few milliseconds, also by a small machine: about 5,000 marks. */
const readAtOnceBytes = 1024 * 1024;

/** Marks after which the log is worth emptying: about 4 MB of it. */
const marksPerCheckpoint = 1_000;

/** Pages in the log (4 KiB each) at which marks are made to wait until it can begin anew. */
const longLogPages = 2_048;

export class Ledger {
  readonly #store: LedgerStore;
  /** SQLite's write-ahead log: to sync it makes every commit durable that was written to it before. */
  readonly #log: FileHandle;
  readonly #thread: UpkeepThread;
  /** Marks that no finished sync covers, and that the log has gathered. */
  #unsynced = 0;
  #gathered = 0;
  #pause: Promise<void> | null = null;
  /** The sync that runs; never rejects. */
  #syncing: Promise<void> = Promise.resolve();
  /** The sync that has not begun yet: it covers every mark made until it begins. */
  #nextSync: Promise<void> | null = null;
  #syncs = 0;
  /**
   * A sync failed. The kernel then counts what it could not write as written, so that a later sync which succeeds says
   * nothing of it (fsync(2)): the log must be written into the file instead.
   */
  #mustRewrite = false;

  private constructor(store: LedgerStore, log: FileHandle, thread: UpkeepThread) {
    this.#store = store;
    this.#log = log;
    this.#thread = thread;
  }

  /** Opens the ledger's file, making it when there is none. Throws `ledger-newer`, `ledger`. */
  static async open(path: string): Promise<Ledger> {
    const store = attempt(() => new LedgerStore(path));
    try {
      const log = await open(`${path}-wal`, 'r+');
      await syncFolder(dirname(path));
      return new Ledger(store, log, new UpkeepThread(path));
    } catch (thrown) {
      store.close();
      throw trouble(causeOf(thrown));
    }
  }

  /**
   * Writes all marks in one commit, in their order: the standing of each `begin`, null for an `answer`. Throws `ledger`
   * when they cannot be written; then none of them holds.
   */
  mark(marks: readonly Mark[]): readonly (Standing | null)[] {
    const standings = attempt(() => this.#store.commit(marks));
    this.#unsynced += marks.length;
    this.#gathered += marks.length;
    return standings;
  }

  /** Resolves when every mark made so far is on the disk; one sync serves all who wait. Rejects with `ledger`. */
  async durable(): Promise<void> {
    if (this.#unsynced === 0) return;
    if (this.#nextSync === null) {
      this.#nextSync = this.#syncing.then(async () => await this.#sync());
      this.#syncing = this.#nextSync.catch(() => undefined);
    }
    await this.#nextSync;
  }

  /** How many times the disk was asked to sync: what one sync for many saves is to be seen here. */
  get syncs(): number {
    return this.#syncs;
  }

  /** Whether the upkeep's thread is there now. */
  get hasThread(): boolean {
    return this.#thread.isRunning;
  }

  /**
   * Empties the write-ahead log into the file once enough has gathered; deliveries go on meanwhile. Under steady load
   * something newer is always in the log, and it would never begin anew: when it is long, marks wait for the short
   * rest (`pause`). SQLite's own way to make them wait (RESTART) holds its lock while it syncs, and this thread, which
   * answers the link, with it: 5 s on a disk that was busy.
   */
  async checkpoint(): Promise<void> {
    if (this.#gathered < marksPerCheckpoint) return;
    this.#gathered = 0;
    if (Number(await this.#ask({ op: 'checkpoint' })) <= longLogPages) return;
    const rest = this.#ask({ op: 'checkpoint' });
    this.#pause = rest.then(
      () => undefined,
      () => undefined,
    );
    try {
      await rest;
    } finally {
      this.#pause = null;
    }
  }

  /** Until it resolves, marks should wait; null: they need not. Nothing is lost if they do not. */
  get pause(): Promise<void> | null {
    return this.#pause;
  }

  /** Forgets what was answered before `before` (ms since the epoch). Returns how many. */
  async prune(before: number): Promise<number> {
    return Number(await this.#ask({ op: 'prune', before }));
  }

  /** Actors whose deliveries the services have taken. */
  async senders(): Promise<readonly string[]> {
    // Asked every few minutes: a thread for it would be the most that an idle home does.
    if (this.#store.bytes() <= readAtOnceBytes) return attempt(() => this.#store.senders());
    return (await this.#ask({ op: 'senders' })) as readonly string[];
  }

  /** The owner says that services lost what they had taken (one delivery, or all): it is sent again when it comes again. Once it is durable. */
  async doubtDelivered(id: string | null = null): Promise<void> {
    attempt(() => this.#store.doubtDelivered(id));
    this.#unsynced += 1;
    await this.durable();
  }

  /** A number that survives restarts and only rises, 0 if never raised. */
  number(name: string): number {
    return attempt(() => this.#store.number(name));
  }

  /** Raises it to at least `value`; resolves to what it is now, once that is on the disk. */
  async raise(name: string, value: number): Promise<number> {
    const raised = attempt(() => this.#store.raise(name, value));
    this.#unsynced += 1;
    await this.durable();
    return raised;
  }

  async close(): Promise<void> {
    try {
      await this.#thread.close();
    } finally {
      await this.#log.close();
      // The last connection empties the log into the file and syncs both.
      this.#store.close();
    }
  }

  async #sync(): Promise<void> {
    // Marks from here on are the next sync's.
    this.#nextSync = null;
    const covered = this.#unsynced;
    this.#syncs += 1;
    try {
      if (this.#mustRewrite) this.#store.rewrite();
      else await this.#log.datasync();
    } catch (thrown) {
      this.#mustRewrite = true;
      throw trouble(causeOf(thrown));
    }
    this.#mustRewrite = false;
    this.#unsynced -= covered;
  }

  async #ask(request: UpkeepRequest): Promise<UpkeepResult> {
    try {
      return await this.#thread.ask(request);
    } catch (thrown) {
      throw trouble(causeOf(thrown));
    }
  }
}

/** That the log exists must outlive a power cut as well. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw thrown instanceof PorchlightError ? thrown : trouble(causeOf(thrown));
  }
}

function trouble(found: string): PorchlightError {
  return new PorchlightError(
    'ledger',
    `Cannot write to the ledger: ${found}; see whether its disk is full or failing.`,
  );
}
