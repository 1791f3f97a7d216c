// Many ways to sign one delivery properly, as a generator for properties: each is by the text of the specifications and
// holds by them, however unusual it is.

import fc from 'fast-check';
import type { SignedRequest } from '../../shared/signature/request.ts';
import { base64, type Letter, type Signer } from '../shared/signature/signing.ts';

export interface CavageShape {
  readonly by: 'cavage';
  readonly key: 'rsa' | 'ed25519';
  /** null: the parameter is left out. */
  readonly named: string | null;
  readonly hash: 'SHA-256' | 'SHA-512';
  readonly covered: readonly string[];
  readonly created: 'none' | 'bare' | 'quoted';
  readonly expires: 'none' | 'bare' | 'quoted';
  readonly date: boolean;
  readonly digest: 'SHA-256' | 'SHA-512' | 'sha-256';
  /** Between parameters. */
  readonly separator: ',' | ', ';
  readonly capitals: boolean;
  /** Which parameter comes first: the others follow as usual. */
  readonly first: 'keyId' | 'signature' | 'headers';
  readonly query: boolean;
}

export interface Rfc9421Shape {
  readonly by: 'rfc9421';
  readonly key: 'rsa' | 'ed25519';
  readonly made: 'rsa-v1_5-sha256' | 'rsa-v1_5-sha512' | 'rsa-pss-sha512' | 'ed25519';
  readonly isNamed: boolean;
  readonly covered: readonly string[];
  readonly expires: boolean;
  readonly nonce: boolean;
  readonly digest: 'sha-256' | 'sha-512';
  readonly label: string;
  readonly query: boolean;
}

export type Shape = CavageShape | Rfc9421Shape;

/** Mostly the first, so that a whole request is usual often enough to be taken. */
function usually<Value>(usual: Value, ...others: readonly Value[]): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
}

/** These four, with up to three of the others among them, in any order. */
function covering(always: readonly string[], others: readonly string[]): fc.Arbitrary<readonly string[]> {
  return fc
    .subarray([...others], { maxLength: Math.min(3, others.length) })
    .chain((more) => fc.shuffledSubarray([...always, ...more], { minLength: always.length + more.length }));
}

const cavageAlways = ['(request-target)', 'host', 'digest'];
export const cavageShapes: fc.Arbitrary<CavageShape> = fc.record({
  by: fc.constant('cavage' as const),
  key: usually<CavageShape['key']>('rsa', 'ed25519'),
  named: usually<string | null>('rsa-sha256', 'hs2019', 'rsa-sha512', 'ed25519', null),
  hash: usually<CavageShape['hash']>('SHA-256', 'SHA-512'),
  covered: fc.oneof(
    { weight: 3, arbitrary: covering([...cavageAlways, 'date'], ['content-type', 'user-agent', 'content-length']) },
    { weight: 2, arbitrary: covering(cavageAlways, ['date', '(created)', '(expires)', 'content-type']) },
  ),
  created: usually<CavageShape['created']>('none', 'bare', 'quoted'),
  expires: usually<CavageShape['expires']>('none', 'bare', 'quoted'),
  date: usually(true, false),
  digest: usually<CavageShape['digest']>('SHA-256', 'SHA-512', 'sha-256'),
  separator: usually<CavageShape['separator']>(',', ', '),
  capitals: usually(false, true),
  first: fc.constantFrom('keyId', 'signature', 'headers'),
  query: usually(false, true),
});

const derived = ['@target-uri', '@authority', '@scheme', '@path', '@query', '@request-target'];
export const rfc9421Shapes: fc.Arbitrary<Rfc9421Shape> = fc.record({
  by: fc.constant('rfc9421' as const),
  key: usually<Rfc9421Shape['key']>('rsa', 'ed25519'),
  made: usually<Rfc9421Shape['made']>('rsa-v1_5-sha256', 'ed25519', 'rsa-v1_5-sha512', 'rsa-pss-sha512'),
  isNamed: fc.boolean(),
  covered: fc.oneof(
    covering(['@method', '@target-uri', 'content-digest'], [...derived.slice(1), 'date', 'host', 'content-type']),
    covering(['@method', '@authority', '@path', 'content-digest'], ['@query', 'date', 'host']),
    covering(['@method', '@authority', '@request-target', 'content-digest'], ['date']),
  ),
  expires: fc.boolean(),
  nonce: fc.boolean(),
  digest: usually<Rfc9421Shape['digest']>('sha-256', 'sha-512'),
  label: fc.constantFrom('sig1', 'ours'),
  query: usually(false, true),
});

export interface Signers {
  readonly rsa: Signer;
  readonly ed25519: Signer;
}

/** null: there is no such thing (an RSA signature by an Ed25519 key; a time covered that is not given). */
export async function signAs(
  shape: Shape,
  signers: Signers,
  letter: Letter,
): Promise<{ readonly request: SignedRequest; readonly signer: Signer } | null> {
  const path = shape.query ? `${letter.path}?page=1` : letter.path;
  const signer = signers[shape.key];
  const to = { ...letter, path };
  const request = shape.by === 'cavage' ? await byCavage(shape, signer, to) : await byRfc9421(shape, signer, to);
  return request === null ? null : { request, signer };
}

async function byCavage(shape: CavageShape, signer: Signer, letter: Letter): Promise<SignedRequest | null> {
  const { covered } = shape;
  if ((shape.named?.startsWith('rsa') ?? false) !== (shape.key === 'rsa') && shape.named !== null) {
    if (shape.named !== 'hs2019') return null;
  }
  // draft-cavage-12 section 2.3: these two go with hs2019, and want their parameters.
  const isRsaNamed = shape.named?.startsWith('rsa') ?? false;
  if (covered.includes('(created)') && (shape.created === 'none' || isRsaNamed)) return null;
  if (covered.includes('(expires)') && (shape.expires === 'none' || isRsaNamed)) return null;
  const at = Math.floor(letter.at / 1000);
  const times = { created: at, expires: at + 300 };
  const digestBytes = await crypto.subtle.digest(shape.digest.toUpperCase(), letter.body);
  const fields: Record<string, string> = {
    host: letter.host,
    ...(shape.date ? { date: new Date(letter.at).toUTCString() } : {}),
    digest: `${shape.digest}=${base64(digestBytes)}`,
    'content-type': 'application/activity+json',
    'user-agent': 'Peer/1.0 (test)',
    'content-length': String(letter.body.length),
  };
  const values: Record<string, string> = {
    ...fields,
    '(request-target)': `post ${letter.path}`,
    '(created)': String(times.created),
    '(expires)': String(times.expires),
  };
  if (covered.some((name) => values[name] === undefined)) return null;
  const base = covered.map((name) => `${name}: ${values[name]}`).join('\n');
  const isSha512 = shape.named === 'rsa-sha512' || (!isRsaNamed && shape.hash === 'SHA-512' && shape.key === 'rsa');
  const signature = await signWith(signer, isSha512 ? 'rsa-v1_5-sha512' : 'rsa-v1_5-sha256', base);
  const timeOf = (name: 'created' | 'expires'): readonly string[] => {
    if (shape[name] === 'none') return [];
    return [shape[name] === 'bare' ? `${name}=${times[name]}` : `${name}="${times[name]}"`];
  };
  const names = shape.capitals ? covered.map((name) => name.replace(/^[a-z]/, (c) => c.toUpperCase())) : covered;
  const parameters: readonly string[] = [
    `keyId="${signer.keyId}"`,
    ...(shape.named === null ? [] : [`algorithm="${shape.named}"`]),
    ...timeOf('created'),
    ...timeOf('expires'),
    `headers="${names.join(' ')}"`,
    `signature="${signature}"`,
  ];
  const ordered = [...parameters].sort((a, b) => Number(b.startsWith(shape.first)) - Number(a.startsWith(shape.first)));
  return requestTo(letter, { ...fields, signature: ordered.join(shape.separator) });
}

async function byRfc9421(shape: Rfc9421Shape, signer: Signer, letter: Letter): Promise<SignedRequest | null> {
  if ((shape.made === 'ed25519') !== (shape.key === 'ed25519')) return null;
  // Without alg it is left to the key, for which there is one usual way.
  if (!shape.isNamed && shape.key === 'rsa' && shape.made !== 'rsa-v1_5-sha256') return null;
  const [path = '', query] = letter.path.split('?');
  const fields: Record<string, string> = {
    host: letter.host,
    date: new Date(letter.at).toUTCString(),
    'content-type': 'application/activity+json',
    'content-digest': `${shape.digest}=:${base64(await crypto.subtle.digest(shape.digest.toUpperCase(), letter.body))}:`,
  };
  const values: Record<string, string> = {
    ...fields,
    '@method': 'POST',
    '@target-uri': `https://${letter.host}${letter.path}`,
    '@authority': letter.host,
    '@scheme': 'https',
    '@path': path,
    '@query': query === undefined ? '?' : `?${query}`,
    '@request-target': letter.path,
  };
  const at = Math.floor(letter.at / 1000);
  const parameters = [
    `(${shape.covered.map((name) => `"${name}"`).join(' ')})`,
    `created=${at}`,
    ...(shape.expires ? [`expires=${at + 300}`] : []),
    ...(shape.isNamed ? [`alg="${shape.made}"`] : []),
    `keyid="${signer.keyId}"`,
    ...(shape.nonce ? ['nonce="a1b2"', 'tag="t"'] : []),
  ].join(';');
  const lines = shape.covered.map((name) => `"${name}": ${values[name]}`);
  const signature = await signWith(signer, shape.made, [...lines, `"@signature-params": ${parameters}`].join('\n'));
  const signed = { 'signature-input': `${shape.label}=${parameters}`, signature: `${shape.label}=:${signature}:` };
  return requestTo(letter, { ...fields, ...signed });
}

function requestTo({ host, path }: Letter, fields: Readonly<Record<string, string>>): SignedRequest {
  return { method: 'POST', scheme: 'https', host, path, headers: Object.entries(fields) };
}

/** WebCrypto binds a hash to a key, so that RSA keys are imported anew for each way. */
async function signWith(signer: Signer, made: Rfc9421Shape['made'], base: string): Promise<string> {
  const text = new TextEncoder().encode(base);
  const { name } = signer.privateKey.algorithm;
  if (name === 'Ed25519') return base64(await crypto.subtle.sign('Ed25519', signer.privateKey, text));
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', signer.privateKey);
  const hash = made.endsWith('256') ? 'SHA-256' : 'SHA-512';
  const way = made === 'rsa-pss-sha512' ? { name: 'RSA-PSS', saltLength: 64 } : { name: 'RSASSA-PKCS1-v1_5' };
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, { name: way.name, hash }, false, ['sign']);
  return base64(await crypto.subtle.sign(way, key, text));
}
