// The headers of home's answer as the visitor gets them. Home is trusted with what its services say, not with what
// belongs to the connection, to the platform or to Porchlight itself.

import type { FlatHeaders } from '../../shared/link/heads.ts';
import { headerOf } from '../../shared/link/heads.ts';
import { isHopByHop, namedByConnection } from '../../shared/link/hop-by-hop.ts';

export interface VisitorHeaders {
  readonly headers: Headers;
  /** Length that home's service announced, null when it did not. A body of another length is broken off. */
  readonly contentLength: number | null;
}

/** null: the service announced a length that is none, or two different ones (RFC 9112 section 6.3). */
export function visitorHeaders(list: FlatHeaders): VisitorHeaders | null {
  const named = namedByConnection(headerOf(list, 'connection'));
  const headers = new Headers();
  let contentLength: number | null = null;
  let isLive = false;
  for (let at = 0; at < list.length; at += 2) {
    const name = (list[at] ?? '').toLowerCase();
    const value = list[at + 1] ?? '';
    if (name === 'content-length') {
      const length = /^\d{1,15}$/.test(value) ? Number(value) : null;
      if (length === null || (contentLength !== null && contentLength !== length)) return null;
      contentLength = length;
      headers.set(name, value);
    } else if (!isHopByHop(name) && !named.has(name) && !name.startsWith('porchlight-') && !name.startsWith('cf-')) {
      headers.append(name, value);
      if (name === 'content-type') isLive = /^\s*text\/event-stream\b/i.test(value);
    }
  }
  // Whoever codes a stream of events on its way holds them back (RFC 9111 section 5.2.2.6).
  if (isLive && !/\bno-transform\b/i.test(headers.get('cache-control') ?? '')) {
    headers.append('cache-control', 'no-transform');
  }
  return { headers, contentLength };
}
