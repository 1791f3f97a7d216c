// The senders of the matrix: five ways to sign a delivery and send it, none of them ours. Each answers with the status
// of its last knock. Those that know both kinds of signature knock again with the other when the first is refused, as they
// do in the world.

import { createHash, type KeyObject, type webcrypto } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import {
  createFederation,
  type HttpMessageSignaturesSpec,
  MemoryKvStore,
  SendActivityError,
  signRequest,
} from '@fedify/fedify';
import { Activity as FedifyActivity } from '@fedify/vocab';
import { signAsDraftToRequest } from '@misskey-dev/node-http-message-signatures';
import httpSignature from '@peertube/http-signature';
import { cavage, createSigner, httpbis } from 'http-message-signatures';
import type { Activity } from './activities.ts';

export interface Sending {
  readonly actor: string;
  readonly inbox: URL;
  readonly activity: Activity;
  /** It is somebody else's, and goes on as it came. */
  readonly isHandedOn: boolean;
}

export type Signer = (sending: Sending) => Promise<number>;

export interface Keys {
  /** RSA, 2048 bits; the key of every actor, `${actor}#main-key`. */
  readonly privateKey: KeyObject;
}

type Headers = Readonly<Record<string, string>>;

const activityJson = 'application/activity+json';

export async function signersWith({ privateKey }: Keys): Promise<Readonly<Record<string, Signer>>> {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const cryptoKey = await crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), algorithm, true, ['sign']);
  return {
    'Fedify, cavage first': fedify('draft-cavage-http-signatures-12', cryptoKey),
    'Fedify, RFC 9421 first': fedify('rfc9421', cryptoKey),
    '@peertube/http-signature': peertube(pem),
    '@misskey-dev/node-http-message-signatures': misskey(pem),
    'http-message-signatures': both(pem),
  };
}

function fedify(firstKnock: HttpMessageSignaturesSpec, privateKey: webcrypto.CryptoKey): Signer {
  const federation = createFederation<void>({ kv: new MemoryKvStore(), allowPrivateAddress: true, firstKnock });
  return async ({ actor, inbox, activity, isHandedOn }) => {
    const context = federation.createContext(new URL(actor), undefined);
    const key = { keyId: new URL(`${actor}#main-key`), privateKey };
    // By Fedify's own sending it would be signed anew in the body too.
    if (isHandedOn) return await knock(inbox, JSON.stringify(activity), key, specs(firstKnock));
    const recipient = { id: new URL('/users/owner', inbox), inboxId: inbox };
    try {
      await context.sendActivity(key, recipient, await FedifyActivity.fromJsonLd(activity), { immediate: true });
      return 202;
    } catch (thrown) {
      if (thrown instanceof SendActivityError) return thrown.statusCode;
      throw thrown;
    }
  };
}

function specs(first: HttpMessageSignaturesSpec): readonly HttpMessageSignaturesSpec[] {
  return first === 'rfc9421' ? [first, 'draft-cavage-http-signatures-12'] : [first, 'rfc9421'];
}

/** With each kind of signature, until one is not refused. */
async function knock(
  inbox: URL,
  body: string,
  { keyId, privateKey }: { readonly keyId: URL; readonly privateKey: webcrypto.CryptoKey },
  [spec, ...others]: readonly HttpMessageSignaturesSpec[],
): Promise<number> {
  const headers = { 'content-type': activityJson, accept: activityJson };
  const request = new Request(inbox, { method: 'POST', headers, body });
  const { status } = await fetch(await signRequest(request, privateKey, keyId, spec === undefined ? {} : { spec }));
  return status === 401 && others.length > 0 ? await knock(inbox, body, { keyId, privateKey }, others) : status;
}

function peertube(key: string): Signer {
  return async ({ actor, inbox, activity }) => {
    const body = JSON.stringify(activity);
    const request = open(inbox, { ...plainHeaders(inbox), digest: digestOf(body) });
    httpSignature.signRequest(request, {
      key,
      keyId: `${actor}#main-key`,
      algorithm: 'rsa-sha256',
      authorizationHeaderName: 'signature',
      headers: ['(request-target)', 'host', 'date', 'digest'],
    });
    return await statusOf(request, body);
  };
}

function misskey(privateKeyPem: string): Signer {
  return async ({ actor, inbox, activity }) => {
    const body = JSON.stringify(activity);
    const headers = { ...plainHeaders(inbox), digest: digestOf(body) };
    const request = { method: 'POST', url: inbox.href, headers };
    const key = { keyId: `${actor}#main-key`, privateKeyPem };
    await signAsDraftToRequest(request, key, ['(request-target)', 'date', 'host', 'digest']);
    return await statusOf(open(inbox, request.headers), body);
  };
}

/** RFC 9421 first. */
function both(pem: string): Signer {
  return async ({ actor, inbox, activity }) => {
    const body = JSON.stringify(activity);
    const key = createSigner(pem, 'rsa-v1_5-sha256', `${actor}#main-key`);
    const message = { method: 'POST', url: inbox.href };
    const contentDigest = { 'content-digest': `sha-256=:${sha256(body)}:` };
    const first = await httpbis.signMessage(
      { key, fields: ['@method', '@target-uri', 'content-digest'], params: ['created', 'keyid', 'alg'] },
      { ...message, headers: { ...plainHeaders(inbox), ...contentDigest } },
    );
    const status = await statusOf(open(inbox, first.headers as Headers), body);
    if (status !== 401) return status;
    const second = await cavage.signMessage(
      { key, fields: ['@request-target', 'host', 'date', 'digest'], params: ['keyid', 'alg'] },
      { ...message, headers: { ...plainHeaders(inbox), digest: digestOf(body) } },
    );
    return await statusOf(open(inbox, second.headers as Headers), body);
  };
}

function plainHeaders(inbox: URL): Record<string, string> {
  return { host: inbox.host, date: new Date().toUTCString(), 'content-type': activityJson, accept: activityJson };
}

function sha256(body: string): string {
  return createHash('sha256').update(body).digest('base64');
}

function digestOf(body: string): string {
  return `SHA-256=${sha256(body)}`;
}

function open(inbox: URL, headers: Headers) {
  return httpsRequest(inbox, { method: 'POST', headers, timeout: 20_000 });
}

async function statusOf(request: ReturnType<typeof open>, body: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    request.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
    request.end(body);
  });
}
