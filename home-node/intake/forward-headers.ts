// Which headers of a delivery reach the service. All that were signed go on as they came; what only a proxy may say
// (who the client is, by which scheme it came) is said by home alone, and what belongs to one connection ends here.

import type { Delivery, HeaderList } from '../../shared/delivery.ts';
import { toWire } from '../carry/header-text.ts';

/** RFC 9110 section 7.6.1, and what undici sets itself. */
const ofOneConnection = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'content-length',
];

/**
 * Some signature libraries read a signature from Authorization and the time from X-Date instead of what the edge
 * judged; a service believes the rest because it comes from loopback.
 */
const neverFromOutside = [
  'authorization',
  'cookie',
  'x-date',
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
];

const dropped = new Set([...ofOneConnection, ...neverFromOutside, 'host']);

/**
 * Name, value, name, value, in the sender's order; Host first, `added` last. Names are compared as servers that turn
 * them into variables do (CGI, Rack): X_Date is X-Date.
 */
export function headersToService(delivery: Delivery, added: HeaderList): string[] {
  const list = ['Host', toWire(delivery.host)];
  for (const [name, value] of delivery.headers) if (isForService(name)) list.push(name, toWire(value));
  list.push('X-Forwarded-Proto', 'https');
  if (delivery.remoteAddress !== null) list.push('X-Forwarded-For', delivery.remoteAddress);
  for (const [name, value] of added) list.push(name, toWire(value));
  return list;
}

function isForService(name: string): boolean {
  const known = name.toLowerCase().replaceAll('_', '-');
  return !(dropped.has(known) || known.startsWith('x-forwarded-') || known.startsWith('porchlight-'));
}
