// A visitor who asks for a WebSocket: what is carried of the request, and how the Worker asks the Link object for it. The
// platform makes the visitor's handshake; of its headers only the subprotocols that are wanted concern the service.

import type { RequestHead } from '../../shared/link/heads.ts';
import { isHandshake, withoutHandshake } from '../../shared/link/hop-by-hop.ts';
import { networkOf } from '../http/public-address.ts';

/** As carryUrl, for a request that becomes a WebSocket. */
export const upgradeUrl = 'https://link.invalid/web-socket';

const forwardedFor = 'x-forwarded-for';

/** RFC 6455 section 4.1: only GET can. What else names the protocol is carried as the plain request that it is. */
export function wantsWebSocket(request: Pick<Request, 'method' | 'headers'>): boolean {
  return request.method === 'GET' && request.headers.get('upgrade')?.trim().toLowerCase() === 'websocket';
}

export function upgradeHead(head: RequestHead): RequestHead {
  return { ...head, headers: withoutHandshake(head.headers), upgrade: 'websocket' };
}

/** For the visitor: the platform writes its own part of the handshake. */
export function upgradedHeaders(headers: Headers): Headers {
  for (const name of [...headers.keys()]) if (isHandshake(name)) headers.delete(name);
  headers.delete('content-length');
  return headers;
}

/** Whom the visitor belongs to, by the address that the edge itself wrote into the head (request-head.ts); '' if unknown. */
export function visitorNetwork(head: string): string {
  const { headers } = JSON.parse(head) as RequestHead;
  // Names stand at even places; a value may look like one.
  const at = headers.findIndex((text, place) => place % 2 === 0 && text === forwardedFor);
  return at === -1 ? '' : networkOf(headers[at + 1] ?? '');
}
