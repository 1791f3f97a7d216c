// The contract between the link and whoever answers what it carries (home-node/carry/loopback.ts puts it before the
// services). Bodies are queues of bytes, so that both directions go at the pace of the slower end.

import type { RequestHead, ResponseHead } from '../../shared/link/heads.ts';
import type { ByteQueue } from './byte-queue.ts';

export interface LinkRequest extends RequestHead {
  /** null: it has none. Taking from it is what lets the visitor send more. */
  readonly body: ByteQueue | null;
}

export interface LinkResponse extends ResponseHead {
  /** null: it has none. It may be filled after the response was given; it is taken from as the visitor reads. */
  readonly body: ByteQueue | null;
}

/**
 * Answers a carried request. `signal` aborts when the visitor or the link is gone, also after the response was given.
 * A rejection with a PorchlightError whose code is one of cancelCodes (shared/link/frames.ts) tells the edge why there
 * is no response; any other is told as `failed`.
 */
export type Serve = (request: LinkRequest, signal: AbortSignal) => Promise<LinkResponse>;
