// One proven socket with the requests that are being carried over it. It lives as long as the object's memory; after
// hibernation a new one is made for the same socket, with stream numbers that the old one never used.

import type { Clock } from '../../shared/clock.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import {
  cancelOf,
  decodeMessage,
  encodeCancel,
  encodeCredit,
  encodeFrame,
  encodeMark,
  encodeTextFrame,
  type Frame,
  frameHeaderBytes,
  markOf,
  writeFrameHeader,
} from '../../shared/link/codec.ts';
import { type CancelCode, closeCodes, flags, marksSince, webSocketsSince } from '../../shared/link/frames.ts';
import type { Refusal } from '../../shared/link/handshake.ts';
import { responseHeadOf } from '../../shared/link/heads.ts';
import { LinkSession, type Stream, untimely } from '../../shared/link/session.ts';
import { say } from '../log.ts';
import { outcomeResponse } from './between.ts';
import { Carried, type CarriedEvents } from './carried.ts';
import { CarriedSocket } from './carried-socket.ts';
import { HeadWatch } from './head-watch.ts';
import { letGo } from './let-go.ts';
import { EdgeOutbox } from './outbox.ts';
import { passOn } from './request-body.ts';
import type { Visiting } from './sockets.ts';
import { type StallLimits, StallWatch } from './stall-watch.ts';
import type { Tails } from './tails.ts';
import { visitorNetwork } from './upgrade.ts';
import { VisitorWatch } from './visitor-watch.ts';
import { WebSockets } from './web-sockets.ts';

export interface ConnectionOptions {
  readonly socket: WebSocket;
  /** How many times the object has been made anew around this socket: it keeps stream numbers apart. */
  readonly wakes: number;
  /** When home was last heard before this memory began, ms since the epoch. */
  readonly heardAt: number;
  readonly clock: Clock;
  /** How long a request waits for home's head. */
  readonly headMs: number;
  /** Version of the link, and the name of the session that its handshake opened. */
  readonly version: number;
  readonly linkSession: string;
  /** Takes a visitor's socket into the object; may a message of one wait? */
  readonly acceptWebSocket: (socket: WebSocket) => void;
  readonly mayWait: (bytes: number) => boolean;
  /** How long a visitor may stand still. */
  readonly stalls: StallLimits;
  /** Takes the complete answers that are not with their visitors when the link ends. */
  readonly tails: Tails;
  /** SLEEP came. */
  readonly onSleep: (frame: Frame) => void;
  /** SERVICES came. */
  readonly onServices: (frame: Frame) => void;
  /** The link cannot be used any more. */
  readonly onBroken: (code: number, reason: string) => void;
}

type LinkStream = Stream<Carried>;

/** While no more requests than this wait for their heads, no frame waits for another. */
const fewWaiting = 2;
/** Stream numbers: 12 bits of wakes, 20 bits counted up. */
const countBits = 20;

export class Connection {
  readonly socket: WebSocket;
  /** When home last said anything, as far as this memory knows. */
  heardAt: number;
  readonly webSockets: WebSockets;
  readonly #options: ConnectionOptions;
  readonly #session: LinkSession<Carried>;
  readonly #watch: HeadWatch;
  readonly #stalls: StallWatch<LinkStream>;
  readonly #visitors: VisitorWatch<LinkStream>;
  readonly #outbox: EdgeOutbox;
  readonly #encoder = new TextEncoder();
  /** Streams that the message at hand has touched. */
  readonly #touched = new Set<LinkStream>();
  /** Number of the last MARK in the message at hand. */
  #marked: number | null = null;
  #count = 0;
  #isOver = false;
  #sawServiceDown = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.socket = options.socket;
    this.heardAt = options.heardAt;
    this.#outbox = new EdgeOutbox(this.socket, (thrown) => options.onBroken(closeCodes.stale, causeOf(thrown)));
    this.#watch = new HeadWatch(options.clock, options.headMs, (carried) => this.#tooLate(carried));
    const { streamInitialBytes: initialBytes, streamWindowBytes, linkWindowBytes } = limits;
    const purse = { initialBytes, streamBytes: streamWindowBytes, purseBytes: linkWindowBytes };
    this.#session = new LinkSession({ role: 'edge', purse, maxStreams: limits.linkStreams });
    this.webSockets = new WebSockets({
      session: this.#session,
      linkSession: options.linkSession,
      clock: options.clock,
      acceptWebSocket: options.acceptWebSocket,
      mayWait: options.mayWait,
      send: (frame) => this.#send(frame),
      consumed: (stream, bytes) => this.#taken(stream, bytes),
      cancel: (stream, code, reason) => this.#cancel(stream, code, reason),
      closeIfOver: (stream) => this.#closeIfOver(stream),
      onWaiting: () => this.#stalls.start(),
    });
    const streams = (): Iterable<LinkStream> => this.#busyStreams();
    this.#stalls = new StallWatch(options.clock, options.stalls, streams, (stream) => this.#stalled(stream));
    this.#visitors = new VisitorWatch(streams, (stream) => {
      // Of an open WebSocket the platform tells by the socket.
      if (!this.webSockets.isOpen(stream.owner)) this.#left(stream);
    });
  }

  /** `head`: the text of a RequestHead, ASCII. */
  async carry(request: Request, head: string): Promise<Response> {
    const { body } = request;
    if (!this.#hasRoom()) return outcomeResponse({ failed: 'busy' });
    const id = this.#nextId();
    const carried = new Carried(request.method === 'HEAD', {
      taken: (bytes) => this.#taken(stream, bytes),
      done: (early) => this.#done(stream, early),
    });
    const stream: LinkStream = this.#session.open(id, body === null, carried);
    const bytes = new Uint8Array(frameHeaderBytes + head.length);
    writeFrameHeader(bytes, 0, 'REQUEST', body === null ? flags.end : 0, id, head.length);
    this.#encoder.encodeInto(head, bytes.subarray(frameHeaderBytes));
    this.#send(bytes);
    if (this.#isOver) return outcomeResponse({ failed: 'lost' });
    this.#awaitHead(carried, request);
    if (body !== null) {
      this.#stalls.start();
      const pumped = passOn(body, stream, this.#session, (frame) => {
        this.#send(frame);
        this.#watch.moved(carried);
      });
      pumped.then(
        () => this.#closeIfOver(stream),
        (thrown) => this.#cancel(stream, 'failed', causeOf(thrown)),
      );
    }
    return await carried.response;
  }

  /** As carry, for a request that asks for a WebSocket. */
  async upgrade(request: Request, head: string): Promise<Response> {
    if (this.#options.version < webSocketsSince) return outcomeResponse({ failed: 'no-web-sockets' });
    const network = visitorNetwork(head);
    if (!this.#hasRoom() || !this.webSockets.hasRoom(network)) return outcomeResponse({ failed: 'busy' });
    const id = this.#nextId();
    const carried: CarriedSocket = this.webSockets.make(
      network,
      this.#eventsOf(() => stream),
    );
    const stream: LinkStream = this.#session.open(id, false, carried);
    carried.stream = stream;
    this.#send(encodeTextFrame('REQUEST', head, id));
    if (this.#isOver) return outcomeResponse({ failed: 'lost' });
    this.#awaitHead(carried, request);
    return await carried.answer;
  }

  /** A visitor's socket that outlived the memory in which its stream was opened. */
  resume(socket: WebSocket, visiting: Visiting): void {
    this.webSockets.restore(socket, visiting, ({ stream }) => this.#eventsOf(() => stream));
  }

  /** A message of home, whose memory must not be used afterwards. */
  receive(message: Uint8Array<ArrayBuffer>): void {
    this.heardAt = this.#options.clock.now();
    try {
      for (const frame of decodeMessage(message)) this.#frame(frame);
      // The last one speaks for those before it.
      if (this.#marked !== null) this.#send(encodeMark('MARKED', this.#marked));
      this.#marked = null;
      for (const stream of this.#touched) this.#settle(stream);
    } catch (thrown) {
      const isFault = thrown instanceof PorchlightError;
      if (!isFault) say('error', 'link-internal', { cause: causeOf(thrown) });
      // Whatever it was, what else the message held is lost: nobody may wait for it.
      this.#options.onBroken(closeCodes.protocol, isFault ? thrown.code : 'internal');
    } finally {
      letGo(message.buffer);
      this.#touched.clear();
    }
  }

  /** Of its answers some may be worth another try: it has ended, or home could not reach a service. */
  get isSuspect(): boolean {
    return this.#isOver || this.#sawServiceDown;
  }

  /** Requests under way. */
  get size(): number {
    return this.#session.size;
  }

  /** Home is to close it when what is open on it has ended. */
  drain(why: Refusal): void {
    this.#send(encodeTextFrame('DRAIN', JSON.stringify(why)));
  }

  announceWork(): void {
    this.#send(encodeFrame('WORK'));
  }

  acknowledgeSleep(): void {
    this.#send(encodeFrame('SLEPT'));
  }

  /** Every request on it ends: with `lost` if home's head has not come, otherwise broken off, unless its answer is here. */
  end(code: number, reason: string, refusal: Refusal | null = null): void {
    if (refusal !== null) this.#send(encodeTextFrame('REFUSED', JSON.stringify(refusal)));
    this.#outbox.flush();
    this.#isOver = true;
    this.#watch.clear();
    this.#stalls.stop();
    for (const stream of [...this.#session.streams()]) {
      this.#session.close(stream);
      if (stream.owner.isComplete) this.#leave(stream.owner);
      else stream.owner.fail('lost');
    }
    this.webSockets.end();
    this.socket.close(code, reason);
  }

  /** The visitor reads on without the link; what it still sends is wanted by nobody. */
  #leave(carried: Carried): void {
    carried.onStop?.();
    if (!carried.isDelivered) this.#options.tails.add(carried);
  }

  /** For one more stream; whoever holds one in vain may have to give it up. */
  #hasRoom(): boolean {
    const isFull = (): boolean => this.#session.size >= limits.linkStreams;
    if (isFull()) this.#stalls.makeRoom();
    if (isFull()) this.#watch.makeRoom(limits.carryHeadCrowdedMs);
    return !isFull();
  }

  #awaitHead(carried: Carried, request: Request): void {
    this.#watch.add(carried);
    carried.visitor = request;
    this.#visitors.start();
  }

  #frame(frame: Frame): void {
    if (frame.name === 'SLEEP') {
      this.#options.onSleep(frame);
    } else if (frame.name === 'SERVICES') {
      this.#options.onServices(frame);
    } else if (frame.name === 'MARK') {
      if (this.#options.version < marksSince) throw untimely('MARK is not of its version');
      this.#marked = markOf(frame);
    } else if (frame.name === 'RESPONSE' || frame.name === 'DATA' || frame.name === 'CREDIT') {
      const stream = this.#session.receive(frame);
      if (stream === undefined) {
        // Its stream was cancelled while it was under way, or forgotten with the memory that knew it.
        if (frame.name !== 'CREDIT') this.#send(encodeCancel(frame.stream, 'unknown', 'no such stream'));
      } else if (frame.name === 'CREDIT') {
        stream.owner.onCredit?.();
      } else {
        if (frame.name === 'RESPONSE') this.#head(stream, frame);
        else stream.owner.data(frame.payload);
        this.#touched.add(stream);
      }
    } else if (frame.name === 'CANCEL') {
      this.#cancelled(frame);
    } else if (frame.name === 'TEXT' || frame.name === 'BINARY' || frame.name === 'CLOSE') {
      this.#webSocket(frame);
    } else {
      throw untimely(`home sent ${frame.name}`);
    }
  }

  #webSocket(frame: Frame): void {
    const stream = this.#session.receive(frame);
    if (stream === undefined) this.#send(encodeCancel(frame.stream, 'unknown', 'no such stream'));
    else if (!this.webSockets.receive(stream, frame)) {
      throw untimely(`home sent ${frame.name} without a 101`);
    }
  }

  #head(stream: LinkStream, frame: Frame): void {
    this.#watch.remove(stream.owner);
    stream.owner.head(responseHeadOf(frame, stream.owner instanceof CarriedSocket));
  }

  #settle(stream: LinkStream): void {
    if (this.#session.stream(stream.id) !== stream) return;
    if (!stream.owner.settle(stream.receiving === 'ended')) this.#cancel(stream, 'failed', 'not an HTTP response');
    else if (stream.owner.isVisitorsTurn) this.#stalls.start();
  }

  #cancelled(frame: Frame): void {
    const stream = this.#session.stream(frame.stream);
    if (stream === undefined) return;
    const { code } = cancelOf(frame);
    if (code === 'enough' && stream.receiving === 'ended') {
      // Home has answered in full and wants no more of the request: only the upload ends.
      stream.owner.onStop?.();
      this.#session.stopSending(stream);
      this.#closeIfOver(stream);
      return;
    }
    if (code === 'service-down') this.#sawServiceDown = true;
    this.#close(stream);
    stream.owner.fail(code);
  }

  #taken(stream: LinkStream, bytes: number): void {
    const credit = this.#session.consumed(stream, bytes);
    if (credit > 0) this.#send(encodeCredit(stream.id, credit));
  }

  /** The visitor has all of the body, or is gone. */
  #done(stream: LinkStream, early: boolean): void {
    if (early) this.#left(stream);
    else this.#closeIfOver(stream);
  }

  #left(stream: LinkStream): void {
    this.#cancel(stream, 'enough', 'the visitor is gone');
  }

  #closeIfOver(stream: LinkStream): void {
    if (this.#session.isOver(stream) && stream.owner.isDelivered) this.#close(stream);
  }

  #tooLate(carried: Carried): void {
    for (const stream of this.#session.streams()) {
      if (stream.owner !== carried) continue;
      carried.fail('timeout');
      this.#cancel(stream, 'too-late', 'no response in time');
      return;
    }
  }

  /** Home's answer, and its service's connection, end with the stream; the visitor has no whole answer. */
  #stalled(stream: LinkStream): void {
    stream.owner.fail('timeout');
    this.#cancel(stream, 'enough', 'the visitor stands still');
  }

  #cancel(stream: LinkStream, code: CancelCode, reason: string): void {
    if (this.#session.stream(stream.id) !== stream) return;
    this.#close(stream);
    stream.owner.fail('failed');
    this.#send(encodeCancel(stream.id, code, reason));
  }

  #close(stream: LinkStream): void {
    this.#session.close(stream);
    this.webSockets.over(stream.owner);
    this.#watch.remove(stream.owner);
    if (this.#session.size === 0) this.#stalls.stop();
  }

  #send(frame: Uint8Array<ArrayBuffer>): void {
    if (!this.#isOver) this.#outbox.send(frame, this.#watch.size > fewWaiting);
  }

  #eventsOf(stream: () => LinkStream | null): CarriedEvents {
    return {
      taken: (bytes) => withStream(stream(), (open) => this.#taken(open, bytes)),
      done: (early) => withStream(stream(), (open) => this.#done(open, early)),
    };
  }

  /** Without WebSockets on which nothing moves: they may stay as they are for ever. */
  *#busyStreams(): Generator<LinkStream> {
    for (const stream of this.#session.streams()) if (!this.webSockets.isIdle(stream.owner)) yield stream;
  }

  #nextId(): number {
    do {
      this.#count = (this.#count + 1) % 2 ** countBits;
    } while (this.#count === 0 || this.#session.stream(this.#idOf(this.#count)) !== undefined);
    return this.#idOf(this.#count);
  }

  #idOf(count: number): number {
    return (this.#options.wakes % 2 ** (32 - countBits)) * 2 ** countBits + count;
  }
}

function withStream(stream: LinkStream | null, work: (stream: LinkStream) => void): void {
  if (stream !== null) work(stream);
}
