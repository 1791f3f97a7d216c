// What servers of the fediverse send, each as its own code signs: by the library where it is here, else over the headers
// that its source names.

import type { ClientRequest } from 'node:http';
import type { SignedRequest } from '../../shared/signature/request.ts';
import { base64, cavage, type Letter, rfc9421, type Signer, sha256 } from '../shared/signature/signing.ts';

export type Sent = SignedRequest;
type Send = (signer: Signer, letter: Letter) => Promise<Sent>;

const target = '(request-target)';

/** By its headers alone. */
function over(headers: readonly string[], algorithm: string, fields: Readonly<Record<string, string>> = {}): Send {
  return async (signer, letter) => await cavage(signer, letter, { headers, algorithm, fields });
}

const fedify =
  (spec: 'draft-cavage-http-signatures-12' | 'rfc9421'): Send =>
  async (signer, { host, path, body }) => {
    const { signRequest } = await import('@fedify/fedify/sig');
    const headers = { 'Content-Type': 'application/activity+json', Accept: '*/*', 'User-Agent': 'Fedify' };
    const request = new Request(`https://${host}${path}`, { method: 'POST', headers, body });
    const signed = await signRequest(request, signer.privateKey, new URL(signer.keyId), { spec });
    return { method: 'POST', scheme: 'https', host, path, headers: [...signed.headers] };
  };

const misskeyLibrary: Send = async (signer, { host, path, body, at }) => {
  const { signAsDraftToRequest } = await import('@misskey-dev/node-http-message-signatures');
  const headers = { Host: host, Date: new Date(at).toUTCString(), Digest: `SHA-256=${await sha256(body)}` };
  const request = { method: 'POST', url: `https://${host}${path}`, headers };
  const key = { keyId: signer.keyId, privateKeyPem: await privatePem(signer) };
  await signAsDraftToRequest(request, key, [target, 'date', 'host', 'digest']);
  return { method: 'POST', scheme: 'https', host, path, headers: Object.entries(request.headers) };
};

const peertubeLibrary: Send = async (signer, { host, path, body }) => {
  const { default: httpSignature } = await import('@peertube/http-signature');
  const fields = new Map([
    ['host', host],
    ['digest', `SHA-256=${await sha256(body)}`],
  ]);
  const request = {
    method: 'POST',
    path,
    getHeader: (name: string) => fields.get(name.toLowerCase()),
    setHeader: (name: string, value: string) => fields.set(name.toLowerCase(), value),
  };
  // It asks of a ClientRequest nothing but these, and adds the Date.
  httpSignature.signRequest(request as unknown as ClientRequest, {
    keyId: signer.keyId,
    key: await privatePem(signer),
    headers: [target, 'host', 'date', 'digest'],
    algorithm: 'rsa-sha256',
    authorizationHeaderName: 'signature',
  });
  return { method: 'POST', scheme: 'https', host, path, headers: [...fields] };
};

async function privatePem({ privateKey }: Signer): Promise<string> {
  const lines = base64(await crypto.subtle.exportKey('pkcs8', privateKey)).match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

export const honestSenders: readonly (readonly [name: string, by: 'cavage' | 'rfc9421', send: Send])[] = [
  ['Mastodon', 'cavage', over([target, 'host', 'date', 'digest', 'content-type'], 'rsa-sha256')],
  [
    'Mastodon, with Collection-Synchronization',
    'cavage',
    over([target, 'host', 'date', 'digest', 'content-type', 'collection-synchronization'], 'rsa-sha256', {
      'collection-synchronization':
        'collectionId="https://peer.example/f", digest="00", url="https://peer.example/followers_synchronization"',
    }),
  ],
  [
    'Mastodon, knocking again',
    'rfc9421',
    async (signer, letter) =>
      await rfc9421(signer, letter, { components: ['@method', '@target-uri', 'content-digest'] }),
  ],
  ['GoToSocial', 'cavage', over([target, 'host', 'date', 'digest'], 'hs2019')],
  ['Misskey and its forks', 'cavage', over([target, 'date', 'host', 'digest'], 'rsa-sha256')],
  ['PeerTube, older', 'cavage', peertubeLibrary],
  ['PeerTube, newer', 'cavage', misskeyLibrary],
  [
    'Pixelfed',
    'cavage',
    over([target, 'date', 'host', 'digest', 'content-type', 'user-agent'], 'rsa-sha256', {
      'user-agent': '(Pixelfed)',
    }),
  ],
  ['Lemmy', 'cavage', over([target, 'content-type', 'date', 'digest', 'host'], 'hs2019')],
  ['Pleroma and Akkoma', 'cavage', over([target, 'content-length', 'date', 'digest', 'host'], 'rsa-sha256')],
  ['WordPress, knocking again', 'cavage', over([target, 'host', 'date', 'digest'], 'rsa-sha256')],
  [
    'WordPress',
    'rfc9421',
    async (signer, letter) =>
      await rfc9421(signer, letter, {
        components: ['@method', '@target-uri', '@authority', 'content-digest'],
        label: 'wp',
      }),
  ],
  ['Activity-Relay', 'cavage', over([target, 'date', 'digest', 'content-type', 'host'], 'hs2019')],
  ['Fedify', 'rfc9421', fedify('rfc9421')],
  ['Fedify, knocking again', 'cavage', fedify('draft-cavage-http-signatures-12')],
];
