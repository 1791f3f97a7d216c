// The head of a visitor's request as home gets it. What a stranger could use to be taken for somebody else is dropped:
// headers by which proxies speak to services are built anew from what the platform says, and names that a service may
// read as another name (underscores) are not carried at all.

import type { RequestHead } from '../../shared/link/heads.ts';
import { isHopByHop, namedByConnection } from '../../shared/link/hop-by-hop.ts';

/** What the edge itself knows of a request. */
export interface CarryFacts {
  /** The visitor's address as the platform saw it; null if unknown. */
  readonly clientAddress: string | null;
  /** The host that was addressed, one of this home's; with its port unless it is the scheme's own. */
  readonly host: string;
  readonly scheme: 'https' | 'http';
}

/** By these, proxies tell services who asks and what was asked; `x-date` stands in for Date in old signatures. */
const spokenForByProxies = /^(cf-|porchlight-|x-forwarded-|x-original-|x-rewrite-)/;
const dropped: ReadonlySet<string> = new Set([
  'cdn-loop',
  'client-ip',
  'expect',
  'forwarded',
  'host',
  'true-client-ip',
  'x-client-ip',
  'x-date',
  'x-real-ip',
]);

export function requestHead(request: Request, facts: CarryFacts): RequestHead {
  const named = namedByConnection(request.headers.get('connection'));
  const headers: string[] = [];
  for (const [name, value] of request.headers) {
    if (isHopByHop(name) || dropped.has(name) || named.has(name)) continue;
    if (name.includes('_') || spokenForByProxies.test(name)) continue;
    headers.push(name, value);
  }
  if (facts.clientAddress !== null) headers.push('x-forwarded-for', facts.clientAddress);
  headers.push('x-forwarded-proto', facts.scheme, 'x-forwarded-host', facts.host);
  return { method: request.method, path: originFormOf(request.url), host: facts.host, headers };
}

/** Path and query of an absolute URL, as they stand in it. */
function originFormOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const end = url.indexOf('#', start);
  return url.slice(start, end === -1 ? undefined : end);
}
