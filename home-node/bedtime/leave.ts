// Keeps the edge's snapshot up to date: at each connection, when a service comes up, now and then while awake, soon
// after deliveries, and at bedtime. Sent when strangers would be told something else than before, and otherwise a few
// times a day, because they are told how old it is: what home found unchanged an hour ago is not a month old.
//
// Bedtime is short, and a service may be slow. So what must not be old goes first: whom services block and with whom alone
// they federate is asked of their databases anew, and left with what they left last; then they are asked for all the rest
// anew too, and that is left if it comes in time. Of a service that is up and whose database does not answer nobody knows
// whom it blocks: what it shows to some servers only is then shown to none.

import type { Clock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { AccountLink, Snapshot } from '../../shared/snapshot.ts';
import type { Adapter, Federation, Leavings, LeftOut } from '../adapters/adapter.ts';
import type { Log } from '../log.ts';
import { within } from '../within.ts';
import { fitted } from './fitting.ts';
import { knownFilters } from './known-filter.ts';
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
  /** Resolves to what the edge could not read of it, in words; nothing where it could all. */
  readonly send: (snapshot: Snapshot) => Promise<readonly string[]>;
  /** How long a service may take to say what it leaves, ms. */
  readonly askMs?: number;
  /** The same of whom it blocks, ms. */
  readonly blocksMs?: number;
}

/** What is asked: all, as far as it is not fresh; all; or what must not be old alone. */
type Asking = 'usual' | 'anew' | 'blocks';

/** Another leaving was begun that knows more: this one must not come after it. */
class Overtaken extends Error {}

export class Leaver {
  readonly #options: LeaverOptions;
  #left: string | null = null;
  /** When it was sent. */
  #sentAt = 0;
  #leftAt: number | null = null;
  /** What the log was told of accounts: once is enough. */
  #accountFaults: readonly string[] = [];
  /** The same of what is left out. */
  #leftOut: readonly LeftOut[] = [];
  /** And of what the edge could not read. */
  #unread: readonly LeftOut[] = [];
  #last: Promise<boolean> = Promise.resolve(true);
  /** Counts bedtimes, and the end: what was begun before one sends nothing after it. */
  #bedtimes = 0;
  /** The night's snapshot does not have everything yet. */
  #isNightOpen = false;

  constructor(options: LeaverOptions) {
    this.#options = options;
  }

  /** The edge may have lost or never had it: the next time it is sent in any case. */
  forget(): void {
    this.#left = null;
  }

  /** Leaves what there is to leave. Resolves to whether the edge now has it; what failed is in the log. One at a time. */
  async leave(): Promise<boolean> {
    this.#last = this.#last.then(async () => await this.#leave('usual'));
    return await this.#last;
  }

  /**
   * Leaves the last snapshot before the night, whatever leaving is under way. `first`: what must not be old is there,
   * `all`: the rest is. Each resolves to whether the edge has it.
   */
  leaveForNight(): { readonly first: Promise<boolean>; readonly all: Promise<boolean> } {
    this.#bedtimes += 1;
    // Sent also when nothing changed: for the night strangers are told of when it is.
    this.forget();
    const { services, kept } = this.#options;
    // Of one that never said anything there is nothing to leave before it does, and nothing to warm.
    const areKnown = services.every(({ name, origin }) => kept.of(name) !== null || origin() === null);
    const isQuick = areKnown && services.some(({ adapter }) => adapter.federation !== undefined);
    const first = isQuick ? this.#leave('blocks') : this.#leave('anew');
    const all = isQuick ? first.then(async () => await this.#leave('anew')) : first;
    this.#last = all;
    this.#isNightOpen = true;
    void all.finally(() => {
      this.#isNightOpen = false;
    });
    return { first, all };
  }

  /** Nothing is sent any more: another home node may have the folder. */
  end(): void {
    this.#bedtimes += 1;
    if (!this.#isNightOpen) return;
    this.#options.log.warn('Not all services said in time what they leave for the night; what they left last stays.');
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

  /** What is there and is not left at the edge, in sentences; empty when all is. */
  get leftOut(): readonly string[] {
    return [...this.#leftOut, ...this.#unread].filter(({ isSmall }) => isSmall !== true).map(({ text }) => text);
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

  async #leave(asking: Asking): Promise<boolean> {
    const { log } = this.#options;
    const bedtimes = this.#bedtimes;
    try {
      const { content, isHeard } = await this.#gather(asking);
      // Before any service was ever up there is nothing to say; what an earlier edge was told may still be good.
      if (content.services.length === 0) return false;
      // Keys spare a question and no more; which are the most useful changes all day, and they are large.
      const said = JSON.stringify(asking === 'usual' ? { ...content, actorKeys: undefined } : content);
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
      const version = await this.#send(content, () => this.#bedtimes === bedtimes);
      this.#left = said;
      this.#sentAt = now;
      if (asking !== 'blocks' || this.#leftAt === null) this.#leftAt = now;
      log.debug(`Left snapshot ${version} at the edge.`);
      return true;
    } catch (thrown) {
      // What it needs may be closed by then.
      if (thrown instanceof Overtaken || this.#bedtimes !== bedtimes) return false;
      log.warn(`Cannot leave a snapshot at the edge: ${causeOf(thrown)}`);
      return false;
    }
  }

  async #send(content: SnapshotContent, isCurrent: () => boolean): Promise<number> {
    const { clock, nextVersion, send } = this.#options;
    const madeAt = clock.now();
    return await sendRising({
      clock,
      nextVersion,
      olderCode: 'snapshot-older',
      send: async (version) => {
        if (!isCurrent()) throw new Overtaken();
        const unread = await send({ version, madeAt, ...content });
        const told = unread.map((text) => ({ of: text, text: `the edge could not read, and left out, ${text}` }));
        this.#unread = this.#tell(this.#unread, told);
      },
    });
  }

  /** `isHeard`: every service that is up said what it leaves now. */
  async #gather(asking: Asking): Promise<{ readonly content: SnapshotContent; readonly isHeard: boolean }> {
    const { words, services, links = () => [], senders } = this.#options;
    const { language, title } = words();
    const asked = await Promise.all(services.map(async (service) => await this.#ask(service, asking)));
    const isHeard = asked.every((one) => one.isHeard);
    const known: SnapshotService[] = asked.map((one) => one.service).filter((one) => one !== null);
    const complete = known.length === services.length && known.every(({ leavings }) => leavings.accounts !== null);
    const filters = await knownFilters(
      known.map(({ leavings }) => leavings),
      await senders(),
    );
    const { content, faults, leftOut } = makeSnapshot({
      language,
      title,
      complete,
      services: known,
      links: links(),
      ...filters,
    });
    const fit = fitted(content);
    this.#tellFaults(faults);
    this.#leftOut = this.#tell(this.#leftOut, [...leftOut, ...fit.leftOut]);
    return { content: fit.content, isHeard };
  }

  /** What was not told before. */
  #tell(before: readonly LeftOut[], now: readonly LeftOut[]): readonly LeftOut[] {
    for (const { of, text, isSmall } of now) {
      if (before.some((one) => one.of === of)) continue;
      this.#options.log[isSmall === true ? 'info' : 'warn'](`Left out of what strangers are told: ${text}`);
    }
    return now;
  }

  #tellFaults(faults: readonly string[]): void {
    for (const fault of faults) if (!this.#accountFaults.includes(fault)) this.#options.log.error(`Accounts: ${fault}`);
    this.#accountFaults = faults;
  }

  /** What the service leaves now, or left last; null if it never did: then it cannot be judged for either. */
  async #ask(
    service: LeavingService,
    asking: Asking,
  ): Promise<{ readonly service: SnapshotService | null; readonly isHeard: boolean }> {
    const { name, hosts, adapter, accountDomain, authorizedFetch = false, defers = false } = service;
    const { signatures } = adapter;
    const isDown = service.origin() === null;
    const fresh = isDown || asking === 'blocks' ? null : await this.#fresh(service, asking === 'anew');
    const leavings = fresh ?? (await this.#lastOf(service, isDown));
    // One that is down has nothing new to say; that it is down is told elsewhere, and may be its owner's wish.
    const isHeard = isDown || fresh !== null;
    if (leavings === null) return { service: null, isHeard };
    const domain = typeof accountDomain === 'string' ? { accountDomain } : {};
    const accepts = adapter.acceptsOf?.(leavings) ?? adapter.accepts;
    const said = { name, hosts, signatures, ...(accepts && { accepts }), ...domain, authorizedFetch, defers, leavings };
    return { service: said, isHeard };
  }

  async #fresh(service: LeavingService, anew: boolean): Promise<Leavings | null> {
    const { kept, log, askMs = 30_000 } = this.#options;
    const { name, adapter } = service;
    const base = service.origin();
    if (base === null) return null;
    try {
      const asking = adapter.leavings(new URL(base), AbortSignal.timeout(askMs), anew);
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

  /** What it left last, with whom it has to do now. */
  async #lastOf(service: LeavingService, isDown: boolean): Promise<Leavings | null> {
    const { kept } = this.#options;
    const last = kept.of(service.name);
    if (last === null || service.adapter.federation === undefined) return last;
    const now = await this.#federationOf(service, isDown);
    // While it is down nobody blocks anybody by it: what it said last holds, as far as it was asked since.
    if (now === null && isDown) return last;
    const { blockedDomains: _, sparedDomains: __, allowedDomains: ___, ...rest } = last;
    const leavings: Leavings = { ...rest, ...(now ?? service.adapter.unknownFederation) };
    if (now !== null) kept.keep(service.name, leavings);
    return leavings;
  }

  /** null: it cannot be asked. */
  async #federationOf({ name, adapter }: LeavingService, isDown: boolean): Promise<Federation | null> {
    const { log, blocksMs = 2_500 } = this.#options;
    try {
      const found = await within(blocksMs, adapter.federation?.() ?? Promise.resolve({}));
      if (found !== undefined) return found;
      throw new Error(`it takes longer than ${blocksMs / 1000} s`);
    } catch (thrown) {
      const follows = isDown
        ? 'what it said last holds while it is down'
        : 'what it shows to some servers only is shown to none until that is known';
      log[isDown ? 'debug' : 'warn'](`Cannot learn whom ${name} blocks: ${causeOf(thrown)}; ${follows}.`);
      return null;
    }
  }
}
