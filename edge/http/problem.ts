// Error responses: the only file of the edge that makes them. What a stranger reads is decided here, by status and a
// stable code; messages meant for owners stay in logs. JSON by default (RFC 9457), HTML where a browser asked.

import type { ErrorCode, StatusOf } from '../../shared/error-codes.ts';
import type { RefusalKind } from '../../shared/verdict.ts';
import { pagePolicy } from './page-policy.ts';

type ErrorStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 406
  | 409
  | 410
  | 413
  | 414
  | 415
  | 417
  | 421
  | 426
  | 429
  | 431
  | 500
  | 501
  | 502
  | 503
  | 504;

export interface ProblemOptions {
  /** Retry-After in seconds (RFC 9110 section 10.2.3). */
  readonly retryAfterSeconds?: number;
  /** Short and the same for every occurrence (RFC 9457 section 3.1.4); by default the status in words. */
  readonly title?: string;
  /** What exactly was wrong; only for a caller who has proved to be this home (RFC 9457 section 3.1.4). */
  readonly detail?: string;
  /** Methods for Allow, which a 405 must have (RFC 9110 section 15.5.6). */
  readonly allow?: readonly string[];
  /** Scheme for WWW-Authenticate, which a 401 must have (RFC 9110 section 15.5.2); `Signature` unless said. */
  readonly challenge?: string;
}

const titles: Readonly<Record<ErrorStatus, string>> = {
  400: 'The request is malformed.',
  401: 'The request is not proven.',
  403: 'This is not allowed.',
  404: 'Nothing is here.',
  405: 'This method is not allowed here.',
  406: 'Nothing here is in a form that was asked for.',
  409: 'This conflicts with what is there.',
  410: 'This is gone.',
  413: 'The body is too large.',
  414: 'The address is too long.',
  415: 'This type of body is not understood.',
  417: 'What is expected cannot be done.',
  421: 'No such host is served here.',
  426: 'A WebSocket is expected here.',
  429: 'Too much is waiting already; try again later.',
  431: 'The headers are too long.',
  500: 'Something went wrong here.',
  501: 'This is not done here.',
  502: 'The answer of the service could not be read.',
  503: 'Not now; try again later.',
  504: 'The service did not answer in time.',
};

/**
 * `application/problem+json` (RFC 9457) with `code` as an extension member, and the status that shared/error-codes.ts has
 * for it. Never stored by a cache.
 */
export function problem<Code extends ErrorCode>(
  status: StatusOf<Code> & ErrorStatus,
  code: Code,
  options: ProblemOptions = {},
): Response {
  const headers = headersOf(status, 'application/problem+json', options);
  const { title = titles[status], detail } = options;
  return new Response(JSON.stringify({ title, status, detail, code }), { status, headers });
}

/** The same refusal as a page for people. `html` must be whole and escaped; it may fetch nothing. */
export function problemPage(status: ErrorStatus, html: string, options: ProblemOptions = {}): Response {
  const headers = headersOf(status, 'text/html; charset=utf-8', options);
  headers.set('Content-Security-Policy', pagePolicy);
  return new Response(html, { status, headers });
}

/** The same as a document of the protocol that the question was asked in. */
export function problemDocument(status: ErrorStatus, contentType: string, body: string): Response {
  return new Response(body, { status, headers: headersOf(status, contentType, {}) });
}

/** What a sender is told when a lane's judge refused its delivery. 401 makes peers knock again with another proof. */
export function problemOf(kind: RefusalKind, retryAfterSeconds: number): Response {
  switch (kind) {
    case 'unproven':
      return problem(401, kind);
    case 'malformed':
      return problem(400, kind);
    case 'blocked':
      return problem(403, kind);
    case 'too-large':
      return problem(413, kind);
    case 'over-quota':
      return problem(429, kind, { retryAfterSeconds });
    case 'try-again':
      return problem(503, kind, { retryAfterSeconds });
  }
}

function headersOf(status: ErrorStatus, contentType: string, options: ProblemOptions): Headers {
  const headers = new Headers({
    'Content-Type': contentType,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  if (options.retryAfterSeconds !== undefined) headers.set('Retry-After', String(Math.ceil(options.retryAfterSeconds)));
  if (status === 401) headers.set('WWW-Authenticate', options.challenge ?? 'Signature');
  if (options.allow !== undefined) headers.set('Allow', options.allow.join(', '));
  return headers;
}
