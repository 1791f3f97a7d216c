// The contract between the link and whoever answers what it carries (home-node/carry/loopback.ts puts it before the
// services). Bodies are queues of bytes, so that both directions go at the pace of the slower end.

import type { Closing } from '../../shared/link/codec.ts';
import type { CancelCode } from '../../shared/link/frames.ts';
import type { RequestHead, ResponseHead } from '../../shared/link/heads.ts';
import type { ByteQueue } from './byte-queue.ts';

export interface LinkRequest extends RequestHead {
  /** null: it has none. Taking from it is what lets the visitor send more. */
  readonly body: ByteQueue | null;
}

export interface LinkResponse extends ResponseHead {
  /** null: it has none. It may be filled after the response was given; it is taken from as the visitor reads. */
  readonly body: ByteQueue | null;
  /** With status 101, to a request with `upgrade`: what the connection has become. */
  readonly socket?: ServiceSocket;
}

/** A WebSocket to a service, open. It ends with the request's signal. */
export interface ServiceSocket {
  /** Once. What came before is told at once. */
  listen(events: ServiceSocketEvents): void;
  /** A message, or with `isMore` a piece of one. `taken`: the service's connection has it, or never will. */
  send(piece: Uint8Array, isBinary: boolean, isMore: boolean, taken: () => void): void;
  /** Closes it behind what was sent. Where the service does not answer, it is cut after a while. */
  close(closing: Closing): void;
  /** The service is not read until resume(). */
  pause(): void;
  resume(): void;
}

export interface ServiceSocketEvents {
  /** A whole message. */
  message(bytes: Uint8Array, isBinary: boolean): void;
  /** The service has closed, or answered our close; nothing comes after it. */
  closed(closing: Closing): void;
  /** It broke; nothing comes after it. */
  broken(code: CancelCode, reason: string): void;
}

/**
 * Answers a carried request. `signal` aborts when the visitor or the link is gone, also after the response was given.
 * A rejection with a PorchlightError whose code is one of cancelCodes (shared/link/frames.ts) tells the edge why there
 * is no response; any other is told as `failed`.
 */
export type Serve = (request: LinkRequest, signal: AbortSignal) => Promise<LinkResponse>;
