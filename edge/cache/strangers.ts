// Is this the question of a stranger like any other, so that home's answer to it says what *any* stranger may read?
// Pure. Asked by a list of what is harmless and not of what is known to matter: a service may read a key or a name out
// of a header that nobody here has heard of, and what it answers then is not for others.

import { limits } from '../../shared/limits.ts';
import { isOwnPath } from '../../shared/own-path.ts';
import { directivesOf } from './cache-control.ts';

export interface Question {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
}

/**
 * What browsers, feed readers and the platform send of themselves. Not here: Cookie, Authorization, Signature, Range,
 * and Content-Length, because a GET with a body asks in a way that its address does not show.
 */
const harmless = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'cdn-loop',
  'connection',
  'date',
  'dnt',
  'from',
  'host',
  'if-modified-since',
  'if-none-match',
  'pragma',
  'priority',
  'purpose',
  'referer',
  'save-data',
  'te',
  'upgrade-insecure-requests',
  'user-agent',
  'via',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-real-ip',
]);

/** null for a stranger like any other; otherwise what sets the question apart. Its address is judged elsewhere. */
export function whyNotStrangers({ method, headers }: Question): string | null {
  if (method !== 'GET') return `its method is ${method}`;
  for (const [name] of headers) {
    if (!harmless.has(name) && !/^(sec|cf)-/.test(name)) return `its request has ${name}`;
  }
  // RFC 9111 section 5.2.1.5.
  if (directivesOf(headers).has('no-store')) return 'its request says no-store';
  return null;
}

/** Can a copy have this address at all? */
export function isAddressable({ pathname, search }: URL): boolean {
  return pathname.length + search.length <= limits.copyPathLength && !isOwnPath(pathname);
}
