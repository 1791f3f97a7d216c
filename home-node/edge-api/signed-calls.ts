// Home's HTTP calls to the edge, each signed under the session that the link's handshake opened
// (shared/session/call.ts). A call whose connection broke before an answer is sent again: a turn as it was, with the
// same number, so that the edge answers what it had answered; any other with a new number, because the edge takes a
// number once.

import { hash } from 'node:crypto';
import type { CryptoKey } from 'jose';
import type { Random } from '../../shared/clock.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { callScheme, type Session, signCall } from '../../shared/session/call.ts';
import { Agent, type Dispatcher } from '../http-connections.ts';
import { connectionCause } from './certificate-dates.ts';
import { type EdgeReply, refusalOf, sendOnce } from './send.ts';

export interface CallRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query, as signed. */
  readonly path: string;
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** Longest answer that is read, bytes. */
  readonly maxReplyBytes: number;
  /**
   * `as-it-was`: the same signature again, while the session lasts; only turns, one after another. `anew`: a few times,
   * each signed anew; the call must be one that may be done twice.
   */
  readonly again: 'as-it-was' | 'anew';
  /** Ends the call and its retries. */
  readonly signal?: AbortSignal;
}

export interface SignedCallsOptions {
  /** Origin of the edge. */
  readonly edge: string;
  readonly key: CryptoKey;
  readonly random: Random;
  /** Waits between attempts, ms: from the first, doubling, to the longest. */
  readonly retryFirstMs?: number;
  readonly retryMaxMs?: number;
  /** How long one attempt may go without a byte of answer, ms. */
  readonly attemptMs?: number;
}

const empty = new Uint8Array(0);
const attemptsAnew = 4;

export class SignedCalls {
  readonly #options: Required<SignedCallsOptions>;
  readonly #connections: Dispatcher;
  #key: CryptoKey;
  #session: Session | null = null;
  #sessionEnds = new AbortController();
  #n = 0;

  constructor(options: SignedCallsOptions) {
    this.#options = { retryFirstMs: 200, retryMaxMs: 10_000, attemptMs: 30_000, ...options };
    this.#key = options.key;
    this.#connections = new Agent({ connections: 4 });
  }

  /** Calls are signed with this key from now on. */
  useKey(key: CryptoKey): void {
    this.#key = key;
  }

  /** The session of every call from now on; null while there is none. Calls of the session before end with `link-not-open`. */
  use(session: Session | null): void {
    this.#sessionEnds.abort();
    this.#sessionEnds = new AbortController();
    this.#session = session;
    this.#n = 0;
  }

  /**
   * Throws `link-not-open` when there is none (any more), `edge-refused` for an answer that trying again cannot change,
   * `edge-unreachable` after the last attempt.
   */
  async call(request: CallRequest): Promise<EdgeReply> {
    const session = this.#session;
    const ends = this.#sessionEnds.signal;
    if (session === null) throw noSession(request);
    const signal = request.signal === undefined ? ends : AbortSignal.any([ends, request.signal]);
    const body = request.body ?? empty;
    let headers = await this.#headers(request, session, body);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(request, headers, body, signal);
      if (ends.aborted) throw noSession(request);
      if (!(outcome instanceof Error)) {
        if (outcome.status < 300) return outcome;
        if (outcome.status < 500 && outcome.status !== 429) throw refusalOf(request, outcome);
      }
      const isLast = request.again === 'anew' && attempt >= attemptsAnew;
      if (isLast || signal.aborted) throw unreachable(request, outcome);
      await this.#pause(attempt, signal);
      if (ends.aborted) throw noSession(request);
      if (request.again === 'anew') headers = await this.#headers(request, session, body);
    }
  }

  async close(): Promise<void> {
    this.use(null);
    await this.#connections.destroy();
  }

  async #headers(request: CallRequest, session: Session, body: Uint8Array): Promise<string[]> {
    this.#n += 1;
    const { method, path, contentType } = request;
    const claims = { ...session, edge: this.#options.edge, n: this.#n, method, path, body: sha256(body) };
    const headers = ['Authorization', `${callScheme} ${await signCall(claims, this.#key)}`];
    return contentType === undefined ? headers : [...headers, 'Content-Type', contentType];
  }

  async #attempt(
    request: CallRequest,
    headers: readonly string[],
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<EdgeReply | Error> {
    const url = new URL(request.path, this.#options.edge);
    const { attemptMs } = this.#options;
    try {
      return await sendOnce(this.#connections, url, { ...request, headers, body, signal, attemptMs });
    } catch (thrown) {
      // A reply that is too long or torn stays so: only what the connection did is worth another attempt.
      if (thrown instanceof PorchlightError) throw thrown;
      return thrown instanceof Error ? thrown : new Error(String(thrown));
    }
  }

  /** Half of the wait is by chance, so that many homes do not knock together after an outage. */
  async #pause(attempt: number, signal: AbortSignal): Promise<void> {
    const { retryFirstMs, retryMaxMs, random } = this.#options;
    const longest = Math.min(retryFirstMs * 2 ** Math.min(attempt - 1, 20), retryMaxMs);
    const [byte = 0] = random.bytes(1);
    const wait = longest / 2 + (longest / 2) * (byte / 255);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, wait);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}

function sha256(body: Uint8Array): string {
  return hash('sha256', body, 'base64url');
}

function noSession(request: CallRequest): PorchlightError {
  return new PorchlightError(
    'link-not-open',
    `Cannot call ${request.method} ${request.path}: the link to the edge is not open; it is being opened again.`,
  );
}

function unreachable(request: CallRequest, outcome: EdgeReply | Error): PorchlightError {
  const found = outcome instanceof Error ? connectionCause(outcome) : `the edge answered ${outcome.status}`;
  return new PorchlightError(
    'edge-unreachable',
    `Cannot ${request.method} ${request.path}: ${found}; see whether the edge is there.`,
  );
}
