// What home sends on its one socket, in a fair order: heads and small frames first, then the bodies in turn, a frame
// each. Bodies are taken from only when the socket has room, so that a fast service fills neither memory nor the way of
// a small answer. All that is ready at the end of a turn of the event loop goes into one WebSocket message: at the edge
// a message costs more than the frames in it.

import { limits } from '../../shared/limits.ts';
import { encodeMark, type Frame, frameHeaderBytes, markOf, writeFrameHeader } from '../../shared/link/codec.ts';
import { flags } from '../../shared/link/frames.ts';
import type { LinkSession, Stream } from '../../shared/link/session.ts';
import { blocks } from './blocks.ts';
import type { ByteQueue } from './byte-queue.ts';
import type { LinePace } from './line-pace.ts';
import { MessageBuffers } from './message-buffers.ts';

/** The part of a WebSocket that is used here. */
export interface Sink {
  readonly bufferedAmount: number;
  send(message: Uint8Array, sent: (error?: Error | null) => void): void;
}

/** Bytes that wait in the socket before bodies are made to wait. */
const socketBytes = 512 * 1024;
/** A message is closed when it has so many bytes. */
const messageBytes = limits.framePayloadBytes;
/** The same while somebody waits for a small answer: it goes between two messages. */
const hurriedBytes = limits.paceBytes / 2;
/** The last frame of a message may make it longer by this, so that none is cut into crumbs. */
const crumbBytes = 16 * 1024;

export interface BodyEvents {
  /** Its last byte is in a message. */
  onEnd(): void;
  /** It broke off. */
  onFailure(error: Error): void;
}

/** What has frames of its own to send, a message cut into pieces; its turns are those of a body. */
export interface FrameSource {
  /** take() would give something. */
  readonly isReady: boolean;
  /** Appends one frame with at most `room` bytes of payload, and counts it. Returns its length, 0: nothing can be sent. */
  take(room: number, parts: Uint8Array[]): number;
}

interface Sending<Owner> {
  readonly stream: Stream<Owner>;
  readonly body: ByteQueue;
  readonly events: BodyEvents;
  sentBytes: number;
}

/** A body of which more than this was sent is bulk: others must not wait for it. */
const bulkBytes = limits.framePayloadBytes;

export class Outbox<Owner> {
  readonly #sink: Sink;
  readonly #session: LinkSession<Owner>;
  readonly #buffers = new MessageBuffers(messageBytes + 2 * crumbBytes);
  readonly #small: Uint8Array[] = [];
  readonly #bodies = new Map<number, Sending<Owner>>();
  readonly #sources = new Map<number, FrameSource>();
  /** Numbers of the streams whose turn comes, in order. */
  readonly #turns = new Set<number>();
  /** Numbers of the streams whose bodies are bulk. */
  readonly #bulk = new Set<number>();
  readonly #pace: LinePace | null;
  #isScheduled = false;

  /** `pace`: null where the edge does not know MARK; small answers then wait for what is on the way. */
  constructor(sink: Sink, session: LinkSession<Owner>, pace: LinePace | null = null) {
    this.#sink = sink;
    this.#session = session;
    this.#pace = pace;
  }

  /** A frame without DATA. */
  send(frame: Uint8Array): void {
    this.#small.push(frame);
    this.#schedule();
  }

  /** The head of a response with a body of so many bytes; null: nobody knows. Who waits for bulk is not in a hurry. */
  sendHead(frame: Uint8Array, bodyBytes: number | null): void {
    if (this.#bulk.size > 0 && (bodyBytes ?? 0) <= bulkBytes) this.#pace?.hurry();
    this.send(frame);
  }

  /** MARKED came. */
  marked(frame: Frame): void {
    this.#pace?.arrived(markOf(frame));
    if (this.#turns.size > 0) this.#schedule();
  }

  sendBody(stream: Stream<Owner>, body: ByteQueue, events: BodyEvents): void {
    this.#bodies.set(stream.id, { stream, body, events, sentBytes: 0 });
    body.onChange = () => this.turn(stream.id);
    body.onCut = (piece) => blocks.wasCut(piece);
    this.turn(stream.id);
  }

  /** From now on turn() is to be called whenever the source may have become ready. */
  sendFrames(id: number, source: FrameSource): void {
    this.#sources.set(id, source);
    this.turn(id);
  }

  /** There is something new for this stream: bytes, their end, or credit. */
  turn(id: number): void {
    const sending = this.#bodies.get(id);
    if (sending === undefined) {
      if (this.#sources.get(id)?.isReady !== true) return;
      this.#turns.add(id);
      this.#schedule();
      return;
    }
    const { body, stream, events } = sending;
    if (body.failure !== null) {
      this.drop(id);
      events.onFailure(body.failure);
      return;
    }
    const hasEnd = body.hasEnded && body.length === 0;
    if (!hasEnd && (body.length === 0 || stream.credit === 0)) return;
    this.#turns.add(id);
    this.#schedule();
  }

  /** What is left of this stream's body is not sent. */
  drop(id: number): void {
    this.#bodies.delete(id);
    this.#sources.delete(id);
    this.#turns.delete(id);
    this.#bulk.delete(id);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    while (this.#small.length > 0 || this.#mayFill) {
      const parts = this.#message();
      if (parts.length === 0) return;
      const message = this.#join(parts);
      this.#sink.send(message, (error) => {
        // An error is followed by the socket's own `close`, which ends everything here.
        if (error !== undefined && error !== null) return;
        blocks.release(message);
        this.#buffers.release(message);
        if (this.#turns.size > 0) this.#schedule();
      });
    }
  }

  /** Some body's turn has come, and there is room for it on the way. */
  get #mayFill(): boolean {
    return this.#turns.size > 0 && this.#sink.bufferedAmount < socketBytes && this.#pace?.isFull !== true;
  }

  /** The parts as one message. A long piece that is alone goes out where it lies; others are copied together. */
  #join(parts: readonly Uint8Array[]): Uint8Array {
    const [header, piece] = parts;
    const framed = parts.length === 2 && piece !== undefined ? blocks.framed(piece) : null;
    if (framed !== null && header !== undefined) {
      framed.set(header);
      return framed;
    }
    const message = this.#buffers.join(parts);
    for (const part of parts) if (part !== message) blocks.release(part);
    return message;
  }

  /** The parts of the next message. */
  #message(): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    const most = this.#pace?.isHurried === true ? hurriedBytes : messageBytes;
    while (bytes < messageBytes) {
      const frame = this.#small.shift();
      if (frame === undefined) break;
      parts.push(frame);
      bytes += frame.length;
    }
    if (!this.#mayFill) return parts;
    for (const id of this.#turns) {
      if (bytes >= most) break;
      this.#turns.delete(id);
      const sending = this.#bodies.get(id);
      const before = bytes;
      const room = Math.max(most - bytes, crumbBytes);
      bytes += sending === undefined ? this.#frame(id, room, parts) : this.#data(sending, room, parts);
      if (bytes > before) this.turn(id);
    }
    const mark = this.#pace?.mark() ?? null;
    if (mark !== null) parts.push(encodeMark('MARK', mark));
    return parts;
  }

  /** One frame of this source, of at most `room` bytes. Returns its length. */
  #frame(id: number, room: number, parts: Uint8Array[]): number {
    const length = this.#sources.get(id)?.take(room, parts) ?? 0;
    this.#pace?.sent(length);
    return length;
  }

  /** One DATA frame of this body, of at most `room` bytes. Returns its length. */
  #data(sending: Sending<Owner>, room: number, parts: Uint8Array[]): number {
    const { stream, body } = sending;
    const header = new Uint8Array(frameHeaderBytes);
    const at = parts.push(header);
    const most = Math.min(room, stream.credit, limits.framePayloadBytes);
    let length = 0;
    while (length < most) {
      const bytes = body.take(most - length);
      if (bytes === undefined) break;
      parts.push(bytes);
      length += bytes.length;
    }
    const ends = body.hasEnded && body.length === 0;
    if (length === 0 && !ends) {
      parts.length = at - 1;
      return 0;
    }
    this.#session.sent(stream, length, ends);
    sending.sentBytes += length;
    this.#pace?.sent(length);
    if (sending.sentBytes > bulkBytes) this.#bulk.add(stream.id);
    writeFrameHeader(header, 0, 'DATA', ends ? flags.end : 0, stream.id, length);
    if (ends) {
      this.drop(stream.id);
      sending.events.onEnd();
    }
    return frameHeaderBytes + length;
  }
}
