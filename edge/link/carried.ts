// One request on its way through the link, as the edge sees it: it waits for home's head, becomes a Response, and
// then passes the body on at the pace of the visitor. The pace comes from write(): its promise is kept when the
// visitor has taken the bytes, and rejected when the visitor is gone.

import type { ResponseHead } from '../../shared/link/heads.ts';
import { type CarryFailure, outcomeResponse } from './between.ts';
import { visitorHeaders } from './response-headers.ts';
import type { Watched } from './stall-watch.ts';
import type { Visited } from './visitor-watch.ts';

export interface CarriedEvents {
  /** The visitor took so many bytes of the body. */
  taken(bytes: number): void;
  /** Nothing more will be passed on: all was, or the visitor is gone (`early`). */
  done(early: boolean): void;
}

/** Bodies up to this size that came whole with their head become a Response without a stream. */
const wholeBytes = 64 * 1024;

export class Carried implements Watched, Visited {
  readonly response: Promise<Response>;
  visitor: Request | null = null;
  /** When home's head must have come, ms since the epoch; later while the request's body is still on its way. */
  dueAt = 0;
  /** The visitor is being waited for to send more of the request's body. */
  owesBody = false;
  movedBytes = 0;
  stalledAt: number | null = null;
  stalledBytes = 0;
  /** Woken when home gives credit for the request body. */
  onCredit: (() => void) | null = null;
  /** Stops the reading of the request body. */
  onStop: (() => void) | null = null;
  readonly #isHead: boolean;
  readonly #events: CarriedEvents;
  #resolve: (response: Response) => void = () => undefined;
  #head: ResponseHead | null = null;
  #early: Uint8Array<ArrayBuffer>[] = [];
  #writer: WritableStreamDefaultWriter<Uint8Array> | null = null;
  /** Bytes written that the visitor has not taken. */
  #waitingBytes = 0;
  #isClosing = false;
  #answered = false;
  #delivered = false;

  constructor(isHead: boolean, events: CarriedEvents) {
    this.#isHead = isHead;
    this.#events = events;
    this.response = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** The visitor has all of the response. */
  get isDelivered(): boolean {
    return this.#delivered;
  }

  /** The visitor's alone: home's answer was handed on whole, though the visitor may not have all of it. */
  get isComplete(): boolean {
    return this.#delivered || this.#isClosing;
  }

  /** Bytes that wait for the visitor. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get isVisitorsTurn(): boolean {
    return this.owesBody || (this.#writer !== null && (this.#waitingBytes > 0 || this.#isClosing));
  }

  head(head: ResponseHead): void {
    this.#head = head;
  }

  /** Bytes of the response's body, whose memory is given back once settle() was called for the message that they lie in. */
  data(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#answered) this.#write(bytes);
    else this.#early.push(bytes);
  }

  /**
   * After a message of the link: everything it held for this request was handed over. `ended`: the body is complete.
   * Returns false when home's head cannot be made a response; the visitor has then been told.
   */
  settle(ended: boolean): boolean {
    if (!this.#answered) return this.#answer(ended);
    if (ended) this.#close();
    return true;
  }

  /** Ends it before home's answer is complete. What the visitor has of the body must look broken, never complete. */
  fail(failure: CarryFailure): void {
    this.onStop?.();
    if (!this.#answered) {
      this.#answered = true;
      this.#resolve(outcomeResponse({ failed: failure }));
    } else if (this.#writer !== null) {
      const writer = this.#writer;
      this.#writer = null;
      // Rejects when the visitor is gone already; then nobody is left to be told.
      writer.abort(new Error(`Cannot pass on the rest: ${failure}.`)).catch(() => undefined);
    }
  }

  #answer(ended: boolean): boolean {
    if (this.#head === null) return true;
    this.#answered = true;
    const { status, headers: list } = this.#head;
    const visitor = visitorHeaders(list);
    const early = this.#early;
    this.#early = [];
    const earlyBytes = early.reduce((sum, { length }) => sum + length, 0);
    const isBodyless = this.#isHead || status === 204 || status === 205 || status === 304;
    if (
      visitor === null ||
      (isBodyless && earlyBytes > 0) ||
      !fits(visitor.contentLength, earlyBytes, ended, isBodyless)
    ) {
      this.#resolve(outcomeResponse({ failed: 'bad-response' }));
      return false;
    }
    // The body is home's word for word: a coding that home names has been applied by home.
    const init = { status, headers: visitor.headers, encodeBody: 'manual' } as const;
    if (isBodyless || (ended && earlyBytes === 0)) {
      this.#resolve(new Response(null, init));
      if (ended) this.#deliver();
      return true;
    }
    if (ended && earlyBytes <= wholeBytes) {
      this.#resolve(new Response(joined(early, earlyBytes), init));
      this.#deliver();
      return true;
    }
    const { contentLength } = visitor;
    const pipe = contentLength === null ? new IdentityTransformStream() : new FixedLengthStream(contentLength);
    this.#writer = pipe.writable.getWriter();
    this.#resolve(new Response(pipe.readable, init));
    for (const bytes of early) this.#write(bytes);
    if (ended) this.#close();
    return true;
  }

  /** The platform copies what it is given before write() returns: whoever takes it late holds no memory of ours. */
  #write(bytes: Uint8Array<ArrayBuffer>): void {
    const { length } = bytes;
    const writer = this.#writer;
    if (length === 0 || writer === null) return;
    this.#waitingBytes += length;
    writer.write(bytes).then(
      () => {
        this.#waitingBytes -= length;
        this.movedBytes += length;
        if (this.#waitingBytes === 0) this.stalledAt = null;
        this.#events.taken(length);
      },
      () => this.#gone(),
    );
  }

  #close(): void {
    const writer = this.#writer;
    if (writer === null) this.#deliver();
    else {
      this.#isClosing = true;
      writer.close().then(
        () => this.#deliver(),
        () => this.#gone(),
      );
    }
  }

  #deliver(): void {
    this.#delivered = true;
    this.#writer = null;
    this.#events.done(false);
  }

  /** write() or close() was rejected: the visitor left, or the body is not as long as its announced length. */
  #gone(): void {
    if (this.#writer === null) return;
    this.#writer = null;
    this.#events.done(true);
  }
}

/** Can a body of which so much is known have the announced length? */
function fits(announced: number | null, bytes: number, ended: boolean, isBodyless: boolean): boolean {
  if (announced === null || isBodyless) return true;
  return ended ? bytes === announced : bytes <= announced;
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
