// One HTTP request to the edge and its whole answer, bounded. No signature, no retry: signed-calls.ts and claim.ts do
// that.

import { type ErrorCode, meaningOf } from '../../shared/error-codes.ts';
import { PorchlightError } from '../../shared/errors.ts';
import type { Dispatcher } from '../http-connections.ts';
import { plainText } from '../plain-text.ts';

export interface EdgeReply {
  readonly status: number;
  readonly body: Uint8Array;
  /** The edge's clock when it answered, ms since the epoch; null if it did not say. */
  readonly edgeTime: number | null;
}

export interface SendOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  readonly maxReplyBytes: number;
  readonly signal: AbortSignal;
  /** How long the answer may be silent, ms. */
  readonly attemptMs: number;
}

/** Throws `edge-reply-too-long`, or what the connection threw. */
export async function sendOnce(connections: Dispatcher, url: URL, options: SendOptions): Promise<EdgeReply> {
  const { statusCode, headers, body } = await connections.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method: options.method,
    headers: [...options.headers],
    body: options.body.byteLength === 0 && options.method === 'GET' ? null : options.body,
    signal: options.signal,
    headersTimeout: options.attemptMs,
    bodyTimeout: options.attemptMs,
  });
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body as AsyncIterable<Uint8Array>) {
    length += part.byteLength;
    if (length > options.maxReplyBytes) {
      throw new PorchlightError(
        'edge-reply-too-long',
        `Cannot use the answer to ${options.method} ${url.pathname}: it is longer than ${options.maxReplyBytes} bytes; see whether the edge answers there: porchlight doctor`,
      );
    }
    parts.push(part);
  }
  const date = Date.parse(String(headers.date ?? ''));
  return { status: statusCode, body: Buffer.concat(parts, length), edgeTime: Number.isNaN(date) ? null : date };
}

/** What an answer of 300 and more means for the owner; the edge gives a stable code and may say more (RFC 9457). */
export function refusalOf(request: { readonly method: string; readonly path: string }, reply: EdgeReply): EdgeRefusal {
  // When something between home and the edge answers, its page is of no use to anybody.
  let reason: string = 'not-from-the-edge' satisfies ErrorCode;
  let detail = '';
  try {
    const problem = JSON.parse(new TextDecoder().decode(reply.body)) as { code?: unknown; detail?: unknown };
    if (typeof problem.code === 'string' && /^[a-z0-9-]{1,64}$/.test(problem.code)) reason = problem.code;
    if (typeof problem.detail === 'string') detail = plainText(problem.detail.slice(0, 500));
  } catch {
    // It is not JSON, so it is not the edge's.
  }
  // Home asks for what its own version knows; what the edge has not heard of came after it.
  if (reason === 'no-such-call') detail += ' This is an edge of an earlier version; have its operator update it.';
  return new EdgeRefusal(request, reply.status, reason, detail);
}

export class EdgeRefusal extends PorchlightError {
  readonly status: number;
  /** The edge's own code. */
  readonly reason: string;
  /** What it said besides, for the owner; '' when it said nothing. */
  readonly detail: string;

  constructor(
    request: { readonly method: string; readonly path: string },
    status: number,
    reason: string,
    detail = '',
  ) {
    const { method, path } = request;
    const text = `the edge answered ${status} (${reason})`;
    super(
      'edge-refused',
      detail === ''
        ? `Cannot ${method} ${path}: ${text}.${explained(reason)}`
        : `${detail} (${method} ${path}: ${text})`,
    );
    this.status = status;
    this.reason = reason;
    this.detail = detail;
  }
}

/** What the edge's code means and what to do, for an owner who is told nothing else. */
function explained(code: string): string {
  const meaning = meaningOf(code);
  if (meaning === null) return '';
  return meaning.do === null ? ` ${meaning.says}` : ` ${meaning.says} ${meaning.do}`;
}
