// Can home's software verify this signature? Asked twice: of the request, before anybody is asked for the key, and of the
// algorithm, once the key is there. Throws `signature-refused`, and says which acceptance it was that refused.

import { refused } from '../signature/refused.ts';
import { fieldValue, type SignedRequest } from '../signature/request.ts';
import type { Algorithm, RequestSignature } from '../signature/signature.ts';
import type { Acceptance, CavageAcceptance, DigestAlgorithm, Rfc9421Acceptance } from './acceptance.ts';

/** All that can be said without the key. `request` is the one that `signature` was read from. */
export function requireAcceptable(request: SignedRequest, signature: RequestSignature, accepts: Acceptance): void {
  if (signature.by === 'cavage') {
    if (accepts.cavage === null) throw foreign('draft-cavage-http-signatures; sign as in RFC 9421');
    // Whoever sends both fields means both, or something stands between us: each software would take another.
    if (fieldValue(request, 'signature-input') !== null) throw foreign('Signature-Input beside draft-cavage');
    requireCavage(request, signature, accepts.cavage);
  } else {
    if (accepts.rfc9421 === null) throw foreign('RFC 9421; sign as in draft-cavage-http-signatures-12');
    requireRfc9421(request, signature, accepts.rfc9421);
  }
  for (const name of signature.covered.filter(isField)) {
    // Beyond ASCII, readers differ in what bytes such a value has.
    if (!/^[\x20-\x7e]*$/.test(fieldValue(request, name) ?? '')) throw foreign(`${name} beyond ASCII`);
  }
}

/** `algorithm` as it comes out with the key. */
export function requireAlgorithm(algorithm: Algorithm, by: RequestSignature['by'], accepts: Acceptance): void {
  const known = accepts[by]?.algorithms ?? [];
  if (!known.includes(algorithm)) throw foreign(`${algorithm}; use ${known.join(' or ')}`);
}

function requireCavage(request: SignedRequest, signature: RequestSignature, accepts: CavageAcceptance): void {
  const { covered, named } = signature;
  if (!accepts.named.includes(named)) {
    throw foreign(named === null ? 'signatures without algorithm; name rsa-sha256' : `${named}; name rsa-sha256`);
  }
  requireCovered(covered, accepts.covered);
  const { times } = accepts;
  if (!times.some((time) => covered.includes(time))) {
    throw foreign(`signatures without a covered ${times.join(' or ')}; cover it`);
  }
  const ofCreated = covered.find((name) => name === '(created)' || name === '(expires)');
  if (ofCreated !== undefined && !times.includes('(created)')) throw foreign(`${ofCreated}; cover date`);
  if (accepts.dateRequired && fieldValue(request, 'date') === null) throw foreign('requests without Date; send one');
  const spelled = signature.numbers.find((spelling) => !accepts.numbers.includes(spelling));
  if (spelled !== undefined) throw foreign(`numbers that are ${spelled}`);
  requireDigest(fieldValue(request, 'digest'), accepts.digests);
  if (accepts.spelling === 'plain') requirePlain(request);
  requireQuery(request, accepts.query);
}

function requireRfc9421(request: SignedRequest, signature: RequestSignature, accepts: Rfc9421Acceptance): void {
  const { covered } = signature;
  requireCovered(covered, accepts.covered);
  const unknown = covered.find((name) => name.startsWith('@') && !accepts.derived.includes(name));
  if (unknown !== undefined) throw foreign(`the component ${unknown}; cover ${accepts.derived.join(', ')}`);
  requireDigest(fieldValue(request, 'content-digest'), accepts.digests);
  requireQuery(request, accepts.query);
}

function requireCovered(covered: readonly string[], wanted: readonly string[]): void {
  const lacking = wanted.filter((name) => !covered.includes(name));
  if (lacking.length > 0) throw foreign(`signatures that do not cover ${lacking.join(', ')}; cover them`);
}

/** Which algorithms the field names; that it holds is checked elsewhere. */
function requireDigest(value: string | null, digests: readonly DigestAlgorithm[]): void {
  const name = value?.split('=', 1)[0]?.trim().toUpperCase();
  if (name !== undefined && !digests.some((each) => each === name)) {
    throw foreign(`digests by ${name}; use ${digests.join(' or ')}`);
  }
}

function requirePlain(request: SignedRequest): void {
  const header = fieldValue(request, 'signature') ?? '';
  if (!/^[A-Za-z]+=(?:"[^",]*"|[0-9]+)(?:,[A-Za-z]+=(?:"[^",]*"|[0-9]+))*$/.test(header)) {
    throw foreign('parameters written with blanks, or with commas inside; write name="value",name="value"');
  }
  if (/(?:^|,)headers="[^"]*[A-Z]/.test(header))
    throw foreign('covered headers in capitals; name them in small letters');
  if (!/^(?:SHA-|$)/.test(fieldValue(request, 'digest') ?? ''))
    throw foreign('Digest in small letters; write SHA-256=');
}

function requireQuery(request: SignedRequest, query: boolean): void {
  if (!query && request.path.includes('?')) throw foreign('a query at the inbox; post without one');
}

function isField(component: string): boolean {
  return !/^[(@]/.test(component);
}

function foreign(what: string): Error {
  return refused(`home's service cannot verify ${what}`);
}
