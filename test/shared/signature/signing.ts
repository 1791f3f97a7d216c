// Signers for tests: real keys, and signatures made here from the text of the specifications, not by the code under
// test. Runs in both runtimes.

import { type CryptoKey, exportSPKI, type GenerateKeyPairResult, generateKeyPair } from 'jose';
import type { SignedRequest } from '../../../shared/signature/request.ts';

export interface Signer {
  readonly keyId: string;
  readonly privateKey: CryptoKey;
  /** SPKI. */
  readonly pem: string;
  readonly spki: Uint8Array<ArrayBuffer>;
}

export async function rsaSigner(keyId: string): Promise<Signer> {
  return await signerOf(keyId, await generateKeyPair('RS256', { extractable: true, modulusLength: 2048 }));
}

export async function ed25519Signer(keyId: string): Promise<Signer> {
  return await signerOf(keyId, await generateKeyPair('EdDSA', { extractable: true }));
}

async function signerOf(keyId: string, { privateKey, publicKey }: GenerateKeyPairResult): Promise<Signer> {
  const pem = await exportSPKI(publicKey);
  const spki = Uint8Array.from(atob(pem.replace(/-----.*-----|\s/g, '')), (character) => character.charCodeAt(0));
  return { keyId, privateKey, pem, spki };
}

export function base64(bytes: ArrayBuffer | Uint8Array): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

export async function sign(signer: Signer, text: string): Promise<string> {
  const name = signer.privateKey.algorithm.name;
  return base64(await crypto.subtle.sign({ name }, signer.privateKey, new TextEncoder().encode(text)));
}

export async function sha256(body: Uint8Array<ArrayBuffer>): Promise<string> {
  return base64(await crypto.subtle.digest('SHA-256', body));
}

export interface Letter {
  readonly method?: string;
  readonly scheme?: 'https' | 'http';
  readonly host: string;
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Signed at, ms since the epoch. */
  readonly at: number;
}

export interface CavageOptions {
  readonly headers?: readonly string[];
  /** null leaves the parameter out. */
  readonly algorithm?: string | null;
  readonly created?: number;
  readonly expires?: number;
  /** Further fields, present before signing. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** draft-cavage-12 section 2.3, with the fields that Mastodon, GoToSocial, Misskey and PeerTube cover. */
export async function cavage(signer: Signer, letter: Letter, options: CavageOptions = {}): Promise<SignedRequest> {
  const names = options.headers ?? ['(request-target)', 'host', 'date', 'digest'];
  const method = letter.method ?? 'POST';
  const fields: Record<string, string> = {
    host: letter.host,
    date: new Date(letter.at).toUTCString(),
    digest: `SHA-256=${await sha256(letter.body)}`,
    'content-type': 'application/activity+json',
    'content-length': String(letter.body.length),
    ...options.fields,
  };
  const special: Record<string, string> = {
    '(request-target)': `${method.toLowerCase()} ${letter.path}`,
    '(created)': String(options.created),
    '(expires)': String(options.expires),
  };
  const lines = names.map((name) => `${name}: ${special[name] ?? fields[name]}`);
  const algorithm = options.algorithm === undefined ? 'rsa-sha256' : options.algorithm;
  const parameters = [
    `keyId="${signer.keyId}"`,
    ...(algorithm === null ? [] : [`algorithm="${algorithm}"`]),
    ...(options.created === undefined ? [] : [`created=${options.created}`]),
    ...(options.expires === undefined ? [] : [`expires=${options.expires}`]),
    `headers="${names.join(' ')}"`,
    `signature="${await sign(signer, lines.join('\n'))}"`,
  ];
  return requestOf(letter, { ...fields, signature: parameters.join(',') });
}

export interface Rfc9421Options {
  readonly components?: readonly string[];
  readonly alg?: string | null;
  /** null leaves the parameter out. */
  readonly created?: number | null;
  readonly expires?: number;
  readonly label?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** RFC 9421 section 2.5, with the components that Mastodon covers. */
export async function rfc9421(signer: Signer, letter: Letter, options: Rfc9421Options = {}): Promise<SignedRequest> {
  const components = options.components ?? ['@method', '@target-uri', 'content-digest'];
  const label = options.label ?? 'sig1';
  const method = letter.method ?? 'POST';
  const [path = '', query] = letter.path.split('?');
  const fields: Record<string, string> = {
    host: letter.host,
    date: new Date(letter.at).toUTCString(),
    'content-digest': `sha-256=:${await sha256(letter.body)}:`,
    'content-type': 'application/activity+json',
    'content-length': String(letter.body.length),
    ...options.fields,
  };
  const derived: Record<string, string> = {
    '@method': method,
    '@target-uri': `${letter.scheme ?? 'https'}://${letter.host}${letter.path}`,
    '@authority': letter.host,
    '@scheme': letter.scheme ?? 'https',
    '@path': path,
    '@query': query === undefined ? '?' : `?${query}`,
    '@request-target': letter.path,
  };
  const created = options.created === undefined ? Math.floor(letter.at / 1000) : options.created;
  const alg = options.alg === undefined ? 'rsa-v1_5-sha256' : options.alg;
  const parameters = [
    `(${components.map((name) => `"${name}"`).join(' ')})`,
    ...(created === null ? [] : [`created=${created}`]),
    ...(options.expires === undefined ? [] : [`expires=${options.expires}`]),
    `keyid="${signer.keyId}"`,
    ...(alg === null ? [] : [`alg="${alg}"`]),
  ].join(';');
  const lines = components.map((name) => `"${name}": ${derived[name] ?? fields[name]}`);
  const signature = await sign(signer, [...lines, `"@signature-params": ${parameters}`].join('\n'));
  return requestOf(letter, {
    ...fields,
    'signature-input': `${label}=${parameters}`,
    signature: `${label}=:${signature}:`,
  });
}

function requestOf(letter: Letter, fields: Readonly<Record<string, string>>): SignedRequest {
  const { host, path, method = 'POST', scheme = 'https' } = letter;
  return { method, scheme, host, path, headers: Object.entries(fields) };
}

/** The same request with fields replaced, added, or (undefined) taken away. */
export function altered(
  request: SignedRequest,
  fields: Readonly<Record<string, string | undefined>>,
  rest: Partial<SignedRequest> = {},
): SignedRequest {
  const headers = new Map<string, string | undefined>([...request.headers, ...Object.entries(fields)]);
  const kept = [...headers].filter((field): field is [string, string] => field[1] !== undefined);
  return { ...request, ...rest, headers: kept };
}
