// A service's answer while it comes in from its connection: head first, then the body (answer-body.ts), which pauses the
// connection, so that a service is read as fast as the link takes it.

import { PorchlightError } from '../../shared/errors.ts';
import { headerOf } from '../../shared/link/heads.ts';
import { isHopByHop, namedByConnection } from '../../shared/link/hop-by-hop.ts';
import type { Dispatcher } from '../http-connections.ts';
import { blocks } from '../link/blocks.ts';
import type { LinkResponse } from '../link/serve.ts';
import { AnswerBody } from './answer-body.ts';
import type { AnswerMemory } from './answer-memory.ts';
import { fromWire } from './header-text.ts';

/** What is reported when no connection can be made: the service got nothing. */
const unreachable: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EADDRNOTAVAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** undici does not take the request: a header that is none, or a body of another length than announced. */
const refused: ReadonlySet<unknown> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

export class ServiceAnswer implements Dispatcher.DispatchHandler {
  /** Rejects with `service-down`, `bad-request` or `failed`. */
  readonly response: Promise<LinkResponse>;
  readonly #signal: AbortSignal;
  readonly #memory: AnswerMemory;
  readonly #mayHaveBody: boolean;
  /** null: no head came yet, or there is none. */
  #body: AnswerBody | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #resolve: (response: LinkResponse) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(method: string, signal: AbortSignal, memory: AnswerMemory) {
    this.#signal = signal;
    this.#memory = memory;
    this.#mayHaveBody = method !== 'HEAD';
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) this.#abort();
    else this.#signal.addEventListener('abort', this.#abort);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // 1xx: what comes before the final response stays here (RFC 9110 section 15.2).
    if (status < 200) return;
    const fault = faultOf(status, controller.rawHeaders);
    if (fault !== null) {
      controller.abort(new PorchlightError('failed', `Cannot pass on an answer: ${fault}.`));
      return;
    }
    const headers = carriedHeaders(controller.rawHeaders);
    if (this.#mayHaveBody && status !== 204 && status !== 205 && status !== 304) {
      this.#signal.removeEventListener('abort', this.#abort);
      this.#body = new AnswerBody(this.#signal, this.#memory, {
        pause: () => controller.pause(),
        resume: () => controller.resume(),
        cut: (error) => controller.abort(error),
      });
    }
    this.#resolve({ status, headers, body: this.#body?.queue ?? null });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body === null) {
      // 205 has none (RFC 9110 section 15.3.6). Nobody would take it from the queue, so it would stay for ever.
      controller.abort(new PorchlightError('failed', 'Cannot pass on an answer: it has a body where there is none.'));
      return;
    }
    // The connection reads into the same memory again (service-connection.ts).
    this.#body.put(blocks.copyOf(chunk));
  }

  /** Trailers end here: few services send any, and HTTP/2 and 3 visitors could not be told in time which to expect. */
  onResponseEnd(): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error & { readonly code?: unknown }): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#body?.fail(error);
    // Only counts when no head has come.
    this.#reject(refusalOf(error));
  }

  /** While there is no body. */
  readonly #abort = (): void => {
    this.#controller?.abort(new PorchlightError('request-cancelled', 'Cannot go on: nobody waits for the answer.'));
  };
}

export function refusalOf(error: Error & { readonly code?: unknown }): PorchlightError {
  if (error instanceof PorchlightError && (error.code === 'failed' || error.code === 'bad-request')) return error;
  if (unreachable.has(error.code)) {
    return new PorchlightError('service-down', 'Cannot reach the service: nothing listens there; start it.', {
      cause: error,
    });
  }
  if (refused.has(error.code)) return unaskable(error);
  return new PorchlightError('failed', 'Cannot pass on an answer: the service broke off.', { cause: error });
}

/** `cause`: what was found in the request that HTTP does not allow, and the link does. */
export function unaskable(cause: unknown): PorchlightError {
  return new PorchlightError('bad-request', 'Cannot put the request before the service as it stands.', { cause });
}

/**
 * What would be passed on as something else than it is: a status outside of HTTP (RFC 9110 section 15), which the edge
 * would take for a broken link, or a body that is still coded for this connection (RFC 9112 section 6.1: a recipient that
 * does not know a transfer coding must not pass it off as the body). null: nothing.
 */
export function faultOf(status: number, raw: Dispatcher.DispatchController['rawHeaders']): string | null {
  if (status > 599) return `the service gave it the status ${status}`;
  const codings: string[] = [];
  if (Array.isArray(raw)) {
    for (let at = 0; at < raw.length; at += 2) {
      const name = raw[at];
      // By length first: this is asked of every header of every answer.
      if (name?.length !== transferEncoding.length || String(name).toLowerCase() !== transferEncoding) continue;
      codings.push(String(raw[at + 1]));
    }
  }
  if (codings.length === 0 || /^\s*chunked\s*$/i.test(codings.join(','))) return null;
  return `its body is in the transfer coding ${codings.join(', ')}`;
}

const transferEncoding = 'transfer-encoding';

/** undici's raw headers as a flat list, without those that belong to the connection to the service. */
export function carriedHeaders(raw: Dispatcher.DispatchController['rawHeaders']): readonly string[] {
  if (!Array.isArray(raw)) return [];
  const list = raw.map((part) => (typeof part === 'string' ? part : fromWire(part)));
  const named = namedByConnection(headerOf(list, 'connection'));
  const kept: string[] = [];
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at] ?? '';
    const lowerName = name.toLowerCase();
    if (!isHopByHop(lowerName) && !named.has(lowerName)) kept.push(name, list[at + 1] ?? '');
  }
  return kept;
}
