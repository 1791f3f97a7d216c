// What a real server leaves at the edge: asked of the running server as a stranger would, for the accounts that its database
// names. Without a database nobody tells who lives there: then names are the running server's to answer, and everybody
// counts as known. What one account has wrong, and what one question cannot be answered, costs that and not the rest.

import type { Clock } from '../../shared/clock.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { PublicDocument, Snapshot, WebFingerAccount } from '../../shared/snapshot.ts';
import type { Federation, Leavings, LeftOut } from '../adapters/adapter.ts';
import type { Reads } from '../adapters/server-adapter.ts';
import { openReadOnly, type ReadOnlyDatabase } from './database.ts';
import {
  accountNames,
  federationOf,
  type Known,
  knownTo,
  type Limited,
  unknownFederation,
} from './database-leavings.ts';
import { type AskedService, accountOf, actorsOf, nodeinfoOf } from './public-answers.ts';

export interface LeavingServer {
  readonly clock: Clock;
  /** What its people have after the @. */
  readonly domain: string;
  /** The first is the one that it is asked by. */
  readonly hosts: readonly string[];
  readonly inboxes: readonly string[];
  /** As porchlight.toml has it; null: none. */
  readonly database: string | null;
  readonly reads: Reads | null;
  /** As porchlight.toml has it. */
  readonly limited: Limited;
}

interface Told {
  readonly account: WebFingerAccount;
  readonly actors: readonly PublicDocument[];
}

/** Questions before the service at the same moment. What was answered is remembered, also when time runs out. */
const atOnce = 4;

/** Of a name: `nobody` and `untold` as public-answers.ts has them. */
type Answer = Told | 'nobody' | 'untold';

/** What is nobody's may be somebody's a moment later, ms: the account was made, and its page not yet. */
const nobodyMs = 60_000;

type Remembered<What> = { readonly at: number; readonly what: What };

type Accounts = Pick<Leavings, 'accounts' | 'hasUntold' | 'documents'>;

const untoldAccounts: Accounts = { accounts: null, documents: [] };

/** Remembers for a while what is costly to ask: a server at work, and a machine on a battery, are not asked all day. */
export class ServerLeavings {
  readonly #server: LeavingServer;
  #known: Remembered<Known> | null = null;
  #nodeinfo: Snapshot['nodeinfo'] = null;
  readonly #told = new Map<string, Remembered<Answer>>();

  constructor(server: LeavingServer) {
    this.#server = server;
  }

  /**
   * `base`: its loopback address. `anew`: whom it knows too, whenever that was asked. Throws `service-leavings`,
   * `service-database` and what a connection throws.
   */
  async ask(base: URL, signal: AbortSignal, anew = false): Promise<Leavings> {
    const { hosts, domain, inboxes, database, reads, limited } = this.#server;
    const service: AskedService = { base, host: hosts[0] ?? domain, signal };
    if (database === null || reads === null) {
      const nodeinfo = await nodeinfoOf(service);
      const allowed = limited.isLimited ? { allowedDomains: limited.domains } : {};
      return { inboxes, ...untoldAccounts, nodeinfo, knownActors: null, pages: [], ...allowed };
    }
    const open = await openReadOnly(database);
    try {
      const leftOut: LeftOut[] = [];
      const leaveOut = (of: string, what: string, thrown: unknown): null => {
        if (!(thrown instanceof PorchlightError)) throw thrown;
        leftOut.push({ of, text: `${what}: ${causeOf(thrown)}` });
        return null;
      };
      // Each time, because a name that is not told is said to be nobody's, and a block made a moment ago holds at night.
      const names = await accountNames(open, reads);
      const blocks = 'Whom it blocks is not known, and what it shows to some servers only is shown to none';
      const federation =
        (await federationOf(open, reads, limited).catch((thrown: unknown) => leaveOut('blocks', blocks, thrown))) ??
        unknownFederation(reads, limited);
      const accounts = names === null ? untoldAccounts : await this.#accounts(service, names);
      const nodeinfo = await nodeinfoOf(service).catch((thrown: unknown) => {
        leaveOut('nodeinfo', 'Its NodeInfo is what it said last', thrown);
        return this.#nodeinfo;
      });
      this.#nodeinfo = nodeinfo;
      const known = await this.#knownNow(open, reads, anew).catch((thrown: unknown) =>
        leaveOut('actors', 'Whom it knows is not known, and everybody counts as known', thrown),
      );
      leftOut.push(...(known?.leftOut ?? []));
      const { actorKeys = null, actors = null, someActors } = known ?? {};
      return {
        inboxes,
        ...accounts,
        nodeinfo,
        knownActors: actors,
        ...(someActors === undefined ? {} : { knownInPart: someActors }),
        pages: [],
        ...federation,
        ...(actorKeys === null ? {} : { actorKeys }),
        ...(leftOut.length === 0 ? {} : { leftOut }),
      };
    } finally {
      await open.close();
    }
  }

  /** Of its database alone, at this moment. Throws `service-database`. */
  async federation(): Promise<Federation> {
    const { database, reads, limited } = this.#server;
    if (database === null || reads === null) return limited.isLimited ? { allowedDomains: limited.domains } : {};
    const open = await openReadOnly(database);
    try {
      return await federationOf(open, reads, limited);
    } finally {
      await open.close();
    }
  }

  async #knownNow(database: ReadOnlyDatabase, reads: Reads, anew: boolean): Promise<Known> {
    const now = this.#server.clock.now();
    // Actors met meanwhile are known by their deliveries, which home's ledger remembers.
    if (this.#known === null || anew || !this.#isFresh(this.#known, now)) {
      this.#known = { at: now, what: await knownTo(database, reads) };
    }
    return this.#known.what;
  }

  /**
   * In the order of names; each subject once. accounts null: the running service says nothing of any of them, as one does
   * that is asked by a name which it does not take for its own. Of one of which it says nothing, or fails each time, nobody
   * is told that it is gone (`hasUntold`). Throws what all of them failed by: then the service is not well.
   */
  async #accounts(service: AskedService, names: readonly string[]): Promise<Accounts> {
    const { domain, hosts } = this.#server;
    const bySubject = new Map<string, Told>();
    const own = new Set(names);
    let [found, untold] = [0, 0];
    const failures: PorchlightError[] = [];
    // The actor of the server itself is called as its host is, in several of them.
    const asked = [...new Set([...names, domain, ...hosts])];
    for (let at = 0; at < asked.length; at += atOnce) {
      const some = asked.slice(at, at + atOnce);
      const answers = await Promise.all(some.map(async (name) => await this.#oneOrLast(service, name)));
      for (const [index, { told, failure }] of answers.entries()) {
        if (typeof told === 'object') bySubject.set(told.account.subject, told);
        if (!own.has(some[index] ?? '')) continue;
        if (failure !== null) failures.push(failure);
        else if (typeof told === 'object') found += 1;
        if (told === 'untold') untold += 1;
      }
    }
    if (found === 0 && failures.length > 0) throw failures[0];
    if (own.size > 0 && found === 0) return untoldAccounts;
    const told = [...bySubject.values()];
    return {
      accounts: told.map(({ account }) => account),
      ...(untold === 0 ? {} : { hasUntold: true }),
      documents: told.flatMap(({ actors }) => actors),
    };
  }

  /** Of one whose page fails what it last was, or nothing. */
  async #oneOrLast(
    service: AskedService,
    name: string,
  ): Promise<{ readonly told: Answer; readonly failure: PorchlightError | null }> {
    try {
      return { told: await this.#one(service, name), failure: null };
    } catch (failure) {
      if (!(failure instanceof PorchlightError)) throw failure;
      const before = this.#told.get(name)?.what;
      return { told: typeof before === 'object' ? before : 'untold', failure };
    }
  }

  async #one(service: AskedService, name: string): Promise<Answer> {
    const now = this.#server.clock.now();
    const before = this.#told.get(name);
    if (before !== undefined && this.#isFresh(before, now, typeof before.what === 'object' ? undefined : nobodyMs)) {
      return before.what;
    }
    const { domain, hosts } = this.#server;
    const first = await accountOf(service, `acct:${name}@${domain}`);
    const second =
      typeof first === 'object' || domain === service.host
        ? first
        : await accountOf(service, `acct:${name}@${service.host}`);
    const account = second === 'nobody' ? first : second;
    const what = typeof account === 'object' ? { account, actors: await actorsOf(service, account, hosts) } : account;
    this.#told.set(name, { at: now, what });
    return what;
  }

  #isFresh({ at }: Remembered<unknown>, now: number, forMs: number = limits.leavingsFreshMs): boolean {
    // Either way, because the clock may have been set back.
    return Math.abs(now - at) < forMs;
  }
}
