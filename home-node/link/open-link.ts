// One open link at home, from WELCOME until its socket closes: requests that come in are handed to `serve`, answers go
// out by the outbox, bytes both ways by the credit of the session.

import { type Clock, steadyClock } from '../../shared/clock.ts';
import { causeOf, PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { cancelOf, encodeCancel, encodeCredit, encodeTextFrame, type Frame, isEnd } from '../../shared/link/codec.ts';
import { type CancelCode, cancelCodes, flags, marksSince } from '../../shared/link/frames.ts';
import { type Refusal, refusalOf } from '../../shared/link/handshake.ts';
import { requestHeadOf } from '../../shared/link/heads.ts';
import { LinkSession, type Stream } from '../../shared/link/session.ts';
import { ByteQueue } from './byte-queue.ts';
import { Outbox, type Sink } from './outbox.ts';
import { Pace } from './pace.ts';
import type { LinkRequest, LinkResponse, Serve } from './serve.ts';

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
}

type LinkStream = Stream<Served>;

export class OpenLink {
  readonly #options: OpenLinkOptions;
  readonly #session: LinkSession<Served>;
  readonly #outbox: Outbox<Served>;
  #isOver = false;

  constructor(options: OpenLinkOptions) {
    this.#options = options;
    const purse = {
      initialBytes: options.initialBytes,
      streamBytes: limits.streamWindowBytes,
      purseBytes: limits.linkWindowBytes,
    };
    this.#session = new LinkSession({ role: 'home', purse, maxStreams: limits.linkStreams });
    const pace = options.version >= marksSince ? new Pace(options.clock ?? steadyClock) : null;
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
        stream.owner.body?.put(frame.payload);
        if (isEnd(frame)) {
          stream.owner.body?.end();
          this.#closeIfOver(stream);
        }
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
        throw new PorchlightError(
          'link-untimely',
          `Cannot go on with the link: the edge sent ${frame.name}; bring home and edge to the same version.`,
        );
    }
  }

  #request(frame: Frame): void {
    const head = requestHeadOf(frame);
    if (this.#session.size >= limits.linkStreams) {
      this.#outbox.send(encodeCancel(frame.stream, 'busy', `${limits.linkStreams} requests are open`));
      return;
    }
    const body = isEnd(frame) ? null : new ByteQueue();
    const stream = this.#session.open(frame.stream, body === null, { body, ends: new AbortController() });
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
    const { status, headers, body } = response;
    const text = JSON.stringify({ status, headers });
    if (text.length > limits.frameHeadBytes / 3 && Buffer.byteLength(text) > limits.frameHeadBytes) {
      this.#cancel(stream, 'failed', 'the headers of the response are too long to carry');
      return;
    }
    this.#session.sentHead(stream, body === null);
    this.#outbox.sendHead(encodeTextFrame('RESPONSE', text, stream.id, body === null ? flags.end : 0));
    if (body === null) this.#answered(stream);
    else {
      this.#outbox.sendBody(stream, body, {
        onEnd: () => this.#answered(stream),
        onFailure: (error) => this.#cancel(stream, 'failed', error.message),
      });
    }
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
    if (this.#session.isOver(stream)) this.#session.close(stream);
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
    stream.owner.ends.abort(error);
  }

  #isOpen(stream: LinkStream): boolean {
    return this.#session.stream(stream.id) === stream;
  }
}

function codeOf(thrown: unknown): CancelCode {
  const code = thrown instanceof PorchlightError ? thrown.code : '';
  return code in cancelCodes ? (code as CancelCode) : 'failed';
}
