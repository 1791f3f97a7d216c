// A request as its signer saw it: what both kinds of signature are made over. Made by whoever received the request,
// with nothing normalized that the signer did not normalize.

import type { HeaderList } from '../delivery.ts';
import { refused } from './refused.ts';

export interface SignedRequest {
  /** As sent; methods are case-sensitive. */
  readonly method: string;
  readonly scheme: 'https' | 'http';
  /** As the sender addressed it, with a port only if it is not the scheme's own. */
  readonly host: string;
  /** Raw path and query. */
  readonly path: string;
  readonly headers: HeaderList;
}

/**
 * The combined value of a field (RFC 9110 section 5.3: joined by ", " in order; section 5.5: without the whitespace
 * around each), or null when the request has no such field. `name` is lower-case.
 */
export function fieldValue(request: SignedRequest, name: string): string | null {
  const lines = fieldLines(request, name);
  return lines.length === 0 ? null : lines.join(', ');
}

/** Like `fieldValue`, for a field that may come once only: refuses more than one line of it. */
export function soleFieldValue(request: SignedRequest, name: string): string | null {
  const lines = fieldLines(request, name);
  if (lines.length > 1) throw refused(`the request has ${lines.length} ${name} fields; send one`);
  return lines[0] ?? null;
}

function fieldLines(request: SignedRequest, name: string): readonly string[] {
  const lines: string[] = [];
  for (const field of request.headers) {
    if (field[0].length === name.length && field[0].toLowerCase() === name) lines.push(trimmed(field[1]));
  }
  return lines;
}

/** OWS of RFC 9110 section 5.6.3. By hand: a pattern anchored at the end would look for it from every space. */
function trimmed(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && (value[start] === ' ' || value[start] === '\t')) start++;
  while (end > start && (value[end - 1] === ' ' || value[end - 1] === '\t')) end--;
  return value.slice(start, end);
}
