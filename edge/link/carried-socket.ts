// One WebSocket on its way through the link, as the edge sees it. Until home's head it is a carried request like others,
// and stays one unless the head is 101; then the visitor is answered 101 too and its socket and the stream are joined:
// messages are cut into frames towards home and put together towards the visitor, closes are passed on, credit goes back as
// the visitor's connection takes the bytes. What all of them share, and when it is looked at, is web-sockets.ts.

import { limits } from '../../shared/limits.ts';
import { type Closing, encodeClose, type Frame, frameHeaderBytes } from '../../shared/link/codec.ts';
import type { CancelCode } from '../../shared/link/frames.ts';
import type { ResponseHead } from '../../shared/link/heads.ts';
import { messageCost, type Stream } from '../../shared/link/session.ts';
import type { CarryFailure } from './between.ts';
import { Carried, type CarriedEvents } from './carried.ts';
import { HomewardMessages, homeward, weightOf } from './homeward-messages.ts';
import { visitorHeaders } from './response-headers.ts';
import { upgradedHeaders } from './upgrade.ts';
import { tooLong, VisitorMessage } from './visitor-message.ts';

/** What a socket asks of all of them together (web-sockets.ts). */
export interface SocketPort {
  /** Accepts a new socket of this visitor; the other end of it goes into the 101. */
  accept(of: CarriedSocket): { readonly client: WebSocket; readonly server: WebSocket };
  /** A frame of it, counted against its credit, goes to home. */
  send(of: CarriedSocket, frame: Uint8Array<ArrayBuffer>, cost: number, ends: boolean): void;
  /** Home may send so much more, as far as the stream's window says so. */
  consumed(of: CarriedSocket, cost: number): void;
  /** The stream ends at once. */
  cancel(of: CarriedSocket, code: CancelCode, reason: string): void;
  /** Both halves may be over. */
  settled(of: CarriedSocket): void;
  /** Something happened that is not written down. */
  moved(of: CarriedSocket): void;
  /** May what is waiting of all sockets grow by a message of so much? */
  mayWait(more: number): boolean;
  /** May this one hold more than its window, because its message must be whole? */
  mayHoldMore(of: CarriedSocket): boolean;
}

type State = 'asking' | 'open' | 'closing' | 'closed';

/** What a visitor is told when its WebSocket breaks. Nothing of ours may look like a close of the service. */
const broken: Readonly<Partial<Record<CarryFailure, Closing>>> = {
  lost: { code: 1012, reason: 'home is out of reach' },
  'service-down': { code: 1012, reason: 'the service is out of reach' },
  timeout: { code: 1013, reason: 'too slow' },
  busy: { code: 1013, reason: 'others need the place' },
};
const failed: Closing = { code: 1011, reason: 'the service broke off' };
const overfull: Closing = { code: 1013, reason: 'more is waiting than can be kept' };
const overlong: Closing = { code: 1009, reason: 'a message is too long' };

export class CarriedSocket extends Carried {
  /** The visitor's answer: the 101 with its socket, or whatever else the service said. */
  readonly answer: Promise<Response>;
  /** Whose it is, for counting. */
  readonly network: string;
  /** When anything last moved on it, ms since the epoch. */
  movedAt: number;
  stream: Stream<Carried> | null = null;
  socket: WebSocket | null = null;
  readonly #port: SocketPort;
  readonly #toHome = new HomewardMessages();
  readonly #toVisitor = new VisitorMessage();
  /** Cost of what home sent and has no credit back for. */
  #owed = 0;
  /** Bytes that were given to the visitor's socket, all in all. */
  #given = 0;
  #takenBytes = 0;
  #state: State = 'asking';
  /** The visitor's close, until what it sent before is with home. */
  #lastWords: Closing | null = null;
  /** Since when it was seen closed and still, and what had moved by then. */
  #closedAt: number | null = null;
  #closedBytes = 0;
  #answerWith: (response: Response) => void = () => undefined;

  constructor(events: CarriedEvents, port: SocketPort, network: string, movedAt: number) {
    super(false, events);
    this.#port = port;
    this.network = network;
    this.movedAt = movedAt;
    this.answer = new Promise((resolve) => {
      this.#answerWith = resolve;
    });
    void this.response.then(this.#answerWith);
    this.onCredit = () => this.#pump();
  }

  /** Goes on with the socket of a memory that is gone. */
  resume(socket: WebSocket): void {
    this.socket = socket;
    this.#state = 'open';
  }

  /** Bytes of messages of the visitor that home has not given credit for whole. */
  get waiting(): number {
    return this.#toHome.waiting;
  }

  /** Of these, the message that is the first to go. */
  get firstWaiting(): number {
    return this.#toHome.first;
  }

  /** Bytes for the visitor that are here. */
  get held(): number {
    return this.#toVisitor.bytes + buffered(this.socket);
  }

  /** A message for the visitor is not whole, or was sent and not taken, beyond what the window holds. */
  get isHolding(): boolean {
    return this.#toVisitor.bytes > 0 || this.heldBeyond > 0;
  }

  /** Bytes of these that home was given credit for all the same. */
  get heldBeyond(): number {
    return Math.max(0, this.held - this.#owed);
  }

  /** Nothing of it is here but its standing: the object may forget it. */
  get isQuiet(): boolean {
    return this.#state === 'open' && this.#owed === 0 && this.waiting === 0 && this.#toHome.isEmpty && this.held === 0;
  }

  /** Something is owed that goes on only when the visitor's connection takes what it was given. */
  get isFilling(): boolean {
    return this.#owed >= limits.streamInitialBytes / 4 || this.heldBeyond > 0;
  }

  /** It is a WebSocket, or was one. */
  get isOpened(): boolean {
    return this.#state !== 'asking';
  }

  override get isDelivered(): boolean {
    return this.isOpened ? buffered(this.socket) === 0 : super.isDelivered;
  }

  /** Or home's: either way something is here that should move. An idle WebSocket does not stand still. */
  override get isVisitorsTurn(): boolean {
    if (!this.isOpened) return super.isVisitorsTurn;
    this.look();
    return this.held > 0 || !this.#toHome.isEmpty;
  }

  override head(head: ResponseHead): void {
    if (head.status === 101) this.#open(head);
    else super.head(head);
  }

  override settle(ended: boolean): boolean {
    return this.isOpened || super.settle(ended);
  }

  /** The stream is over: home cancelled it, the link went, or the visitor did. */
  override fail(failure: CarryFailure): void {
    if (!this.isOpened) super.fail(failure);
    else this.#end(broken[failure] ?? failed);
  }

  /** TEXT or BINARY of home, which the session has counted. */
  message(frame: Frame): void {
    this.#owed += messageCost(frame.payload.length);
    if (this.#state !== 'open' || this.#lastWords !== null) {
      this.#passed();
      return;
    }
    const bytes = this.#toVisitor.bytes + frame.payload.length;
    const message = this.#toVisitor.put(frame);
    if (message === tooLong) {
      this.#end(overlong);
      this.#port.cancel(this, 'failed', overlong.reason);
      return;
    }
    if (message !== null) {
      this.#given += bytes;
      this.socket?.send(message);
    }
    this.look();
    this.#port.moved(this);
  }

  /** CLOSE of home: the service has closed. The visitor gets it behind what was sent before. */
  closedByService(closing: Closing): void {
    this.#end(closing);
    this.#toHome.clear();
    // Home's service need not wait until the visitor has answered.
    if (this.stream?.sending === 'open') this.#send(encodeClose(this.stream.id, closing), 0, true);
    this.#port.moved(this);
    this.#port.settled(this);
  }

  /** A message of the visitor. */
  said(message: string | ArrayBuffer): void {
    if (this.#state !== 'open') return;
    const length = typeof message === 'string' ? message.length : message.byteLength;
    const leaves = this.#toHome.isEmpty && messageCost(length * 3) <= (this.stream?.credit ?? 0);
    // What is too long already as text is not encoded first.
    const toHome = leaves || this.#port.mayWait(weightOf(message)) ? homeward(message) : null;
    if (toHome === null || !(leaves || this.#port.mayWait(weightOf(toHome)))) {
      this.#end(overfull);
      this.#port.cancel(this, 'enough', overfull.reason);
      return;
    }
    this.#toHome.put(toHome);
    this.#pump();
  }

  /** The visitor closed; what it sent before still goes to home. `null`: its connection broke. */
  closedByVisitor(closing: Closing | null): void {
    if (this.#state !== 'open') {
      this.#state = 'closed';
      this.#port.settled(this);
      return;
    }
    this.#end(closing ?? failed);
    this.#state = 'closed';
    if (closing === null) this.#port.cancel(this, 'enough', 'the visitor is gone');
    else {
      this.#lastWords = closing;
      this.#pump();
    }
  }

  /** The platform broke it off, for a message above its limit or for something that is no WebSocket. */
  brokeOff(closing: Closing): void {
    if (this.#state !== 'open') return;
    this.#state = 'closed';
    this.#toVisitor.clear();
    this.#lastWords = closing;
    this.#pump();
  }

  /** It was closed by one side, and for limits.webSocketCloseMs nothing has moved. */
  isOverdue(now: number): boolean {
    if (this.#state === 'asking' || this.#state === 'open') return false;
    if (this.#closedAt === null || this.#closedBytes !== this.movedBytes) {
      this.#closedAt = now;
      this.#closedBytes = this.movedBytes;
    }
    return now - this.#closedAt >= limits.webSocketCloseMs;
  }

  /** What has the visitor's connection taken meanwhile? Home gets credit for that. */
  look(): void {
    const { held } = this;
    const taken = this.#given - buffered(this.socket);
    if (taken > this.#takenBytes) {
      this.movedBytes += taken - this.#takenBytes;
      this.#takenBytes = taken;
    }
    if (held === 0) this.#passed();
    else if (this.#owed > held) this.#consumed(this.#owed - held);
    // A message that is longer than the window comes in only on credit that is not covered; a visitor who has not taken the
    // one before gets none.
    const mayNeedMore = this.#toVisitor.bytes > 0 && this.#owed > 0;
    const isTaking = buffered(this.socket) <= limits.streamInitialBytes;
    if (mayNeedMore && isTaking && this.#port.mayHoldMore(this)) this.#passed();
  }

  #open({ headers: list }: ResponseHead): void {
    const visitor = visitorHeaders(list);
    if (visitor === null) {
      super.fail('bad-response');
      this.#port.cancel(this, 'failed', 'not an HTTP response');
      return;
    }
    const { client, server } = this.#port.accept(this);
    this.socket = server;
    this.#state = 'open';
    // From now on the platform tells of the socket itself.
    this.visitor = null;
    const headers = upgradedHeaders(visitor.headers);
    this.#answerWith(new Response(null, { status: 101, webSocket: client, headers }));
    this.#port.moved(this);
  }

  #pump(): void {
    const { stream } = this;
    if (stream === null) return;
    for (;;) {
      if (stream.sending !== 'open') break;
      const frame = this.#toHome.next(stream.id, stream.credit);
      if (frame === null) break;
      const cost = messageCost(frame.length - frameHeaderBytes);
      this.movedBytes += cost;
      this.#send(frame, cost, false);
    }
    if (this.#toHome.isEmpty && this.#lastWords !== null && stream.sending === 'open') {
      this.#send(encodeClose(stream.id, this.#lastWords), 0, true);
      this.#port.settled(this);
    }
    this.#port.moved(this);
  }

  #send(frame: Uint8Array<ArrayBuffer>, cost: number, ends: boolean): void {
    this.#port.send(this, frame, cost, ends);
  }

  #end({ code, reason }: Closing): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#toVisitor.clear();
    try {
      if (code === null) this.socket?.close();
      else this.socket?.close(code, reason);
    } catch {
      // It is closed already; the platform has told, or will.
    }
  }

  #passed(): void {
    this.#consumed(this.#owed);
  }

  #consumed(cost: number): void {
    if (cost === 0) return;
    this.#owed -= cost;
    this.#port.consumed(this, cost);
  }
}

/** Bytes that the visitor's connection has not taken. */
function buffered(socket: WebSocket | null): number {
  return socket?.bufferedAmount ?? 0;
}
