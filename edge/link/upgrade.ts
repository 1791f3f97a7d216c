// A visitor who asks for a WebSocket: what is carried of the request, and how the Worker asks the Link object for it. The
// platform makes the visitor's handshake; of its headers only the subprotocols that are wanted concern the service.

import type { RequestHead } from '../../shared/link/heads.ts';

/** As carryUrl, for a request that becomes a WebSocket. */
export const upgradeUrl = 'https://link.invalid/web-socket';

const subprotocol = 'sec-websocket-protocol';

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

function withoutHandshake(headers: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (!isHandshake(name.toLowerCase())) kept.push(name, headers[at + 1] ?? '');
  }
  return kept;
}

function isHandshake(lowerName: string): boolean {
  return lowerName.startsWith('sec-websocket-') && lowerName !== subprotocol;
}
