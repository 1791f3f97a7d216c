// All visitors' WebSockets of one link: what they share, and how they outlive the object's memory. An open timeline is idle
// almost always, in a browser tab all day, so the object must be able to hibernate around it: what must be known to go on
// is written on the visitor's socket a second after anything last moved, and until it is, or while anything is on its way, a
// timer runs, which keeps the object in memory. Nothing runs while all are idle.

import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { type Closing, closingOf, type Frame, isCloseCode } from '../../shared/link/codec.ts';
import type { CancelCode } from '../../shared/link/frames.ts';
import type { LinkSession, Stream } from '../../shared/link/session.ts';
import type { Carried, CarriedEvents } from './carried.ts';
import { CarriedSocket, type SocketPort } from './carried-socket.ts';
import { givesWay, longestStill } from './fair-share.ts';
import { attach, type Visiting } from './sockets.ts';

export interface WebSocketsOptions {
  readonly session: LinkSession<Carried>;
  /** Name of the session that the link's handshake opened. */
  readonly linkSession: string;
  readonly clock: Clock;
  readonly acceptWebSocket: (socket: WebSocket) => void;
  /** May a message of so much wait, beside all that waits on this link and another one of the same home? */
  readonly mayWait: (more: number) => boolean;
  readonly send: (frame: Uint8Array<ArrayBuffer>) => void;
  readonly consumed: (stream: Stream<Carried>, bytes: number) => void;
  readonly cancel: (stream: Stream<Carried>, code: CancelCode, reason: string) => void;
  readonly closeIfOver: (stream: Stream<Carried>) => void;
  /** Something waits for a visitor, or for home. */
  readonly onWaiting: () => void;
}

/** How long after the last movement a socket's standing is written on it, ms. */
const writeMs = 1_000;
/** How often it is looked at what visitors have taken: at first, and while nothing moves, ms. */
const firstLookMs = 2;
const lastLookMs = 250;

export class WebSockets implements SocketPort {
  readonly #options: WebSocketsOptions;
  /** Asked for, open or closing. */
  readonly #all = new Set<CarriedSocket>();
  readonly #bySocket = new Map<WebSocket, CarriedSocket>();
  /** Those of which something is here that is not written on the socket. */
  readonly #moved = new Set<CarriedSocket>();
  /** Those that hold a long message, in the order in which it began. */
  readonly #holding = new Set<CarriedSocket>();
  /** Closed by us, and the platform still keeps bytes for their visitors: with the network of each. */
  readonly #left = new Map<WebSocket, string>();
  #writeTimer: number | null = null;
  #lookTimer: number | null = null;
  #lookMs = firstLookMs;

  constructor(options: WebSocketsOptions) {
    this.#options = options;
  }

  /** Nothing of them is in memory alone. */
  get isAtRest(): boolean {
    return this.#moved.size === 0;
  }

  /** For one more of this network; where there is none, another may have to give way. */
  hasRoom(network: string): boolean {
    if (this.#leftBytes() > limits.webSocketLeftBytes) return false;
    const idleSince = this.#options.clock.now() - limits.webSocketIdleCrowdedMs;
    const isFull = (): boolean => this.#all.size >= limits.linkWebSockets;
    const hasShare = (): boolean => this.#placesOf(network) >= limits.linkWebSocketsPerNetwork;
    if (hasShare()) this.#giveWay(longestStill(this.#of(network), idleSince));
    else if (isFull()) this.#giveWay(givesWay(this.#all, network, idleSince));
    return !hasShare() && !isFull();
  }

  isOpen(owner: Carried): boolean {
    return owner instanceof CarriedSocket && owner.isOpened;
  }

  /** An open one on which nothing moves. */
  isIdle(owner: Carried): boolean {
    return owner instanceof CarriedSocket && owner.isOpened && !this.#moved.has(owner);
  }

  /** A WebSocket that a visitor asks for. */
  make(network: string, events: CarriedEvents, movedAt = this.#options.clock.now()): CarriedSocket {
    const made = new CarriedSocket(events, this, network, movedAt);
    this.#all.add(made);
    return made;
  }

  /** After hibernation: sockets of this link's session go on where they were. */
  restore(socket: WebSocket, visiting: Visiting, events: (of: CarriedSocket) => CarriedEvents): void {
    const { stream: id, standing, network = '', movedAt } = visiting;
    const there = this.#options.session.stream(id)?.owner;
    if (there instanceof CarriedSocket) {
      // The platform names a socket whose close woke the object by another object than it gave the constructor.
      there.socket = socket;
      this.#bySocket.set(socket, there);
      return;
    }
    const later: CarriedEvents = {
      taken: (bytes) => events(made).taken(bytes),
      done: (early) => events(made).done(early),
    };
    const made: CarriedSocket = this.make(network, later, movedAt);
    made.stream = this.#options.session.restore(id, standing, made);
    made.resume(socket);
    this.#bySocket.set(socket, made);
  }

  /** TEXT, BINARY or CLOSE of home, which the session has counted. False: its stream is no WebSocket. */
  receive(stream: Stream<Carried>, frame: Frame): boolean {
    const { owner } = stream;
    if (!(owner instanceof CarriedSocket) || !owner.isOpened) return false;
    if (frame.name === 'CLOSE') owner.closedByService(closingOf(frame));
    else owner.message(frame);
    return true;
  }

  /** A message of a visitor. False: the socket is none of these. */
  said(socket: WebSocket, message: string | ArrayBuffer): boolean {
    const of = this.#bySocket.get(socket);
    of?.said(message);
    return of !== undefined;
  }

  /** The platform says that a visitor's socket was closed. False: it is none of these. */
  closed(socket: WebSocket, code: number, reason: string, wasClean: boolean): boolean {
    this.#left.delete(socket);
    const of = this.#bySocket.get(socket);
    of?.closedByVisitor(wasClean ? { code: isCloseCode(code) ? code : null, reason } : null);
    return of !== undefined;
  }

  /** The platform says that a visitor's socket failed. False: it is none of these. */
  failed(socket: WebSocket, cause: string): boolean {
    const of = this.#bySocket.get(socket);
    const broken = brokenBy(cause);
    if (broken === null) of?.closedByVisitor(null);
    else of?.brokeOff(broken);
    return of !== undefined;
  }

  /** A visitor's socket that was closed before, in this memory or another, and may not have all that was sent. */
  leave(socket: WebSocket, network = ''): void {
    if (socket.bufferedAmount > 0) this.#left.set(socket, network);
  }

  /** A stream is over. */
  over(owner: Carried): void {
    if (!(owner instanceof CarriedSocket)) return;
    const { socket, network } = owner;
    this.#all.delete(owner);
    this.#moved.delete(owner);
    this.#holding.delete(owner);
    if (socket === null) return;
    this.#bySocket.delete(socket);
    this.leave(socket, network);
    attach(socket, { state: 'closing', network });
  }

  /** The link is over, and all streams were failed. */
  end(): void {
    if (this.#writeTimer !== null) clearTimeout(this.#writeTimer);
    if (this.#lookTimer !== null) clearTimeout(this.#lookTimer);
    this.#writeTimer = null;
    this.#lookTimer = null;
    for (const one of [...this.#all]) this.over(one);
  }

  accept(of: CarriedSocket): { readonly client: WebSocket; readonly server: WebSocket } {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#options.acceptWebSocket(server);
    this.#bySocket.set(server, of);
    this.#write(of, server);
    return { client, server };
  }

  send(of: CarriedSocket, frame: Uint8Array<ArrayBuffer>, cost: number, ends: boolean): void {
    if (of.stream === null) return;
    this.#options.session.sent(of.stream, cost, ends);
    this.#options.send(frame);
  }

  consumed(of: CarriedSocket, cost: number): void {
    if (of.stream !== null) this.#options.consumed(of.stream, cost);
  }

  cancel(of: CarriedSocket, code: CancelCode, reason: string): void {
    if (of.stream !== null) this.#options.cancel(of.stream, code, reason);
  }

  settled(of: CarriedSocket): void {
    if (of.stream !== null) this.#options.closeIfOver(of.stream);
  }

  moved(of: CarriedSocket): void {
    // What has happened may have ended it.
    if (!this.#all.has(of)) return;
    of.movedAt = this.#options.clock.now();
    this.#moved.add(of);
    this.#writeTimer ??= setTimeout(() => this.#settle(), writeMs);
    if (of.isFilling || of.waiting > 0) this.#options.onWaiting();
    if (!of.isFilling) return;
    this.#lookMs = firstLookMs;
    this.#lookTimer ??= setTimeout(() => this.#look(), firstLookMs);
  }

  mayWait(more: number): boolean {
    return this.#options.mayWait(more);
  }

  /** What waits for home: of each, and of each the first message alone. */
  *waiting(): Generator<{ readonly bytes: number; readonly firstBytes: number }> {
    for (const one of this.#moved) yield { bytes: one.waiting, firstBytes: one.firstWaiting };
  }

  /** Where all of them hold too much already, the one that began first: so that one, at least, comes to its end. */
  mayHoldMore(of: CarriedSocket): boolean {
    this.#holding.add(of);
    let first: CarriedSocket | null = null;
    let bytes = this.#leftBytes();
    for (const one of this.#holding) {
      if (one !== of && !one.isHolding) this.#holding.delete(one);
      else {
        first ??= one;
        bytes += one.heldBeyond;
      }
    }
    return bytes < limits.webSocketLongBytes || first === of;
  }

  /** What has come to rest is written down. */
  #settle(): void {
    this.#writeTimer = null;
    const now = this.#options.clock.now();
    for (const one of this.#moved) {
      one.look();
      this.settled(one);
      if (one.isOverdue(now)) this.cancel(one, 'enough', 'closed by one side only');
      if (!one.isQuiet || one.socket === null) continue;
      this.#write(one, one.socket);
      this.#moved.delete(one);
    }
    if (this.#moved.size > 0) this.#writeTimer ??= setTimeout(() => this.#settle(), writeMs);
  }

  /** What have visitors taken? */
  #look(): void {
    this.#lookTimer = null;
    let isFilling = false;
    let hasMoved = false;
    for (const one of this.#moved) {
      if (!one.isFilling) continue;
      const before = one.movedBytes;
      one.look();
      this.settled(one);
      hasMoved ||= one.movedBytes > before;
      isFilling ||= one.isFilling;
    }
    this.#lookMs = hasMoved ? firstLookMs : Math.min(this.#lookMs * 2, lastLookMs);
    if (isFilling) this.#lookTimer ??= setTimeout(() => this.#look(), this.#lookMs);
  }

  #write({ stream, network, movedAt }: CarriedSocket, socket: WebSocket): void {
    if (stream === null) return;
    const { session, linkSession } = this.#options;
    attach(socket, {
      state: 'visiting',
      session: linkSession,
      stream: stream.id,
      standing: session.standingOf(stream),
      network,
      movedAt,
    });
  }

  #giveWay(one: CarriedSocket | null): void {
    if (one === null) return;
    one.fail('busy');
    this.cancel(one, 'enough', 'it gave way to another');
  }

  *#of(network: string): Generator<CarriedSocket> {
    for (const one of this.#all) if (one.network === network) yield one;
  }

  /** Those of a network, and what it leaves unread as if it were on open ones. */
  #placesOf(network: string): number {
    return [...this.#of(network)].length + this.#leftBytes(network) / limits.streamInitialBytes;
  }

  /** Of one network, or of all. */
  #leftBytes(network: string | null = null): number {
    let bytes = 0;
    for (const [socket, of] of this.#left) {
      if (socket.bufferedAmount === 0) this.#left.delete(socket);
      else if (network === null || of === network) bytes += socket.bufferedAmount;
    }
    return bytes;
  }
}

/** What the platform found wrong with what a visitor sent (RFC 6455 section 7.4.1), and has told the visitor. */
function brokenBy(cause: string): Closing | null {
  const code = Number(/protocolError\.statusCode = (\d+)/.exec(cause)?.[1]);
  if (code === 1009) return { code, reason: 'a message is too long' };
  return isCloseCode(code) ? { code, reason: '' } : null;
}
