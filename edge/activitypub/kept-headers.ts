// Which headers of a delivery go on to home's service: all that the sender meant for it, untouched, because the
// signature covers some of them. Left out is what is about one connection, what the platform adds, what could speak for
// home (receipts) or stand in for the address, and credentials, which no delivery carries.

import type { HeaderList } from '../../shared/delivery.ts';
import { limits } from '../../shared/limits.ts';

/** RFC 9110 section 7.6.1, and the rest named above. */
const dropped = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
  ...['authorization', 'proxy-authorization', 'proxy-authenticate', 'cookie', 'x-date'],
  ...['forwarded', 'x-real-ip', 'true-client-ip', 'cdn-loop'],
]);
const droppedPrefix = /^(cf-|x-forwarded-|porchlight[-_])/;

/** null when they are longer than `limits.deliveryHeaderBytes`, counted as they stand in HTTP/1.1. */
export function keptHeaders(headers: HeaderList): HeaderList | null {
  const hopByHop = new Set(
    headers
      .filter(([name]) => name.toLowerCase() === 'connection')
      .flatMap(([, value]) => value.split(',').map((option) => option.trim().toLowerCase())),
  );
  const kept = headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return !dropped.has(lower) && !droppedPrefix.test(lower) && !hopByHop.has(lower);
  });
  const bytes = kept.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  return bytes > limits.deliveryHeaderBytes ? null : kept;
}
