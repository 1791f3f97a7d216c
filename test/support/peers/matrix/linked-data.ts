// Linked Data signatures (RsaSignature2017) as Mastodon, PeerTube and Misskey verify them: by the library that the latter
// two use (jsonld), over its options and the document without it, each made canonical and hashed. Contexts are those that
// come with Fedify: nothing is fetched for them.

import { createHash, createVerify } from 'node:crypto';
import { createFederation, MemoryKvStore } from '@fedify/fedify';
import jsonld from 'jsonld';

export interface PublicKey {
  readonly owner: string;
  readonly pem: string;
}

const { contextLoader } = createFederation<void>({ kv: new MemoryKvStore() }).createContext(
  new URL('https://home.example'),
  undefined,
);

/** Is it proven by its actor, by a Linked Data signature? */
export async function isProven(
  { signature, ...document }: Readonly<Record<string, unknown>>,
  keyOf: (keyId: string) => Promise<PublicKey>,
): Promise<boolean> {
  if (typeof signature !== 'object' || signature === null) return false;
  const { creator, created, signatureValue } = signature as Readonly<Record<string, unknown>>;
  if (typeof creator !== 'string' || typeof created !== 'string' || typeof signatureValue !== 'string') return false;
  const { owner, pem } = await keyOf(creator);
  if (owner !== document.actor) return false;
  const options = await hashOf({ '@context': 'https://w3id.org/security/v1', creator, created });
  const verify = createVerify('RSA-SHA256').update(`${options}${await hashOf(document)}`);
  return verify.verify(pem, signatureValue, 'base64');
}

async function hashOf(document: object): Promise<string> {
  const canonical = await jsonld.canonize(document, {
    format: 'application/n-quads',
    documentLoader: async (url) => await contextLoader(url),
  });
  return createHash('sha256').update(canonical).digest('hex');
}
