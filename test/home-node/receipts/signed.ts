// Requests signed in both ways at any time, and a server that has the signer's key, for tests of receipts.

import { createHash, createSign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReceiptSubject } from '../../../home-node/receipts/receipt.ts';
import { bodyDigest } from '../../../home-node/receipts/receipt.ts';
import type { SignatureKind } from '../../../shared/snapshot.ts';
import { type InboxRequest, type KeyPair, makeKeyPair, signedRequest } from '../../support/forger.ts';

export interface Signer {
  readonly origin: string;
  readonly actor: string;
  readonly keyId: string;
  readonly keys: KeyPair;
  /** The status of answers about its key; 200 at first. */
  status: number;
  /** Requests so far. */
  asked: number;
  stop(): void;
}

/** Serves one actor. `owner`: what its key says whose it is; the actor itself if left out. */
export async function startSigner(owner?: string): Promise<Signer> {
  const keys = makeKeyPair();
  const server = createServer((request, response) => {
    signer.asked += 1;
    response.statusCode = signer.status;
    if (signer.status !== 200) response.end();
    else
      response.setHeader('content-type', 'application/activity+json').end(JSON.stringify(document(request.url ?? '')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const actor = `${origin}/actor`;
  const keyId = `${origin}/key`;
  const key = { id: keyId, type: 'CryptographicKey', owner: owner ?? actor, publicKeyPem: keys.publicKey };
  const context = ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'];
  const document = (path: string): unknown =>
    path === '/key'
      ? { '@context': context, ...key }
      : { '@context': context, id: actor, type: 'Person', inbox: `${origin}/inbox`, publicKey: key };
  const signer: Signer = { origin, actor, keyId, keys, status: 200, asked: 0, stop: () => server.close() };
  return signer;
}

export interface Asked {
  readonly kind: SignatureKind;
  readonly signer: Pick<Signer, 'keyId' | 'keys'>;
  /** Origin and path of the inbox. */
  readonly inbox: URL;
  readonly body: string;
  readonly signedAt: number;
}

export function signed({ kind, signer, inbox, body, signedAt }: Asked): InboxRequest {
  const { keyId, keys } = signer;
  const date = new Date(signedAt);
  const common = { host: inbox.host, path: inbox.pathname, keyId, privateKey: keys.privateKey, body, date };
  if (kind === 'cavage') return signedRequest(common);
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const created = Math.floor(signedAt / 1000);
  const parameters = `("@method" "@target-uri" "content-digest");created=${created};keyid="${keyId}"`;
  const base = `"@method": POST\n"@target-uri": ${inbox.href}\n"content-digest": ${digest}\n"@signature-params": ${parameters}`;
  const signature = createSign('sha256').update(base).sign(keys.privateKey, 'base64');
  return {
    path: inbox.pathname,
    headers: [
      ['Host', inbox.host],
      ['Date', date.toUTCString()],
      ['Content-Digest', digest],
      ['Content-Type', 'application/activity+json'],
      ['Signature-Input', `sig1=${parameters}`],
      ['Signature', `sig1=:${signature}:`],
    ],
    body: new TextEncoder().encode(body),
  };
}

export function subjectOf(request: InboxRequest, inbox: URL): ReceiptSubject {
  return {
    method: 'POST',
    scheme: 'http',
    host: inbox.host,
    path: request.path,
    headers: request.headers,
    bodySha256: bodyDigest(request.body),
  };
}
