// Reads answers of strangers: nothing of them is believed before it was looked at.

import { type JsonObject, readJsonObject } from '../../shared/json-object.ts';
import type { Answer } from './ports.ts';

/** null: its body is no JSON object. */
export function jsonOf({ body }: Answer): JsonObject | null {
  const reading = readJsonObject(new TextEncoder().encode(body));
  return 'json' in reading ? reading.json : null;
}

/** Without parameters, in lower case. */
export function mediaType({ headers }: Answer): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The stable code of an error that the edge made itself (RFC 9457); null: it is not the edge's. */
export function problemCode(answer: Answer): string | null {
  if (mediaType(answer) !== 'application/problem+json') return null;
  const code = jsonOf(answer)?.code;
  return typeof code === 'string' ? code : null;
}

/** Home is away and left nothing, has not said yet what it takes, or never claimed: the edge is right to answer so. */
export function isAway(answer: Answer): boolean {
  const code = problemCode(answer) ?? '';
  return answer.status === 503
    ? ['asleep', 'away', 'not-ready', 'host-unsettled'].includes(code)
    : code === 'unknown-host';
}

export const startHome = 'Claim, if this home has not yet, and start the home node: porchlight up';

/** "403 text/html from cloudflare". */
export function inShort(answer: Answer): string {
  const server = answer.headers.server === undefined ? '' : ` from ${answer.headers.server}`;
  const code = problemCode(answer);
  const what = code === null ? mediaType(answer) || 'without a type' : `(${code})`;
  return `${answer.status} ${what}${server}`;
}
