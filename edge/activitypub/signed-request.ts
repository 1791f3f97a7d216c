// A request of the platform as the facts that a signature is about.

import type { SignedRequest } from '../../shared/signature/request.ts';
import { urlOf } from '../http/url-of.ts';

/** Repeated headers come joined by ", ", in lower case, as the platform hands them over; values are untouched. */
export function signedRequestOf(request: Request): SignedRequest {
  const { origin, protocol, host } = urlOf(request);
  return {
    method: request.method,
    scheme: protocol === 'http:' ? 'http' : 'https',
    host,
    // As it stands in the URL: what a parser takes apart and joins again may be spelled in another way.
    path: request.url.slice(origin.length),
    headers: [...request.headers],
  };
}
