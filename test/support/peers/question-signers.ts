// Six ways to sign a question, none of them ours: the headers that go with it. Each signs as the software that uses the
// library does, at the time that Date tells.

import { createPrivateKey } from 'node:crypto';
import type { ClientRequest } from 'node:http';
import { type HttpMessageSignaturesSpec, signRequest } from '@fedify/fedify';
import { signAsDraftToRequest } from '@misskey-dev/node-http-message-signatures';
import httpSignature from '@peertube/http-signature';
import { cavage, createSigner, httpbis } from 'http-message-signatures';

export interface Question {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly keyId: string;
  /** RSA, PKCS#8, in PEM. */
  readonly privateKeyPem: string;
}

type Headers = Readonly<Record<string, string>>;
export type QuestionSigner = (question: Question) => Promise<Headers>;

const accept = 'application/activity+json';

function plainHeaders({ url }: Question): Record<string, string> {
  return { host: url.host, date: new Date().toUTCString(), accept };
}

/** What its authenticated document loader sends. */
function fedify(spec: HttpMessageSignaturesSpec): QuestionSigner {
  return async ({ method, url, keyId, privateKeyPem }) => {
    const der = createPrivateKey(privateKeyPem).export({ type: 'pkcs8', format: 'der' });
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, true, ['sign']);
    const request = new Request(url, { method, headers: { Accept: accept, 'User-Agent': 'Fedify' } });
    const signed = await signRequest(request, key, new URL(keyId), { spec });
    return { host: url.host, ...Object.fromEntries(signed.headers) };
  };
}

/** As PeerTube signs a GET. */
const peertube: QuestionSigner = async (question) => {
  const { method, url, keyId, privateKeyPem } = question;
  const fields = new Map(Object.entries(plainHeaders(question)));
  const request = {
    method,
    path: url.pathname + url.search,
    getHeader: (name: string) => fields.get(name.toLowerCase()),
    setHeader: (name: string, value: string) => fields.set(name.toLowerCase(), value),
  };
  // It asks of a ClientRequest nothing but these.
  httpSignature.signRequest(request as unknown as ClientRequest, {
    key: privateKeyPem,
    keyId,
    algorithm: 'rsa-sha256',
    authorizationHeaderName: 'signature',
    headers: ['(request-target)', 'host', 'date'],
  });
  return await Promise.resolve(Object.fromEntries(fields));
};

/** As Misskey signs a GET (ApRequestService.ts), Accept too. */
const misskey: QuestionSigner = async (question) => {
  const { method, url, keyId, privateKeyPem } = question;
  const request = { method, url: url.href, headers: plainHeaders(question) };
  await signAsDraftToRequest(request, { keyId, privateKeyPem }, ['(request-target)', 'date', 'host', 'accept']);
  return request.headers;
};

function independent(kind: 'cavage' | 'rfc9421'): QuestionSigner {
  return async (question) => {
    const { method, url, keyId, privateKeyPem } = question;
    const key = createSigner(privateKeyPem, 'rsa-v1_5-sha256', keyId);
    const message = { method, url: url.href, headers: plainHeaders(question) };
    const signed =
      kind === 'cavage'
        ? await cavage.signMessage(
            { key, fields: ['@request-target', 'host', 'date'], params: ['keyid', 'alg'] },
            message,
          )
        : await httpbis.signMessage(
            { key, fields: ['@method', '@target-uri'], params: ['created', 'keyid', 'alg'] },
            message,
          );
    return signed.headers as Headers;
  };
}

export const questionSigners: Readonly<Record<string, QuestionSigner>> = {
  'Fedify, draft-cavage': fedify('draft-cavage-http-signatures-12'),
  'Fedify, RFC 9421': fedify('rfc9421'),
  '@peertube/http-signature': peertube,
  '@misskey-dev/node-http-message-signatures': misskey,
  'http-message-signatures, draft-cavage': independent('cavage'),
  'http-message-signatures, RFC 9421': independent('rfc9421'),
};
