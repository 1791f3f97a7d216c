// The head of a visitor's request as home gets it. What a stranger could use to be taken for somebody else is dropped:
// headers by which proxies speak to services are built anew from what the platform says, and names that a service may
// read as another name (underscores) are not carried at all.

import { PorchlightError } from '../../shared/errors.ts';
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
  'forwarded',
  'host',
  'true-client-ip',
  'x-client-ip',
  'x-date',
  'x-real-ip',
]);
/** What a live stream of events is asked for with (HTML Living Standard, 9.2). */
const eventStream = 'text/event-stream';

/**
 * Throws `expectation` (RFC 9110 section 10.1.1: one that is not known is refused), `method-not-carried` for TRACE, whose
 * answer would show a page what its browser hides from it (RFC 9110 section 9.3.8), and `bad-request` for a HEAD with
 * a body, which means nothing and is two requests to some services (section 9.3.2).
 */
export function requestHead(request: Request, facts: CarryFacts): RequestHead {
  const { method } = request;
  if (method === 'TRACE') {
    throw new PorchlightError('method-not-carried', 'Cannot carry a TRACE: no service is asked for one; use GET.');
  }
  if (method === 'HEAD' && request.body !== null) {
    throw new PorchlightError('bad-request', 'Cannot carry a HEAD with a body: send it without.');
  }
  let acceptEncoding: string | null = null;
  let isLive = false;
  const named = namedByConnection(request.headers.get('connection'));
  const headers: string[] = [];
  for (const [name, value] of request.headers) {
    if (isHopByHop(name) || dropped.has(name) || named.has(name)) continue;
    if (name.includes('_') || spokenForByProxies.test(name)) continue;
    if (name === 'expect') {
      if (value.trim().toLowerCase() === '100-continue') continue;
      throw new PorchlightError('expectation', 'Cannot meet what Expect says: only 100-continue is known.');
    }
    if (name === 'accept-encoding') acceptEncoding = value;
    else headers.push(name, value);
    if (name === 'accept') isLive = value.includes(eventStream);
  }
  // A coder holds events back until it has a block; and the platform asks for codings whatever the visitor wrote.
  if (isLive) headers.push('accept-encoding', 'identity');
  else if (acceptEncoding !== null) headers.push('accept-encoding', acceptEncoding);
  pushForwarded(headers, facts);
  return { method, path: originFormOf(request.url), host: facts.host, headers };
}

/** The same said in each way that services read. */
function pushForwarded(headers: string[], { clientAddress, scheme, host }: CarryFacts): void {
  let forwarded = `host=${quoted(host)};proto=${scheme}`;
  if (clientAddress !== null) {
    forwarded = `for=${quoted(clientAddress.includes(':') ? `[${clientAddress}]` : clientAddress)};${forwarded}`;
    headers.push('x-forwarded-for', clientAddress, 'x-real-ip', clientAddress);
  }
  headers.push('x-forwarded-proto', scheme, 'x-forwarded-host', host, 'forwarded', forwarded);
}

/** RFC 7239 section 4: what is no token is quoted. Hosts and addresses have nothing in them that would be escaped. */
function quoted(value: string): string {
  return value.includes(':') ? `"${value}"` : value;
}

/** Path and query of an absolute URL, as they stand in it. */
function originFormOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const end = url.indexOf('#', start);
  return url.slice(start, end === -1 ? undefined : end);
}
