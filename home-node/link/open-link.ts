// One open link at home, from WELCOME until its socket closes: requests that come in are handed to `serve`, answers go
// out by the outbox, bytes both ways by the credit of the session.

import { type Clock, steadyClock } from '../../shared/clock.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import {
  type Closing,
  cancelOf,
  encodeCancel,
  encodeCredit,
  encodeTextFrame,
  type Frame,
  isEnd,
} from '../../shared/link/codec.ts';
import { type CancelCode, cancelCodes, flags, marksSince } from '../../shared/link/frames.ts';
import { type Refusal, refusalOf } from '../../shared/link/handshake.ts';
import { type FlatHeaders, headerOf, requestHeadOf } from '../../shared/link/heads.ts';
import { LinkSession, type Stream } from '../../shared/link/session.ts';
import { ByteQueue } from './byte-queue.ts';
import { CarriedSocket } from './carried-socket.ts';
import { LinePace } from './line-pace.ts';
import { MessageMemory } from './message-memory.ts';
import { Outbox, type Sink } from './outbox.ts';
import type { LinkRequest, LinkResponse, Serve, ServiceSocket } from './serve.ts';

export interface OpenLinkOptions {
  readonly sink: Sink;
  /** Of the link. */
  readonly version: number;
  /** Tests change it. */
  readonly clock?: Clock;
  readonly initialBytes: number;
  readonly serve: Serve;
  readonly onWork: () => void;
  readonly onSlept: () => void;
  readonly onRefused: (refusal: Refusal) => void;
  readonly onDrain: (why: Refusal) => void;
}

/** One carried request at home. */
interface Served {
  /** The request's body, while it comes. */
  readonly body: ByteQueue | null;
  readonly ends: AbortController;
  /** Its REQUEST asked for a WebSocket; the one that it got. */
  readonly wantsSocket: boolean;
  socket: CarriedSocket<Served> | null;
}

type LinkStream = Stream<Served>;

export class OpenLink {
  readonly #options: OpenLinkOptions;
  readonly #session: LinkSession<Served>;
  readonly #outbox: Outbox<Served>;
  readonly #messages = new MessageMemory();
  /** What all WebSockets were closed with, and what opens afterwards is too. */
  #leaving: Closing | null = null;
  #isOver = false;

  constructor(options: OpenLinkOptions) {
    this.#options = options;
    const purse = {
      initialBytes: options.initialBytes,
      streamBytes: limits.streamWindowBytes,
      purseBytes: limits.linkWindowBytes,
    };
    this.#session = new LinkSession({ role: 'home', purse, maxStreams: limits.linkStreams });
    const pace = options.version >= marksSince ? new LinePace(options.clock ?? steadyClock) : null;
    this.#outbox = new Outbox(options.sink, this.#session, pace);
  }

  /** Requests that are being answered. */
  get size(): number {
    return this.#session.size;
  }

  /** Throws a PorchlightError when the edge broke the protocol; the socket must then be closed. */
  receive(frames: readonly Frame[]): void {
    for (const frame of frames) this.#frame(frame);
  }

  sleep(until: number | null): void {
    this.#outbox.send(encodeTextFrame('SLEEP', JSON.stringify({ until })));
    // They would not end by themselves. RFC 6455 section 7.4.1: a server that goes down.
    this.closeWebSockets({ code: 1001, reason: 'home goes to sleep' });
  }

  /** Visitors and services are told to come back later, or elsewhere; those that are still opening too, once they have. */
  closeWebSockets(closing: Closing): void {
    this.#leaving = closing;
    for (const { owner } of [...this.#session.streams()]) owner.socket?.leave(closing);
  }

  services(text: string): void {
    this.#outbox.send(encodeTextFrame('SERVICES', text));
  }

  /** The socket is gone: whatever was being answered is aborted. */
  end(): void {
    this.#isOver = true;
    for (const stream of [...this.#session.streams()]) this.#forget(stream, 'the link is gone');
  }

  #frame(frame: Frame): void {
    switch (frame.name) {
      case 'REQUEST':
        this.#request(frame);
        return;
      case 'DATA': {
        const stream = this.#session.receive(frame);
        if (stream === undefined) return;
        stream.owner.body?.put(alone(frame.payload));
        if (isEnd(frame)) {
          stream.owner.body?.end();
          this.#closeIfOver(stream);
        }
        return;
      }
      case 'TEXT':
      case 'BINARY':
      case 'CLOSE': {
        const stream = this.#session.receive(frame);
        if (stream === undefined) return;
        const { socket } = stream.owner;
        if (socket === null) throw untimely(frame);
        if (frame.name === 'CLOSE') socket.closedByVisitor(frame);
        else socket.piece(frame);
        return;
      }
      case 'CREDIT':
        if (this.#session.receive(frame) !== undefined) this.#outbox.turn(frame.stream);
        return;
      case 'CANCEL': {
        const stream = this.#session.stream(frame.stream);
        if (stream !== undefined) this.#forget(stream, cancelOf(frame).reason);
        return;
      }
      case 'WORK':
        this.#options.onWork();
        return;
      case 'MARKED':
        this.#outbox.marked(frame);
        return;
      case 'SLEPT':
        this.#options.onSlept();
        return;
      case 'REFUSED':
        this.#options.onRefused(refusalOf(frame));
        return;
      case 'DRAIN':
        this.#options.onDrain(refusalOf(frame));
        return;
      default:
        throw untimely(frame);
    }
  }

  #request(frame: Frame): void {
    const head = requestHeadOf(frame);
    if (this.#session.size >= limits.linkStreams) {
      this.#outbox.send(encodeCancel(frame.stream, 'busy', `${limits.linkStreams} requests are open`));
      return;
    }
    const wantsSocket = head.upgrade !== undefined;
    const body = isEnd(frame) || wantsSocket ? null : new ByteQueue();
    const owner: Served = { body, ends: new AbortController(), wantsSocket, socket: null };
    const stream = this.#session.open(frame.stream, isEnd(frame), owner);
    if (body !== null) body.onTaken = (bytes) => this.#taken(stream, bytes);
    const request: LinkRequest = { ...head, body };
    this.#options.serve(request, stream.owner.ends.signal).then(
      (response) => this.#respond(stream, response),
      (thrown: unknown) => this.#cancel(stream, codeOf(thrown), causeOf(thrown)),
    );
  }

  #respond(stream: LinkStream, response: LinkResponse): void {
    if (!this.#isOpen(stream)) {
      response.body?.fail(new Error('nobody waits for it any more'));
      return;
    }
    const { status, headers, body, socket } = response;
    const text = JSON.stringify({ status, headers });
    if (text.length > limits.frameHeadBytes / 3 && Buffer.byteLength(text) > limits.frameHeadBytes) {
      this.#cancel(stream, 'failed', 'the headers of the response are too long to carry');
      return;
    }
    const isWhole = body === null && socket === undefined;
    this.#session.sentHead(stream, isWhole);
    this.#outbox.sendHead(encodeTextFrame('RESPONSE', text, stream.id, isWhole ? flags.end : 0), lengthOf(headers));
    if (socket !== undefined) this.#join(stream, socket);
    else if (body === null) this.#answered(stream);
    else {
      this.#outbox.sendBody(stream, body, {
        onEnd: () => this.#answered(stream),
        onFailure: (error) => this.#cancel(stream, 'failed', error.message),
      });
    }
  }

  /** The stream is a WebSocket from now on. */
  #join(stream: LinkStream, service: ServiceSocket): void {
    const socket: CarriedSocket<Served> = new CarriedSocket({
      session: this.#session,
      stream,
      service,
      memory: this.#messages,
      send: (frame) => this.#outbox.send(frame),
      onReady: () => this.#outbox.turn(stream.id),
      taken: (cost) => this.#taken(stream, cost),
      cancel: (code, reason) => this.#cancel(stream, code, reason),
      closeIfOver: () => this.#closeIfOver(stream),
    });
    stream.owner.socket = socket;
    this.#outbox.sendFrames(stream.id, socket);
    if (this.#leaving !== null) socket.leave(this.#leaving);
  }

  /** The response is out. A service that answered without reading all of the request wants no more of it. */
  #answered(stream: LinkStream): void {
    if (stream.receiving === 'ended') this.#session.close(stream);
    else this.#cancel(stream, 'enough', 'answered without the rest of the request');
  }

  #taken(stream: LinkStream, bytes: number): void {
    const credit = this.#session.consumed(stream, bytes);
    if (credit > 0 && !this.#isOver) this.#outbox.send(encodeCredit(stream.id, credit));
  }

  #closeIfOver(stream: LinkStream): void {
    if (!this.#session.isOver(stream)) return;
    this.#session.close(stream);
    if (stream.owner.socket !== null) this.#outbox.drop(stream.id);
  }

  #cancel(stream: LinkStream, code: CancelCode, reason: string): void {
    if (!this.#isOpen(stream)) return;
    this.#forget(stream, reason);
    if (!this.#isOver) this.#outbox.send(encodeCancel(stream.id, code, reason));
  }

  /** Ends it here without a word to the edge. */
  #forget(stream: LinkStream, reason: string): void {
    this.#session.close(stream);
    this.#outbox.drop(stream.id);
    const error = new PorchlightError('request-cancelled', `Cannot go on with the request: ${reason}.`);
    stream.owner.body?.fail(error);
    stream.owner.socket?.drop();
    stream.owner.ends.abort(error);
  }

  #isOpen(stream: LinkStream): boolean {
    return this.#session.stream(stream.id) === stream;
  }
}

function untimely({ name }: Frame): PorchlightError {
  return new PorchlightError(
    'link-untimely',
    `Cannot go on with the link: the edge sent ${name}; bring home and edge to the same version.`,
  );
}

/** What a service takes late must not hold the whole message in which it came beside the bytes of others. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.length * 2 < bytes.buffer.byteLength ? Buffer.from(bytes) : bytes;
}

/** As the service announces it; null: it does not. */
function lengthOf(headers: FlatHeaders): number | null {
  const length = headerOf(headers, 'content-length');
  return length === null ? null : Number(length);
}

function codeOf(thrown: unknown): CancelCode {
  const code = thrown instanceof PorchlightError ? thrown.code : '';
  return code in cancelCodes ? (code as CancelCode) : 'failed';
}
