// What the Link object writes down: one row. A new session writes it once, a loss or a good night once more. A process that
// comes back after a loss costs none, unless somebody had waited for it in vain, which is written down once so that nobody
// else waits. Frames, requests, pings and the states of services never do, because rows are what the platform counts. The
// history of the link is written along with those and costs no row of its own; what happened since is on the socket (sockets.ts).

import type { Incumbent } from '../../shared/link/handshake.ts';
import type { ServiceState } from '../../shared/presence.ts';
import { type LinkChange, merged } from './history.ts';
import type { Away, LeftFacts } from './presence.ts';

interface Row extends Incumbent {
  readonly openedAt: number;
  readonly away: Away | null;
  /** The members below are absent in a row of an earlier release. Hosts that the home claimed. */
  readonly hosts?: readonly string[];
  /** How home's services were when it said good night. */
  readonly services?: readonly ServiceState[] | null;
  readonly history?: readonly LinkChange[];
  /** Somebody waited for the lost link to come back, in vain; absent: nobody did. */
  readonly isGivenUp?: boolean;
}

const key = 'link';

export class LinkRecord implements LeftFacts {
  readonly #storage: DurableObjectStorage;
  #row: Row | null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#row = storage.kv.get<Row>(key) ?? null;
  }

  get incumbent(): Incumbent | null {
    return this.#row;
  }

  get away(): Away | null {
    return this.#row?.away ?? null;
  }

  get openedAt(): number | null {
    return this.#row?.openedAt ?? null;
  }

  get services(): readonly ServiceState[] | null {
    return this.#row?.services ?? null;
  }

  /** Hosts of this home in the directory when its session was opened. */
  get hosts(): readonly string[] {
    return this.#row?.hosts ?? [];
  }

  /** A session was opened and, as far as is written down, never ended in good order, nor waited for in vain. */
  get isMissed(): boolean {
    const row = this.#row;
    return row !== null && row.away?.link !== 'asleep' && row.isGivenUp !== true;
  }

  get history(): readonly LinkChange[] {
    return this.#row?.history ?? [];
  }

  /**
   * A session begins. The same process coming back after a loss costs no write (unless it was given up meanwhile): presence
   * asks the socket first, and the socket keeps what the history lacks. `unwritten`: changes that no row holds yet.
   */
  opened(incumbent: Incumbent, hosts: readonly string[], unwritten: readonly LinkChange[], now: number): void {
    const row = this.#row;
    const same = row?.process === incumbent.process && row.epoch === incumbent.epoch;
    const sameHosts = row?.hosts?.length === hosts.length && hosts.every((host, i) => row.hosts?.[i] === host);
    if (same && sameHosts && this.isMissed) return;
    const history = merged([this.history, unwritten, [{ at: now, link: 'connected' }]], now);
    this.#write({ ...incumbent, openedAt: now, away: null, hosts, history });
  }

  left(away: Away, services: readonly ServiceState[] | null, unwritten: readonly LinkChange[], now: number): void {
    if (this.#row === null) return;
    const history = merged([this.history, unwritten, [{ at: away.since, link: away.link }]], now);
    const said = away.link === 'asleep' ? services : null;
    this.#write({ ...this.#row, away, services: said, history, isGivenUp: false });
  }

  /** Somebody waited for the link in vain: whoever comes to a later memory of this object need not. */
  givenUp(now: number): void {
    const row = this.#row;
    if (row === null || !this.isMissed) return;
    // The runtime dropped the socket without a word; that it is gone is only noticed now.
    const away = row.away ?? { link: 'lost', since: now };
    const history = merged([this.history, [{ at: away.since, link: away.link }]], now);
    this.#write({ ...row, away, history, isGivenUp: true });
  }

  #write(row: Row): void {
    this.#storage.kv.put(key, row);
    this.#row = row;
  }
}
