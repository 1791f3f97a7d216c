// The links of one home: at most one takes requests. When a newer home node has come, the older one's link may stay beside
// it for a while, until what is open on it has ended.

import { closeCodes, drainSince, oldPong } from '../../shared/link/frames.ts';
import type { Refusal } from '../../shared/link/handshake.ts';
import type { RequestHead } from '../../shared/link/heads.ts';
import type { ServicesSaid } from '../../shared/presence.ts';
import type { Admitted } from './admission.ts';
import type { Connection } from './connection.ts';
import type { Carrier } from './hold.ts';
import type { Away } from './presence.ts';
import { attach, type Proven } from './sockets.ts';

/** A proven link. */
export interface Live {
  readonly connection: Connection;
  readonly session: Admitted;
  /** As it is written on the socket. */
  proven: Proven;
  /** A request must be looked at before it is carried: some service is down. */
  someDown: boolean;
  /** Home said SLEEP on it. */
  asleep: Away | null;
}

export function isSomeDown(said: ServicesSaid | null): boolean {
  return said?.services.some(({ state }) => state === 'down') ?? false;
}

/** Home speaks for the hosts that it claimed, and its clock may be ahead. */
export function believed({ n, services }: ServicesSaid, hosts: readonly string[], now: number): ServicesSaid {
  const claimed = new Set(hosts);
  const own = services.map((service) => ({
    ...service,
    hosts: service.hosts.filter((host) => claimed.has(host)),
    since: Math.min(service.since, now),
  }));
  return { n, services: own.filter((service) => service.hosts.length > 0) };
}

const lookMs = 1_000;

/** The link that is being emptied, if there is one. */
export class OlderLink {
  readonly #drainMs: () => number;
  #link: Live | null = null;
  #timer: number | null = null;

  /** `drainMs`: limits.linkDrainMs */
  constructor(drainMs: () => number) {
    this.#drainMs = drainMs;
  }

  get live(): Live | null {
    return this.#link;
  }

  /** No request is put on it any more, and home is told to close it when it is empty. One that was older still ends. */
  drain(link: Live, why: Refusal): void {
    this.end(closeCodes.replaced, 'two newer links are open');
    this.#link = link;
    link.proven = { ...link.proven, isDraining: true };
    attach(link.connection.socket, link.proven);
    link.connection.drain(why);
    this.#lookAgain(this.#drainMs());
  }

  /** What is still open on it breaks off, or is lost. */
  end(code: number, reason: string, refusal: Refusal | null = null): void {
    const link = this.#link;
    if (link === null) return;
    this.#link = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    attach(link.connection.socket, { state: 'closing' });
    link.connection.end(code, reason, refusal);
  }

  /** While something is open on it; with nothing home closes it at once, and the object may hibernate. */
  #lookAgain(leftMs: number): void {
    this.#timer = null;
    if (this.#link === null || this.#link.connection.size === 0) return;
    if (leftMs <= 0) {
      this.end(closeCodes.replaced, 'not empty in time');
      return;
    }
    const ms = Math.min(leftMs, lookMs);
    this.#timer = setTimeout(() => this.#lookAgain(leftMs - ms), ms);
  }
}

/** May it finish what is open on it? Homes of earlier versions do not know how; one that sleeps has nothing open. */
export function canDrain({ session, asleep }: Live): boolean {
  return session.version >= drainSince && asleep === null;
}

/** The runtime answers homes of today by itself; one of an earlier version says what a visitor's WebSocket may say too. */
export function answerOldPing(link: Live, now: number): void {
  link.connection.heardAt = now;
  link.proven = { ...link.proven, pingedAt: now };
  attach(link.connection.socket, link.proven);
  link.connection.socket.send(oldPong);
}

/** What asks for a WebSocket goes another way on the same link. */
export function carrierOf(connection: Connection, head: string): Carrier {
  const { upgrade } = JSON.parse(head) as RequestHead;
  return upgrade === undefined ? connection : { carry: (request, asked) => connection.upgrade(request, asked) };
}
