// A copy as an answer, while home is away: with its age, saying that it is a copy, and with what HTTP lets a visitor
// ask of it (conditions, HEAD). Ranges are not cut from copies: Accept-Ranges says so, and a Range may be ignored (RFC
// 9110 section 14.2).

import type { AwayReason } from '../../shared/presence.ts';
import { headersOf } from './copy.ts';
import type { FoundCopy } from './store.ts';
import type { Question } from './strangers.ts';

/** Headers of the copy that a 304 repeats (RFC 9110 section 15.4.5), and those that speak of the copy itself. */
const inNotModified = new Set([
  'cache-control',
  'content-location',
  'date',
  'etag',
  'expires',
  'vary',
  'last-modified',
]);

/** `why` home itself did not answer: Cache-Status says it. */
export async function answerFromCopy(
  question: Question,
  copy: FoundCopy,
  why: AwayReason,
  now: number,
): Promise<Response> {
  const { head, bytes, body } = copy;
  const headers = headersOf(head);
  const isCurrent = isNotModified(question.headers, headers);
  if (isCurrent) for (const name of [...headers.keys()]) if (!inNotModified.has(name)) headers.delete(name);
  // RFC 9111 section 4.2.3, without the apparent age: home's clock may be wrong, the edge's is not.
  headers.set('Age', String(head.ageThen + Math.max(0, Math.floor((now - head.storedAt) / 1000))));
  // RFC 9211.
  headers.set('Cache-Status', `porchlight; hit; detail=${why}`);
  headers.set('Accept-Ranges', 'none');
  if (isCurrent) {
    await body?.cancel();
    return new Response(null, { status: 304, headers });
  }
  headers.set('Content-Length', String(bytes));
  // The bytes are as home encoded them: the runtime must not encode them a second time.
  return new Response(body, { headers, encodeBody: 'manual' });
}

/** RFC 9110 section 13.2.2, for GET and HEAD. */
function isNotModified(asked: Headers, copy: Headers): boolean {
  const tags = asked.get('If-None-Match');
  if (tags !== null) {
    const etag = copy.get('ETag');
    if (tags.trim() === '*') return true;
    // Weak comparison (section 8.8.3.2).
    const opaque = (tag: string): string => tag.trim().replace(/^W\//, '');
    return etag !== null && (tags.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => opaque(tag) === opaque(etag));
  }
  const since = Date.parse(asked.get('If-Modified-Since') ?? '');
  const modified = Date.parse(copy.get('Last-Modified') ?? '');
  return !Number.isNaN(since) && !Number.isNaN(modified) && modified <= since;
}
