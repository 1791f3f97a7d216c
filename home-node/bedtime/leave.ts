// Keeps the edge's snapshot up to date: at each connection, when a service comes up, now and then while awake, soon
// after deliveries, and at bedtime. Sent when strangers would be told something else than before, and otherwise a few
// times a day, because they are told how old it is: what home found unchanged an hour ago is not a month old.

import type { Clock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { AccountLink, Snapshot } from '../../shared/snapshot.ts';
import type { Adapter, Leavings } from '../adapters/adapter.ts';
import type { Log } from '../log.ts';
import { within } from '../within.ts';
import type { LeavingsFile } from './leavings-file.ts';
import { sendRising } from './rising-version.ts';
import { makeSnapshot, type SnapshotContent, type SnapshotService } from './snapshot.ts';

export interface LeavingService {
  readonly name: string;
  readonly hosts: readonly string[];
  /** What its people have after the `@`, now; null: as the service itself says. */
  readonly accountDomain?: string | null;
  readonly adapter: Adapter;
  /** Its inboxes take nothing while it is away; false if left out. */
  readonly defers?: boolean;
  /** It answers ActivityPub questions only to who signs them; false if left out. */
  readonly authorizedFetch?: boolean;
  /** Origin on loopback; null while it is down. */
  origin(): string | null;
}

export interface LeaverOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** As the owner has them now. */
  readonly words: () => Pick<Snapshot, 'language' | 'title'>;
  readonly services: readonly LeavingService[];
  /** What the owner adds to accounts, now. */
  readonly links?: () => readonly AccountLink[];
  readonly kept: LeavingsFile;
  readonly senders: () => Promise<readonly string[]>;
  /** A version above every earlier one, and at least this. */
  readonly nextVersion: (atLeast: number) => Promise<number>;
  readonly send: (snapshot: Snapshot) => Promise<void>;
  /** How long a service may take to say what it leaves, ms. */
  readonly askMs?: number;
}

export class Leaver {
  readonly #options: LeaverOptions;
  #left: string | null = null;
  /** When it was sent. */
  #sentAt = 0;
  #leftAt: number | null = null;
  /** What the log was told of accounts: once is enough. */
  #accountFaults: readonly string[] = [];
  #last: Promise<boolean> = Promise.resolve(true);

  constructor(options: LeaverOptions) {
    this.#options = options;
  }

  /** The edge may have lost or never had it: the next time it is sent in any case. */
  forget(): void {
    this.#left = null;
  }

  /** Leaves what there is to leave. Resolves to whether the edge now has it; what failed is in the log. One at a time. */
  async leave(): Promise<boolean> {
    this.#last = this.#last.then(async () => await this.#leave());
    return await this.#last;
  }

  /**
   * When the edge's snapshot was last as the services say, ms since the epoch by home's clock: it took one then, or the
   * one that it has was found to be still true. null: it took none from here yet.
   */
  get leftAt(): number | null {
    return this.#leftAt;
  }

  /** What stands against each account having a name of its own, in sentences; empty when all is well. */
  get accountFaults(): readonly string[] {
    return this.#accountFaults;
  }

  /** Addresses of the actors of this service's accounts, as it last said. */
  actors(name: string): readonly string[] {
    const accounts = this.#options.kept.of(name)?.accounts ?? [];
    return accounts.flatMap(({ links }) => links.flatMap(({ rel, href }) => (rel === 'self' && href ? [href] : [])));
  }

  /** Paths of public pages worth warming, as this service last said. */
  pages(name: string): readonly string[] {
    return [...new Set(this.#options.kept.of(name)?.pages)];
  }

  async #leave(): Promise<boolean> {
    const { log } = this.#options;
    try {
      const { content, isHeard } = await this.#gather();
      // Before any service was ever up there is nothing to say; what an earlier edge was told may still be good.
      if (content.services.length === 0) return false;
      // Keys spare a question and no more; which are the most useful changes all day, and they are large.
      const said = JSON.stringify({ ...content, actorKeys: undefined });
      const now = this.#options.clock.now();
      if (said === this.#left) {
        // A service that should have said something and did not: that nothing changed is not known.
        if (!isHeard) return true;
        // Either way, because the clock may have been set back.
        if (Math.abs(now - this.#sentAt) < limits.snapshotAgainMs) {
          this.#leftAt = now;
          return true;
        }
      }
      const version = await this.#send(content);
      this.#left = said;
      this.#sentAt = now;
      this.#leftAt = now;
      log.debug(`Left snapshot ${version} at the edge.`);
      return true;
    } catch (thrown) {
      log.warn(`Cannot leave a snapshot at the edge: ${causeOf(thrown)}`);
      return false;
    }
  }

  async #send(content: SnapshotContent): Promise<number> {
    const { clock, nextVersion, send } = this.#options;
    const madeAt = clock.now();
    return await sendRising({
      clock,
      nextVersion,
      olderCode: 'snapshot-older',
      send: async (version) => await send({ version, madeAt, ...content }),
    });
  }

  /** `isHeard`: every service that is up said what it leaves now. */
  async #gather(): Promise<{ readonly content: SnapshotContent; readonly isHeard: boolean }> {
    const { words, services, links = () => [], senders } = this.#options;
    const { language, title } = words();
    const asked = await Promise.all(services.map(async (service) => await this.#ask(service)));
    const isHeard = asked.every((one) => one.isHeard);
    const known: SnapshotService[] = asked.map((one) => one.service).filter((one) => one !== null);
    const complete = known.length === services.length && known.every(({ leavings }) => leavings.accounts !== null);
    const facts = { language, title, complete, services: known, links: links(), senders: await senders() };
    const { content, faults } = makeSnapshot(facts);
    this.#tellFaults(faults);
    return { content, isHeard };
  }

  #tellFaults(faults: readonly string[]): void {
    for (const fault of faults) if (!this.#accountFaults.includes(fault)) this.#options.log.error(`Accounts: ${fault}`);
    this.#accountFaults = faults;
  }

  /** What the service leaves now, or left last; null if it never did: then it cannot be judged for either. */
  async #ask(
    service: LeavingService,
  ): Promise<{ readonly service: SnapshotService | null; readonly isHeard: boolean }> {
    const { name, hosts, adapter, accountDomain, authorizedFetch = false, defers = false } = service;
    const { signatures } = adapter;
    const isDown = service.origin() === null;
    const fresh = isDown ? null : await this.#fresh(service);
    const leavings = fresh ?? this.#options.kept.of(name);
    // One that is down has nothing new to say; that it is down is told elsewhere, and may be its owner's wish.
    const isHeard = isDown || fresh !== null;
    if (leavings === null) return { service: null, isHeard };
    const domain = typeof accountDomain === 'string' ? { accountDomain } : {};
    const accepts = adapter.acceptsOf?.(leavings) ?? adapter.accepts;
    const said = { name, hosts, signatures, ...(accepts && { accepts }), ...domain, authorizedFetch, defers, leavings };
    return { service: said, isHeard };
  }

  async #fresh(service: LeavingService): Promise<Leavings | null> {
    const { kept, log, askMs = 30_000 } = this.#options;
    const { name, adapter } = service;
    const base = service.origin();
    if (base === null) return null;
    try {
      const asking = adapter.leavings(new URL(base), AbortSignal.timeout(askMs));
      // Not all that is asked hears the signal: a database that stands still would keep every later snapshot from the edge.
      const leavings = await within(askMs, asking);
      if (leavings === undefined) throw new Error(`it takes longer than ${askMs / 1000} s`);
      kept.keep(name, leavings);
      return leavings;
    } catch (thrown) {
      log.warn(`Cannot learn what ${name} leaves at the edge: ${causeOf(thrown)}; what it left last stays.`);
      return null;
    }
  }
}
