// The streams of one open link, as pure states: which frame may come when, and how many bytes of DATA each side may
// have on the way. Both ends run this same code; neither WebSocket has any backpressure of its own, so that what is
// not bounded here is not bounded at all.
//
// The receiver lends credit. Each stream owns `initialBytes` from its beginning, and what it holds above that is
// borrowed from a purse of `purseBytes` that all streams of the link share. A stream may borrow up to half of what
// the others have left in the purse, and never more than `streamBytes` in all. So the memory of a link is at most
// purseBytes + streams × initialBytes, whoever stops reading; a stream alone gets its full window; and readers that
// stopped, however many, never take from another stream the bytes it owns.

import { PorchlightError } from '../errors.ts';
import { creditOf, type Frame, frameHeaderBytes, isEnd } from './codec.ts';

export type Half = 'before-head' | 'open' | 'ended';

export interface Purse {
  readonly initialBytes: number;
  readonly streamBytes: number;
  readonly purseBytes: number;
}

export interface SessionOptions {
  /** Which end this is: the edge opens streams, home answers them. */
  readonly role: 'edge' | 'home';
  readonly purse: Purse;
  /** Open streams at once. */
  readonly maxStreams: number;
}

/** One stream at one end. Only the session changes it. `owner` is whatever the end keeps for it. */
export interface Stream<Owner> {
  readonly id: number;
  readonly owner: Owner;
  readonly sending: Half;
  readonly receiving: Half;
  /** Bytes that the peer still lets this end send. */
  readonly credit: number;
}

/** One stream's state, for whoever writes it down. */
export interface Standing {
  readonly sending: Half;
  readonly receiving: Half;
  readonly credit: number;
  readonly granted: number;
}

interface Mutable<Owner> extends Stream<Owner> {
  sending: Half;
  receiving: Half;
  credit: number;
  /** Bytes that this end still lets the peer send. */
  granted: number;
  /** Bytes received and not consumed yet. */
  held: number;
}

/** What a TEXT or BINARY frame uses up of the credit. */
export function messageCost(payloadBytes: number): number {
  return payloadBytes + frameHeaderBytes;
}

/** Largest credit that a peer may pile up on one stream: more cannot be counted in a CREDIT frame. */
const maxCredit = 0xffff_ffff;

export class LinkSession<Owner> {
  readonly #options: SessionOptions;
  readonly #streams = new Map<number, Mutable<Owner>>();
  #borrowed = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Bytes lent above what the streams own. */
  get borrowed(): number {
    return this.#borrowed;
  }

  streams(): IterableIterator<Stream<Owner>> {
    return this.#streams.values();
  }

  stream(id: number): Stream<Owner> | undefined {
    return this.#streams.get(id);
  }

  /**
   * A stream begins: at the edge with the REQUEST it sends, at home with the one it received. Throws `link-busy` when
   * as many as allowed are open, `link-untimely` when the number is in use.
   */
  open(id: number, requestEnds: boolean, owner: Owner): Stream<Owner> {
    const { role, purse, maxStreams } = this.#options;
    if (this.#streams.has(id)) throw untimely(`stream ${id} was opened twice`);
    if (this.#streams.size >= maxStreams) {
      throw new PorchlightError('link-busy', `Cannot open a stream: ${maxStreams} are open already; try again later.`);
    }
    const request: Half = requestEnds ? 'ended' : 'open';
    const stream: Mutable<Owner> = {
      id,
      owner,
      sending: role === 'edge' ? request : 'before-head',
      receiving: role === 'edge' ? 'before-head' : request,
      credit: purse.initialBytes,
      granted: purse.initialBytes,
      held: 0,
    };
    this.#streams.set(id, stream);
    return stream;
  }

  /** What of a stream must be known to go on with it in another memory. Nothing may be held of it. */
  standingOf(stream: Stream<Owner>): Standing {
    const { sending, receiving, credit, granted } = this.#own(stream);
    return { sending, receiving, credit, granted };
  }

  /** A stream goes on that was opened in a memory which is gone. Throws as `open`. */
  restore(id: number, standing: Standing, owner: Owner): Stream<Owner> {
    const stream = this.#own(this.open(id, false, owner));
    Object.assign(stream, standing);
    this.#borrowed += excess(stream, this.#options.purse.initialBytes);
    return stream;
  }

  /**
   * Judges a received RESPONSE, DATA, CREDIT, TEXT, BINARY or CLOSE and counts it. undefined: its stream is not open here, which is no
   * fault, because it may have been cancelled while the frame was on its way. Throws `link-untimely` for a frame out
   * of turn, `link-overrun` for more DATA than was granted; the link must then be closed.
   */
  receive(frame: Frame): Stream<Owner> | undefined {
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) return undefined;
    if (frame.name === 'CREDIT') {
      stream.credit += creditOf(frame);
      if (stream.credit > maxCredit) throw overrun(stream.id, 'the credit given cannot be counted');
    } else if (frame.name === 'RESPONSE') {
      if (stream.receiving !== 'before-head') throw untimely(`RESPONSE came twice on stream ${stream.id}`);
      stream.receiving = 'open';
      if (isEnd(frame)) this.#endReceiving(stream);
    } else if (frame.name === 'DATA' || frame.name === 'TEXT' || frame.name === 'BINARY') {
      if (stream.receiving !== 'open') throw untimely(`${frame.name} came on stream ${stream.id} ${stream.receiving}`);
      const bytes = frame.name === 'DATA' ? frame.payload.length : messageCost(frame.payload.length);
      if (bytes > stream.granted) throw overrun(stream.id, `${bytes} bytes came, ${stream.granted} were granted`);
      stream.granted -= bytes;
      stream.held += bytes;
      if (isEnd(frame)) this.#endReceiving(stream);
    } else if (frame.name === 'CLOSE') {
      if (stream.receiving !== 'open') throw untimely(`CLOSE came on stream ${stream.id} ${stream.receiving}`);
      if (!isEnd(frame)) throw untimely(`CLOSE came on stream ${stream.id} without its end`);
      this.#endReceiving(stream);
    } else {
      throw untimely(`${frame.name} is no frame of an open stream`);
    }
    return stream;
  }

  /** Bytes went on to whoever wanted them. Returns the credit to send now, 0 for none yet. */
  consumed(stream: Stream<Owner>, bytes: number): number {
    const entry = this.#streams.get(stream.id);
    if (entry !== stream || entry === undefined) return 0;
    const { initialBytes, streamBytes, purseBytes } = this.#options.purse;
    const owed = excess(entry, initialBytes);
    const others = this.#borrowed - owed;
    entry.held -= bytes;
    const mayBorrow = Math.floor((purseBytes - others) / 2);
    const window = initialBytes + Math.max(0, Math.min(streamBytes - initialBytes, mayBorrow));
    const credit = window - entry.granted - entry.held;
    // Seldom and much: every CREDIT is a message, and at the edge a received message costs more than its bytes.
    const now = entry.receiving === 'open' && entry.granted <= window / 2 && credit >= window / 4;
    if (now) entry.granted += credit;
    this.#borrowed = others + excess(entry, initialBytes);
    return now ? credit : 0;
  }

  /** A head goes out (at home: RESPONSE). Throws `link-untimely`. */
  sentHead(stream: Stream<Owner>, ends: boolean): void {
    const entry = this.#own(stream);
    if (entry.sending !== 'before-head') throw untimely(`the head of stream ${stream.id} was sent already`);
    entry.sending = ends ? 'ended' : 'open';
  }

  /** DATA goes out, or a message of `messageCost`. Throws `link-untimely`, or `link-overrun` when there is not so much credit. */
  sent(stream: Stream<Owner>, bytes: number, ends: boolean): void {
    const entry = this.#own(stream);
    if (entry.sending !== 'open') throw untimely(`DATA on stream ${stream.id} ${entry.sending}`);
    if (bytes > entry.credit) throw overrun(stream.id, `${bytes} bytes to send, credit for ${entry.credit}`);
    entry.credit -= bytes;
    if (ends) entry.sending = 'ended';
  }

  /** The peer wants no more of what this end was sending: its half is over where it stands. */
  stopSending(stream: Stream<Owner>): void {
    this.#own(stream).sending = 'ended';
  }

  /** Both halves have ended: nothing more will be sent or received. */
  isOver(stream: Stream<Owner>): boolean {
    return stream.sending === 'ended' && stream.receiving === 'ended';
  }

  /** The stream is over or cancelled: all that it had borrowed is back in the purse. */
  close(stream: Stream<Owner>): void {
    const entry = this.#streams.get(stream.id);
    if (entry !== stream || entry === undefined) return;
    this.#borrowed -= excess(entry, this.#options.purse.initialBytes);
    this.#streams.delete(stream.id);
  }

  /** What was granted and will not be used goes back to the purse. */
  #endReceiving(entry: Mutable<Owner>): void {
    const { initialBytes } = this.#options.purse;
    const owed = excess(entry, initialBytes);
    entry.receiving = 'ended';
    entry.granted = 0;
    this.#borrowed += excess(entry, initialBytes) - owed;
  }

  #own(stream: Stream<Owner>): Mutable<Owner> {
    const entry = this.#streams.get(stream.id);
    if (entry === undefined || entry !== stream) throw untimely(`stream ${stream.id} is not open`);
    return entry;
  }
}

/** What a stream could make this end hold, above what it owns. */
function excess(stream: Mutable<unknown>, initialBytes: number): number {
  return Math.max(0, stream.granted + stream.held - initialBytes);
}

export function untimely(found: string): PorchlightError {
  return new PorchlightError(
    'link-untimely',
    `Cannot go on with the link: ${found}; bring home and edge to the same version.`,
  );
}

function overrun(stream: number, found: string): PorchlightError {
  return new PorchlightError(
    'link-overrun',
    `Cannot go on with the link: on stream ${stream} ${found}; bring home and edge to the same version.`,
  );
}
