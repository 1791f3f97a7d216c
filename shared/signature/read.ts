// Finds the one signature of a request and reads it. First stop for anything that a peer delivers: a request with no
// signature, with two, or with fields that could be understood in two ways goes no further.

import { readCavage } from './cavage.ts';
import { refused } from './refused.ts';
import { fieldValue, type SignedRequest, soleFieldValue } from './request.ts';
import { readDate } from './require.ts';
import { readRfc9421 } from './rfc9421.ts';
import type { RequestSignature } from './signature.ts';

/**
 * The signature, its base made anew; no rule about coverage or time has been applied yet (require.ts). Throws
 * `signature-refused`.
 */
export function readSignature(request: SignedRequest): RequestSignature {
  requireOneMeaning(request);
  const signature = soleFieldValue(request, 'signature');
  const input = soleFieldValue(request, 'signature-input');
  if (signature === null) throw refused('the request is not signed; send a Signature header');
  return input === null ? readCavage(request, signature) : readRfc9421(request, input, signature);
}

/**
 * Authorization can carry a second signature, and X-Date a second time: some verifiers prefer them to the first. A
 * repeated Date or Host leaves it to the reader which one counts.
 */
function requireOneMeaning(request: SignedRequest): void {
  for (const name of ['authorization', 'x-date']) {
    if (fieldValue(request, name) !== null) throw refused(`the request has ${name}; sign without it`);
  }
  const host = soleFieldValue(request, 'host');
  // Whatever else stands in Host (a list, another name), it is not where this request arrived.
  if (host !== null && host.toLowerCase() !== request.host.toLowerCase()) throw refused('host is not this host');
  const date = soleFieldValue(request, 'date');
  if (date !== null) readDate(date);
}
