// What a real server leaves at the edge: asked of the running server as a stranger would, for the accounts that its database
// names. Without a database nobody tells who lives there: then names are the running server's to answer, and everybody
// counts as known.

import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import type { PublicDocument, WebFingerAccount } from '../../shared/snapshot.ts';
import type { Leavings } from '../adapters/adapter.ts';
import type { Reads } from '../adapters/server-adapter.ts';
import { openReadOnly, type ReadOnlyDatabase } from './database.ts';
import { accountNames, type Known, knownTo } from './database-leavings.ts';
import { type AskedService, accountOf, actorOf, nodeinfoOf } from './public-answers.ts';

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
}

interface Told {
  readonly account: WebFingerAccount;
  readonly actor: PublicDocument | null;
}

/** Questions before the service at the same moment. What was answered is remembered, also when time runs out. */
const atOnce = 4;

/** Of a name: `nobody` and `untold` as public-answers.ts has them. */
type Answer = Told | 'nobody' | 'untold';

/** What is nobody's may be somebody's a moment later, ms: the account was made, and its page not yet. */
const nobodyMs = 60_000;

type Remembered<What> = { readonly at: number; readonly what: What };

/** Remembers for a while what is costly to ask: a server at work, and a machine on a battery, are not asked all day. */
export class ServerLeavings {
  readonly #server: LeavingServer;
  #known: Remembered<Known> | null = null;
  readonly #told = new Map<string, Remembered<Answer>>();

  constructor(server: LeavingServer) {
    this.#server = server;
  }

  /** `base`: its loopback address. Throws `service-leavings`, `service-database` and what a connection throws. */
  async ask(base: URL, signal: AbortSignal): Promise<Leavings> {
    const { hosts, domain, inboxes, database, reads } = this.#server;
    const service: AskedService = { base, host: hosts[0] ?? domain, signal };
    const nodeinfo = await nodeinfoOf(service);
    if (database === null || reads === null) {
      return { inboxes, accounts: null, nodeinfo, documents: [], knownActors: null, pages: [] };
    }
    const open = await openReadOnly(database);
    try {
      // Each time, because a name that is not told is said to be nobody's.
      const names = await accountNames(open, reads);
      const told = names === null ? null : await this.#accounts(service, names);
      const { actors, blockedDomains, actorKeys } = await this.#knownNow(open, reads);
      return {
        inboxes,
        accounts: told?.map(({ account }) => account) ?? null,
        nodeinfo,
        documents: told?.flatMap(({ actor }) => (actor === null ? [] : [actor])) ?? [],
        knownActors: actors,
        pages: [],
        blockedDomains,
        ...(actorKeys === null ? {} : { actorKeys }),
      };
    } finally {
      await open.close();
    }
  }

  async #knownNow(database: ReadOnlyDatabase, reads: Reads): Promise<Known> {
    const now = this.#server.clock.now();
    // Actors met meanwhile are known by their deliveries, which home's ledger remembers.
    if (this.#known === null || !this.#isFresh(this.#known, now)) {
      this.#known = { at: now, what: await knownTo(database, reads) };
    }
    return this.#known.what;
  }

  /**
   * In the order of names; each subject once. null: there is an account of which the running service says nothing, or of
   * none of them anything, as one does that is asked by a name which it does not take for its own. To leave those out
   * would be to say that they are gone.
   */
  async #accounts(service: AskedService, names: readonly string[]): Promise<readonly Told[] | null> {
    const { domain, hosts } = this.#server;
    const bySubject = new Map<string, Told>();
    const own = new Set(names);
    let [found, untold] = [0, 0];
    // The actor of the server itself is called as its host is, in several of them.
    const asked = [...new Set([...names, domain, ...hosts])];
    for (let at = 0; at < asked.length; at += atOnce) {
      const some = asked.slice(at, at + atOnce);
      const answers = await Promise.all(some.map(async (name) => await this.#one(service, name)));
      for (const [index, told] of answers.entries()) {
        const isOwn = own.has(some[index] ?? '');
        if (typeof told === 'object') bySubject.set(told.account.subject, told);
        if (isOwn && typeof told === 'object') found += 1;
        if (isOwn && told === 'untold') untold += 1;
      }
    }
    return untold > 0 || (own.size > 0 && found === 0) ? null : [...bySubject.values()];
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
    const what = typeof account === 'object' ? { account, actor: await actorOf(service, account, hosts) } : account;
    this.#told.set(name, { at: now, what });
    return what;
  }

  #isFresh({ at }: Remembered<unknown>, now: number, forMs: number = limits.leavingsFreshMs): boolean {
    // Either way, because the clock may have been set back.
    return Math.abs(now - at) < forMs;
  }
}
