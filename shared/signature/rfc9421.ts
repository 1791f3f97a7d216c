// RFC 9421, HTTP Message Signatures: reads Signature-Input and Signature and builds the signature base anew. Exactly
// one signature is read; what must be covered is require.ts's to say, applying a key is verify.ts's.

import { type BareItem, type InnerList, type Item, serializeInnerList } from 'structured-headers';
import { soleMember } from './dictionary.ts';
import { refused } from './refused.ts';
import { fieldValue, type SignedRequest } from './request.ts';
import type { Algorithm, RequestSignature } from './signature.ts';

/** Section 6.2.2, as far as ActivityPub servers use it. */
const algorithms: readonly Algorithm[] = ['rsa-v1_5-sha256', 'rsa-pss-sha512', 'ecdsa-p256-sha256', 'ed25519'];

/**
 * Reads one signature. Several are refused, although section 4.3 allows them: which of them home's service would take
 * is its own choice, and the edge must not prove one while home believes another. Throws `signature-refused`.
 */
export function readRfc9421(request: SignedRequest, signatureInput: string, signatureField: string): RequestSignature {
  const [label, input] = soleMember('signature-input', signatureInput);
  const [signatureLabel, item] = soleMember('signature', signatureField);
  // Section 3.2 step 1.2: a Signature must have its Signature-Input.
  if (signatureLabel !== label)
    throw refused('signature and signature-input have different labels; send one signature');
  if (!isInnerList(input)) throw refused('signature-input holds no list of components; send one'); // section 4.1
  const bytes = item[0];
  if (!(bytes instanceof ArrayBuffer)) throw refused('signature holds no byte sequence; send one'); // section 4.2
  const covered = readCovered(input);
  const parameters = input[1];
  return {
    by: 'rfc9421',
    keyId: readKeyId(parameters.get('keyid')),
    algorithm: readAlgorithm(parameters.get('alg')),
    named: readAlgorithm(parameters.get('alg')),
    numbers: [],
    covered,
    created: readTime('created', parameters.get('created')),
    expires: readTime('expires', parameters.get('expires')),
    signature: new Uint8Array(bytes),
    base: signatureBase(request, covered, input),
  };
}

function isInnerList(member: Item | InnerList): member is InnerList {
  return Array.isArray(member[0]);
}

/**
 * Component names (section 2). Parameters of components (`;sf`, `;key`, `;bs`, `;tr`, `;name`) are not understood
 * here, and `;req` does not belong into a request: section 2.5 wants an error for both.
 */
function readCovered([items]: InnerList): readonly string[] {
  const names = items.map(([name, parameters]) => {
    if (typeof name !== 'string' || parameters.size > 0) throw refused('it covers a component with parameters');
    // Section 2.1: field names are lower-case here.
    if (!/^@?[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw refused(`it covers ${name}, which is no component`);
    return name;
  });
  // Section 2.5 step 2.1.
  if (new Set(names).size < names.length) throw refused('it covers a component twice; name each once');
  return names;
}

function readKeyId(keyId: BareItem | undefined): string {
  if (typeof keyId !== 'string' || keyId === '') throw refused('it names no keyid; name one');
  return keyId;
}

function readAlgorithm(alg: BareItem | undefined): Algorithm | null {
  if (alg === undefined) return null;
  const known = algorithms.find((each) => each === alg);
  if (known === undefined) throw refused(`its algorithm is not known here; use one of ${algorithms.join(', ')}`);
  return known;
}

/** Section 2.3: an Integer; sub-second precision is not supported. */
function readTime(name: string, value: BareItem | undefined): number | null {
  if (value === undefined) return null;
  if (!Number.isSafeInteger(value)) throw refused(`${name} is not a Unix time; write whole seconds`);
  return Number(value);
}

/** Section 2.5. The last line is the member as serialized anew (section 2.3), not as it was spelled. */
function signatureBase(request: SignedRequest, covered: readonly string[], input: InnerList): string {
  const lines = covered.map((name) => `"${name}": ${componentValue(request, name)}`);
  return [...lines, `"@signature-params": ${serializeInnerList(input)}`].join('\n');
}

function componentValue(request: SignedRequest, name: string): string {
  const queryAt = request.path.indexOf('?');
  switch (name) {
    case '@method': // section 2.2.1
      return request.method;
    case '@target-uri': // section 2.2.2
      return `${request.scheme}://${authority(request)}${request.path}`;
    case '@authority': // section 2.2.3
      return authority(request);
    case '@scheme': // section 2.2.4
      return request.scheme;
    case '@request-target': // section 2.2.5, the origin form
      return request.path;
    case '@path': // section 2.2.6
      return queryAt === -1 ? request.path : request.path.slice(0, queryAt);
    case '@query': // section 2.2.7: a lone `?` when there is none
      return queryAt === -1 ? '?' : request.path.slice(queryAt);
    default:
      return fieldOf(request, name);
  }
}

function fieldOf(request: SignedRequest, name: string): string {
  if (name.startsWith('@')) throw refused(`it covers ${name}, which is not known here; leave it out`);
  const value = fieldValue(request, name);
  if (value === null) throw refused(`it covers ${name}, which the request lacks; send it`);
  return value;
}

/** Section 2.2.3: the host in lower case, without the scheme's own port. */
function authority(request: SignedRequest): string {
  const ownPort = request.scheme === 'https' ? /:443$/ : /:80$/;
  return request.host.toLowerCase().replace(ownPort, '');
}
