// What Porchlight requires of a signature before it asks for the key: that it covers what must not change, that a
// covered time says when it was made, and that the request can be understood in one way only. The same rules hold at
// the edge, when a delivery arrives, and at home, when it states when one arrived.

import { limits } from '../limits.ts';
import type { PublicKey } from './public-key.ts';
import { refused } from './refused.ts';
import { fieldValue, type SignedRequest } from './request.ts';
import type { RequestSignature } from './signature.ts';

/** RSA sizes: below, forgeable within reach; above, each verification is work that the key's owner chooses for us. */
const leastRsaBits = 2048;
const mostRsaBits = 8192;

/** All that can be required without the key. Throws `signature-refused`. `receivedAt` in ms since the epoch. */
export function requireProof(request: SignedRequest, signature: RequestSignature, receivedAt: number): void {
  requireCoverage(request, signature);
  requireTimes(request, signature, receivedAt);
}

/**
 * The method, the target, and unless it is a GET or HEAD the body's digest. Every part that a replayer could exchange for another
 * must be covered (RFC 9421 section 7.2.1).
 */
function requireCoverage(request: SignedRequest, { by, covered }: RequestSignature): void {
  const missing = (names: readonly string[]) => names.filter((name) => !covered.includes(name));
  const isBodiless = request.method === 'GET' || request.method === 'HEAD';
  const digest = isBodiless ? [] : by === 'cavage' ? ['digest'] : ['content-digest'];
  const lacking =
    by === 'cavage'
      ? missing(['(request-target)', 'host', ...digest])
      : [...missing(['@method', ...digest]), ...missingTarget(request, missing)];
  if (lacking.length > 0) throw refused(`it does not cover ${lacking.join(', ')}; cover them`);
}

/** RFC 9421 has three ways to say where a request goes; one of them must be covered whole. */
function missingTarget(request: SignedRequest, missing: (names: readonly string[]) => string[]): string[] {
  const query = request.path.includes('?') ? ['@query'] : [];
  const ways = [['@target-uri'], ['@authority', '@path', ...query], ['@authority', '@request-target']];
  return ways.some((way) => missing(way).length === 0) ? [] : ['@target-uri'];
}

/**
 * Only covered times count, because all others can be written by whoever replays the request. At least one is
 * needed, and each must be within `signedTimeSkewMs` of the arrival; a covered `expires` must not be past.
 */
function requireTimes(request: SignedRequest, signature: RequestSignature, receivedAt: number): void {
  if (signature.by === 'cavage') {
    for (const name of ['created', 'expires'] as const) {
      const uncovered = signature[name] !== null && !signature.covered.includes(`(${name})`);
      if (uncovered) throw refused(`${name} is given but not covered; cover (${name}) or leave it out`);
    }
  } else if (signature.created === null) throw refused('created is missing; give it');
  const times = signedTimes(request, signature);
  if (times.length === 0) throw refused('it covers no time; cover date or (created)');
  if (times.some((time) => Math.abs(time - receivedAt) > limits.signedTimeSkewMs)) {
    throw refused('it was signed too long ago, or in the future; sign anew with the right time');
  }
  // draft-cavage-12 section 2.1.5; RFC 9421 section 2.3.
  if (signature.expires !== null && signature.expires * 1000 < receivedAt) throw refused('it has expired; sign anew');
}

/** When the request was signed, by each time that the signature covers; ms since the epoch. */
export function signedTimes(request: SignedRequest, signature: RequestSignature): readonly number[] {
  const times: number[] = [];
  const createdCounts = signature.by === 'rfc9421' || signature.covered.includes('(created)');
  if (signature.created !== null && createdCounts) times.push(signature.created * 1000);
  if (signature.covered.includes('date')) times.push(readDate(fieldValue(request, 'date') ?? ''));
  return times;
}

/** IMF-fixdate (RFC 9110 section 5.6.7) and nothing else: two Date lines joined by a comma are not a date. */
export function readDate(value: string): number {
  const time = Date.parse(value);
  if (Number.isNaN(time) || new Date(time).toUTCString() !== value) throw refused('date is not one date of RFC 9110');
  return time;
}

/** Throws `signature-refused` for a key that is too weak, or too large to work with. */
export function requireStrength(key: PublicKey): void {
  if (key.kind === 'rsa' && (key.bits < leastRsaBits || key.bits > mostRsaBits)) {
    throw refused(`the RSA key has ${key.bits} bits; use ${leastRsaBits} to ${mostRsaBits}`);
  }
}
