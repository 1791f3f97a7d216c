// Keeps home's link to its edge open: dials, serves what is carried, and dials again when it is lost, until it is told
// to sleep or a newer home node has taken over.

import type { CryptoKey } from 'jose';
import type { Random } from '../../shared/clock.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { linkVersions } from '../../shared/link/frames.ts';
import type { Refusal } from '../../shared/link/handshake.ts';
import type { ServiceState } from '../../shared/presence.ts';
import type { Session } from '../../shared/session/call.ts';
import { adviceFor } from './advice.ts';
import { type DialOptions, dial } from './dial.ts';
import { LiveLink } from './live-link.ts';
import { rarelyMs, reconnectDelayMs } from './reconnect.ts';
import type { Serve } from './serve.ts';
import { ServicesNews } from './services-news.ts';
import type { Timers } from './timers.ts';

export type LinkState =
  | { readonly link: 'dialling' }
  | { readonly link: 'open'; readonly session: Session }
  /** Not open; dialled again after `retryMs`. `code` and `reason` say why, for the owner. */
  | { readonly link: 'lost'; readonly code: string; readonly reason: string; readonly retryMs: number }
  /** A newer home node takes over: this one takes no more work and answers only what it has begun with; `superseded` follows. */
  | { readonly link: 'draining'; readonly reason: string }
  /** A newer home node took over: this process must stop; the link never dials again. */
  | { readonly link: 'superseded'; readonly reason: string }
  /** Told to sleep or to close. */
  | { readonly link: 'closed' };

export interface LinkClientOptions extends Omit<DialOptions, 'process' | 'epoch' | 'versions' | 'isWanted'> {
  readonly serve: Serve;
  /** How the services are now: the edge is told when the link opens and by tellServices(). Absent: it is told nothing. */
  readonly services?: () => readonly ServiceState[];
  /** Tests change it. */
  readonly versions?: readonly number[];
  /** Something waits in the spool. */
  readonly onWork: () => void;
  readonly onState: (state: LinkState) => void;
  readonly random: Random;
  readonly timers: Timers;
}

/** A link that was open for so long had no fault of its own: the next wait starts short again, ms. */
const steadyMs = 10_000;
/** So many links that were lost sooner are dialled again as soon, because visitors wait meanwhile; then ever later, because
 * something is wrong, and each dial costs the edge a few calls. */
export const soonAgain = 8;
const noop = (): void => undefined;

export class LinkClient {
  readonly #options: LinkClientOptions;
  readonly #process: string;
  #key: CryptoKey;
  #epoch = 0;
  #failures = 0;
  /** Losses of links that were not steady, in a row. */
  #losses = 0;
  #live: LiveLink | null = null;
  /** The one before: what is open on it ends. */
  #older: LiveLink | null = null;
  readonly #news: ServicesNews | null;
  #isWanted = false;
  #isDialling = false;
  /** Stops whatever timer runs: the next attempt's, or the one that finds the link steady. */
  #cancelTimer: () => void = noop;

  constructor(options: LinkClientOptions) {
    this.#options = options;
    this.#key = options.key;
    this.#process = Buffer.from(options.random.bytes(16)).toString('base64url');
    const { services, timers } = options;
    this.#news = services === undefined ? null : new ServicesNews(services, timers);
  }

  /** What the handshake opened; null while the link is not open. */
  get session(): Session | null {
    return this.#live?.session ?? null;
  }

  /** Opens the link and keeps it open. */
  start(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#failures = 0;
    void this.#open();
  }

  /**
   * Tells the edge that home sleeps until then (ms since the epoch, null: not known), lets running requests end, and
   * closes. Throws `link-not-open` when the edge cannot be told.
   */
  async sleep(until: number | null): Promise<void> {
    if (this.#live === null) {
      throw new PorchlightError(
        'link-not-open',
        'Cannot say good night: the link is not open; wait for it and repeat.',
      );
    }
    await this.#live.sleep(until);
    this.close();
  }

  /** A service is not as it was. An edge that does not know of services is not told. */
  tellServices(): void {
    this.#news?.changed();
  }

  /** Closes the link and does not open it again by itself. */
  close(): void {
    this.#older?.close();
    this.#older = null;
    if (!this.#isWanted) return;
    this.#isWanted = false;
    this.#cancelTimer();
    this.#live?.close();
    this.#forget();
    this.#options.onState({ link: 'closed' });
  }

  /** Proofs are signed with this key from the next attempt on. */
  useKey(key: CryptoKey): void {
    this.#key = key;
  }

  /** Opens the link anew, at once. The one that is open serves until then, and ends what is open on it. */
  redial(): void {
    if (!this.#isWanted) return;
    this.#cancelTimer();
    if (this.#live !== null) this.#retire(this.#live);
    this.#failures = 0;
    void this.#open();
  }

  async #open(): Promise<void> {
    // A start after a close while the socket is being opened: that socket will do.
    if (this.#isDialling) return;
    this.#isDialling = true;
    this.#options.onState({ link: 'dialling' });
    try {
      const { edge, homeId, ca, versions = linkVersions } = this.#options;
      const key = this.#key;
      const trust = ca === undefined ? {} : { ca };
      const own = { process: this.#process, epoch: this.#epoch, isWanted: (): boolean => this.#isWanted };
      const dialled = await dial({ edge, homeId, key, versions, ...own, ...trust });
      const { serve, onWork, timers } = this.#options;
      const live: LiveLink = new LiveLink(dialled, {
        serve,
        onWork,
        timers,
        onLost: (why) => this.#ended(live, why),
        onDrain: (why) => this.#drains(live, why),
      });
      this.#epoch = dialled.welcome.epoch;
      if (this.#isWanted) this.#adopt(live);
      else live.close();
    } catch (thrown) {
      this.#lost({ code: thrown instanceof PorchlightError ? thrown.code : 'internal', reason: causeOf(thrown) });
    } finally {
      this.#isDialling = false;
    }
  }

  #adopt(live: LiveLink): void {
    this.#live = live;
    this.#cancelTimer = this.#options.timers.after(steadyMs, () => {
      this.#failures = 0;
      this.#losses = 0;
    });
    this.#options.onState({ link: 'open', session: live.session });
    live.start();
    if (this.#older !== null) void this.#drain(this.#older);
    // Only if it still is: what came right behind WELCOME may have ended it.
    if (this.#live === live) this.#news?.opened(live);
  }

  /** Another takes its place, or will. */
  #retire(live: LiveLink): void {
    this.#forget();
    this.#older?.close();
    this.#older = live;
  }

  /** The retired one closes when what is open on it has ended. */
  async #drain(live: LiveLink): Promise<void> {
    await live.drain();
    if (this.#older === live) this.#older = null;
  }

  /** The edge says that nothing comes on it any more. */
  #drains(live: LiveLink, why: Refusal): void {
    const isLive = live === this.#live;
    if (!isLive && live !== this.#older) return;
    if (isLive) this.#retire(live);
    const drained = this.#drain(live);
    if (why.code !== 'superseded') {
      if (isLive) this.#lost(why);
      return;
    }
    this.#isWanted = false;
    this.#cancelTimer();
    const { reason } = why;
    this.#options.onState({ link: 'draining', reason });
    void drained.then(() => this.#options.onState({ link: 'superseded', reason }));
  }

  #ended(live: LiveLink, why: Refusal): void {
    // One that retired has nothing more to say: whoever drains it sees that it is over.
    if (live !== this.#live) return;
    if (this.#losses < soonAgain) this.#failures = 0;
    this.#losses += 1;
    this.#lost(why);
  }

  #forget(): void {
    this.#live = null;
    this.#news?.closed();
  }

  #lost({ code, reason }: Refusal): void {
    this.#forget();
    this.#cancelTimer();
    if (!this.#isWanted) return;
    if (code === 'superseded') {
      this.#isWanted = false;
      this.#options.onState({ link: 'superseded', reason });
      return;
    }
    const mostMs = adviceFor(code) === null ? undefined : rarelyMs;
    const retryMs = reconnectDelayMs(this.#failures, this.#options.random, mostMs);
    this.#failures += 1;
    this.#cancelTimer = this.#options.timers.after(retryMs, () => void this.#open());
    this.#options.onState({ link: 'lost', code, reason, retryMs });
  }
}
