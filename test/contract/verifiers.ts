// The verifying code of real servers, each called as its server calls it, with its clock wide open or set to the time of
// receipt: what is left is all that an acceptance profile speaks of.

import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { SignedRequest } from '../../shared/signature/request.ts';
import type { Signer } from '../shared/signature/signing.ts';

export interface Received {
  readonly request: SignedRequest;
  readonly body: Uint8Array<ArrayBuffer>;
  /** ms since the epoch. */
  readonly receivedAt: number;
  readonly signer: Signer;
}

/** Does that server verify it? What it throws is a no. */
export type Verifier = (received: Received) => Promise<boolean>;

const years = 100 * 365 * 24 * 3600;

type NodeRequest = Pick<IncomingMessage, 'headers' | 'method' | 'url' | 'httpVersion'>;

/** As Node hands a request over: names in small letters. */
function nodeRequest({ method, path, headers }: SignedRequest): NodeRequest {
  const fields = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  return { method, url: path, httpVersion: '1.1', headers: fields };
}

function bodyHash(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64');
}

async function whether(verify: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await verify();
  } catch {
    return false;
  }
}

/** PeerTube with @peertube/http-signature: server/core/helpers/peertube-crypto.ts, middlewares/activitypub.ts. */
const olderPeerTube: Verifier = async ({ request, body, signer }) => {
  const { default: httpSignature } = await import('@peertube/http-signature');
  return await whether(() => {
    const parsed = httpSignature.parseRequest(nodeRequest(request), {
      clockSkew: years,
      headers: ['(request-target)', 'host', 'digest'],
    });
    const { headers } = parsed.params;
    if (!headers.includes('date') && !headers.includes('(created)')) return false;
    return hasPeerTubesDigest(request, body) && httpSignature.verifySignature(parsed, signer.pem);
  });
};

/** PeerTube with @misskey-dev/node-http-message-signatures. */
const newerPeerTube: Verifier = async ({ request, body, receivedAt, signer }) => {
  const { parseRequestSignature, verifyDraftSignature } = await import('@misskey-dev/node-http-message-signatures');
  return await whether(async () => {
    const parsed = parseRequestSignature(nodeRequest(request) as IncomingMessage, {
      requiredComponents: { draft: ['(request-target)', 'host', 'digest'] },
      clockSkew: { now: new Date(receivedAt), delay: years * 1000, forward: years * 1000 },
    });
    if (parsed.version !== 'draft') return false;
    const { headers } = parsed.value.params;
    if (!headers.includes('date') && !headers.includes('(created)')) return false;
    return hasPeerTubesDigest(request, body) && (await verifyDraftSignature(parsed.value, signer.pem)) === true;
  });
};

/** It compares the whole header. */
function hasPeerTubesDigest(request: SignedRequest, body: Uint8Array): boolean {
  return nodeRequest(request).headers.digest === `SHA-256=${bodyHash(body)}`;
}

/** Misskey's releases: packages/backend/src/server/ActivityPubServerService.ts, InboxProcessorService.ts. */
const misskey: Verifier = async ({ request, body, signer }) => {
  const { default: httpSignature } = await import('@peertube/http-signature');
  return await whether(() => {
    const raw = nodeRequest(request);
    const parsed = httpSignature.parseRequest(raw, {
      clockSkew: years,
      headers: ['(request-target)', 'host', 'date'],
      authorizationHeaderName: 'signature',
    });
    const { headers } = parsed.params;
    if (!headers.includes('host') || raw.headers.host !== request.host || !headers.includes('digest')) return false;
    const [, algorithm = '', value] = /^([a-zA-Z0-9-]+)=(.+)$/.exec(String(raw.headers.digest)) ?? [];
    if (algorithm.toUpperCase() !== 'SHA-256' || value !== bodyHash(body)) return false;
    return httpSignature.verifySignature(parsed, signer.pem);
  });
};

/** Fedify: what a federation does with a request to its inbox, without any time window. */
const fedify: Verifier = async ({ request, body, signer }) => {
  const { verifyRequest } = await import('@fedify/fedify/sig');
  return await whether(async () => {
    const { method, scheme, host, path, headers } = request;
    const arrived = new Request(`${scheme}://${host}${path}`, {
      method,
      headers: headers.map(([n, v]) => [n, v]),
      body,
    });
    const found = await verifyRequest(arrived, {
      timeWindow: false,
      documentLoader: async (url: string) => ({
        contextUrl: null,
        documentUrl: url,
        document: {
          '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
          id: signer.keyId.split('#')[0],
          type: 'Person',
          publicKey: { id: signer.keyId, owner: signer.keyId.split('#')[0], publicKeyPem: signer.pem },
        },
      }),
    });
    return found !== null;
  });
};

/** For each profile whose software's library is here: all of its verifiers, every one of which must agree. */
export const verifiers: readonly (readonly [profile: string, library: string, verify: Verifier])[] = [
  ['peertube', '@peertube/http-signature', olderPeerTube],
  ['peertube', '@misskey-dev/node-http-message-signatures', newerPeerTube],
  ['misskey', '@peertube/http-signature', misskey],
  ['hollo', 'Fedify', fedify],
  ['embedded', 'Fedify', fedify],
];
