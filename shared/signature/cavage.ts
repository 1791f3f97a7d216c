// draft-cavage-http-signatures-12: reads the Signature header strictly and builds the signing string anew. It is what
// most of the fediverse signs with. Applying a key is verify.ts's work, what must be covered is require.ts's.

import { decodeBase64 } from './base64.ts';
import { refused } from './refused.ts';
import { fieldValue, type SignedRequest } from './request.ts';
import type { Algorithm, RequestSignature } from './signature.ts';

/** Appendix E.2; `hs2019` (and a missing algorithm) leave it to the key, as section 2.1.3 wants. */
const algorithms = new Map<string | undefined, Algorithm | null>([
  ['rsa-sha256', 'rsa-v1_5-sha256'],
  ['rsa-sha512', 'rsa-v1_5-sha512'],
  ['ed25519', 'ed25519'],
  ['hs2019', null],
  [undefined, null],
]);

/**
 * Reads the value of a Signature header (section 4.1). Throws `signature-refused` for anything but a list of
 * `name="value"` and `name=digits` with a keyId, a signature and a known algorithm, each named once.
 */
export function readCavage(request: SignedRequest, header: string): RequestSignature {
  const parameters = readParameters(header);
  const name = parameters.get('algorithm');
  const algorithm = algorithms.get(name);
  if (algorithm === undefined) throw refused(`the algorithm ${name} is not known here; use rsa-sha256 or hs2019`);
  const keyId = parameters.get('keyId');
  if (keyId === undefined || keyId === '') throw refused('it names no keyId; name one'); // section 2.1.1
  const signature = decodeBase64(parameters.get('signature') ?? '');
  if (signature === null || signature.length === 0) throw refused('it has no signature in base64; add one'); // 2.1.2
  const created = readTime(parameters, 'created');
  const expires = readTime(parameters, 'expires');
  const covered = readCovered(parameters.get('headers'));
  const base = signingString(request, covered, { created, expires, named: name ?? 'hs2019' });
  const numbers = spellings(header);
  return { by: 'cavage', keyId, algorithm, named: name ?? null, numbers, covered, created, expires, signature, base };
}

/** Section 2.2: a parameter that comes twice must not be processed, which also refuses two Signature headers in one. */
function readParameters(header: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  const seen = new Set<string>();
  const one = /[ \t]*([A-Za-z][A-Za-z0-9_-]*)=(?:"([^"\\]*)"|([0-9]+))[ \t]*(,|$)/y;
  let separator = ',';
  while (separator === ',') {
    const found = one.exec(header);
    const name = found?.[1];
    if (found === null || name === undefined) throw refused('it is not a list of parameters; write name="value",...');
    if (seen.has(name.toLowerCase())) throw refused(`it names ${name} twice; send one signature`);
    seen.add(name.toLowerCase());
    parameters.set(name, found[2] ?? found[3] ?? '');
    separator = found[4] ?? '';
  }
  return parameters;
}

/** Sections 2.1.4 and 2.1.5: Unix time as an integer. Some signers quote it. */
function readTime(parameters: ReadonlyMap<string, string>, name: 'created' | 'expires'): number | null {
  const text = parameters.get(name);
  if (text === undefined) return null;
  if (!/^[0-9]{1,12}$/.test(text)) throw refused(`${name} is not a Unix time; write whole seconds`);
  return Number(text);
}

/** They are integers, which are not quoted; many quote them. */
function spellings(header: string): readonly ('quoted' | 'bare')[] {
  return [...header.matchAll(/(?:^|,)[ \t]*(?:created|expires)=(["0-9])/g)].map(([, first]) =>
    first === '"' ? 'quoted' : 'bare',
  );
}

/** Section 2.1.6. Without the parameter only `(created)` is covered; an empty one must not be used. */
function readCovered(headers: string | undefined): readonly string[] {
  if (headers === undefined) return ['(created)'];
  const covered = headers.split(' ').map((name) => name.toLowerCase());
  for (const name of covered) {
    const known = name === '(request-target)' || name === '(created)' || name === '(expires)';
    if (!known && !/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw refused(`it covers ${name}, which is no header`);
  }
  if (new Set(covered).size < covered.length) throw refused('it covers a header twice; name each once');
  return covered;
}

interface Times {
  readonly created: number | null;
  readonly expires: number | null;
  /** The algorithm as named. */
  readonly named: string;
}

/** Section 2.3. */
function signingString(request: SignedRequest, covered: readonly string[], times: Times): string {
  return covered.map((name) => `${name}: ${componentValue(request, name, times)}`).join('\n');
}

function componentValue(request: SignedRequest, name: string, times: Times): string {
  switch (name) {
    case '(request-target)': // 2.3 rule 1: only the method is lower-cased
      return `${request.method.toLowerCase()} ${request.path}`;
    case '(created)':
      return timeOf(name, times.created, times.named);
    case '(expires)':
      return timeOf(name, times.expires, times.named);
    default: {
      const value = fieldValue(request, name);
      if (value === null) throw refused(`it covers ${name}, which the request lacks; send it`); // 2.3 rule 4.4
      return value;
    }
  }
}

/** 2.3 rules 2 and 3: an error with algorithms whose names begin with rsa, hmac or ecdsa, and without the parameter. */
function timeOf(name: string, seconds: number | null, named: string): string {
  if (/^(rsa|hmac|ecdsa)/.test(named)) throw refused(`it covers ${name} under ${named}; use hs2019`);
  if (seconds === null) throw refused(`it covers ${name} without giving it; give it`);
  return String(seconds);
}
