// One WebSocket at home, between its stream of the link and its service: messages of the service leave in frames as the
// outbox has room and the edge gives credit, pieces for the service go on as they come, closes are passed on both ways.

import { limits } from '../../shared/limits.ts';
import {
  type Closing,
  closingOf,
  encodeClose,
  type Frame,
  frameHeaderBytes,
  writeFrameHeader,
} from '../../shared/link/codec.ts';
import { type CancelCode, flags } from '../../shared/link/frames.ts';
import { type LinkSession, messageCost, type Stream } from '../../shared/link/session.ts';
import type { MessageMemory } from './message-memory.ts';
import type { FrameSource } from './outbox.ts';
import type { ServiceSocket } from './serve.ts';

export interface CarriedSocketParts<Owner> {
  readonly session: LinkSession<Owner>;
  readonly stream: Stream<Owner>;
  readonly service: ServiceSocket;
  /** Of all WebSockets of the link. */
  readonly memory: MessageMemory;
  /** A frame without DATA. */
  readonly send: (frame: Uint8Array) => void;
  /** take() may have something now. */
  readonly onReady: () => void;
  readonly taken: (cost: number) => void;
  readonly cancel: (code: CancelCode, reason: string) => void;
  readonly closeIfOver: () => void;
}

interface Message {
  readonly bytes: Uint8Array;
  readonly isBinary: boolean;
  /** How much of it was sent. */
  at: number;
}

/** Above so many unsent bytes the service is not read. So many each may have waiting, however much all have. */
const pauseBytes = limits.streamInitialBytes;
const tooMuch: Closing = { code: 1013, reason: 'more is waiting than can be kept' };

export class CarriedSocket<Owner> implements FrameSource {
  readonly #parts: CarriedSocketParts<Owner>;
  readonly #messages: Message[] = [];
  /** Bytes that were not sent. */
  #waiting = 0;
  /** Bytes of messages of which anything was not sent: each is held whole. */
  #held = 0;
  #isPaused = false;
  #isDropping = false;
  /** The service's close, until what it sent before is with the edge. */
  #lastWords: Closing | null = null;

  constructor(parts: CarriedSocketParts<Owner>) {
    this.#parts = parts;
    parts.service.listen({
      message: (bytes, isBinary) => this.#put(bytes, isBinary),
      closed: (closing) => this.#closed(closing),
      broken: (code, reason) => parts.cancel(code, reason),
    });
  }

  get isReady(): boolean {
    const first = this.#messages[0];
    return first !== undefined && roomFor(this.#parts.stream.credit, first) !== null;
  }

  /** TEXT or BINARY of the edge, which the session has counted. */
  piece(frame: Frame): void {
    const cost = messageCost(frame.payload.length);
    const isMore = (frame.flags & flags.more) !== 0;
    this.#parts.service.send(frame.payload, frame.name === 'BINARY', isMore, () => this.#parts.taken(cost));
  }

  /** CLOSE of the edge: the visitor has closed, or answers the service's close. */
  closedByVisitor(frame: Frame): void {
    this.drop();
    this.#parts.service.close(closingOf(frame));
    this.#parts.closeIfOver();
  }

  /** Closes both ends from here. */
  leave(closing: Closing): void {
    this.drop();
    this.#parts.service.close(closing);
    this.#closed(closing);
  }

  /** Nobody wants what waits; the service is read on, until it has closed. */
  drop(): void {
    this.#messages.length = 0;
    this.#waiting = 0;
    this.#hold(-this.#held);
    this.#isDropping = true;
    this.#resume();
  }

  take(room: number, parts: Uint8Array[]): number {
    const first = this.#messages[0];
    const { session, stream } = this.#parts;
    if (first === undefined) return 0;
    const credit = roomFor(stream.credit, first);
    if (credit === null) return 0;
    const length = Math.min(room, credit, limits.framePayloadBytes, first.bytes.length - first.at);
    const isLast = first.at + length === first.bytes.length;
    const header = new Uint8Array(frameHeaderBytes);
    writeFrameHeader(header, 0, first.isBinary ? 'BINARY' : 'TEXT', isLast ? 0 : flags.more, stream.id, length);
    session.sent(stream, messageCost(length), false);
    parts.push(header, first.bytes.subarray(first.at, first.at + length));
    first.at += length;
    this.#waiting -= isLast ? messageCost(length) : length;
    if (isLast) {
      this.#messages.shift();
      this.#hold(-messageCost(first.bytes.length));
    }
    const { memory } = this.#parts;
    if (this.#waiting === 0 || (this.#waiting <= pauseBytes / 2 && !memory.isFull)) this.#resume();
    this.#closeIfSaid();
    return messageCost(length);
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#parts.service.resume();
  }

  #put(bytes: Uint8Array, isBinary: boolean): void {
    if (this.#isDropping || this.#parts.stream.sending !== 'open') return;
    const { memory } = this.#parts;
    const cost = messageCost(bytes.length);
    if (this.#waiting + cost > pauseBytes && !memory.hasRoom(cost)) {
      this.leave(tooMuch);
      return;
    }
    this.#messages.push({ bytes, isBinary, at: 0 });
    this.#waiting += cost;
    this.#hold(cost);
    if (!this.#isPaused && (this.#waiting > pauseBytes || memory.isFull)) {
      this.#isPaused = true;
      this.#parts.service.pause();
    }
    this.#parts.onReady();
  }

  #hold(bytes: number): void {
    this.#held += bytes;
    this.#parts.memory.changed(bytes);
  }

  #closed(closing: Closing): void {
    this.#lastWords ??= closing;
    this.#closeIfSaid();
  }

  #closeIfSaid(): void {
    const { session, stream, send, closeIfOver } = this.#parts;
    if (this.#lastWords === null || this.#messages.length > 0 || stream.sending !== 'open') return;
    session.sent(stream, 0, true);
    send(encodeClose(stream.id, this.#lastWords));
    closeIfOver();
  }
}

/** Bytes of this message that the credit lets go now; null: it must wait. An empty message costs its header. */
function roomFor(credit: number, message: Message): number | null {
  const room = credit - frameHeaderBytes;
  return room > 0 || (room === 0 && message.bytes.length === 0) ? room : null;
}
