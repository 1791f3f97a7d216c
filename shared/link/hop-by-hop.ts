// Headers that belong to one connection and are never carried (RFC 9110 section 7.6.1). The list is fixed; what a
// Connection header names besides is dropped too, unless somebody relies on it: a stranger who writes
// `Connection: X-Forwarded-For` must not take away what was put there for the service.

const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Names that decide who asks, what is asked, or how it is answered. */
const reliedUpon =
  /^(accept|authorization|cache-|content-|cookie|date|digest|forwarded|host|if-|origin|porchlight-|range|referer|set-cookie|signature|vary|x-forwarded-)/;

export function isHopByHop(lowerName: string): boolean {
  return hopByHop.has(lowerName);
}

/** Names that a Connection header takes out of this message, in lower case. */
export function namedByConnection(value: string | null): ReadonlySet<string> {
  if (value === null) return new Set();
  const names = value.split(',').map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => name !== '' && !reliedUpon.test(name)));
}

/** What a WebSocket's handshake offers and chooses between visitor and service, in lower case. */
export const subprotocol = 'sec-websocket-protocol';

/** Of a WebSocket's handshake (RFC 6455 section 4), and made anew on each side; the subprotocols are not. */
export function isHandshake(lowerName: string): boolean {
  return lowerName.startsWith('sec-websocket-') && lowerName !== subprotocol;
}

/** Names and values as they came, without those of the handshake. */
export function withoutHandshake(headers: readonly string[]): readonly string[] {
  return headers.filter((_, at) => !isHandshake((headers[at - (at % 2)] ?? '').toLowerCase()));
}
