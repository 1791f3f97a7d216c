// Signatures made by software that is not ours: @peertube/http-signature (PeerTube, and Misskey's releases so far),
// @misskey-dev/node-http-message-signatures (newer PeerTube) and Fedify, each with its own signing code.

import type { ClientRequest } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { concludeReading, type ReadingVerdict, readClaim } from '../../edge/activitypub/authorized-fetch/judge.ts';
import { requireDigests } from '../../shared/signature/digest.ts';
import { publicKeyFromPem } from '../../shared/signature/public-key.ts';
import { readSignature } from '../../shared/signature/read.ts';
import type { SignedRequest } from '../../shared/signature/request.ts';
import { requireProof } from '../../shared/signature/require.ts';
import { verifySignature } from '../../shared/signature/verify.ts';
import { base64, rsaSigner, type Signer, sha256 } from '../shared/signature/signing.ts';

const keyId = 'https://peer.example/users/a#main-key';
const url = 'https://home.example/users/owner/inbox';
const body = new TextEncoder().encode('{"type":"Follow","actor":"https://peer.example/users/a"}');
let signer: Signer;
let privatePem: string;

beforeAll(async () => {
  signer = await rsaSigner(keyId);
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', signer.privateKey);
  const lines = base64(pkcs8).match(/.{1,64}/g) ?? [];
  privatePem = `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
});

function requestOf(headers: Iterable<[string, string]>): SignedRequest {
  return { method: 'POST', scheme: 'https', host: 'home.example', path: '/users/owner/inbox', headers: [...headers] };
}

/** All that the edge does with a signature, at the time of the peers' own clocks. */
async function holds(request: SignedRequest): Promise<boolean> {
  const signature = readSignature(request);
  await requireDigests(request, body);
  requireProof(request, signature, Date.now());
  expect(signature.keyId).toBe(keyId);
  const other = publicKeyFromPem((await rsaSigner(keyId)).pem);
  expect(await verifySignature(signature, other)).toBe(false);
  return await verifySignature(signature, publicKeyFromPem(signer.pem));
}

// The libraries need Node; what they sign is read by the same code as in workerd.
describe('signatures of', () => {
  test.each([
    ['rsa-sha256', ['(request-target)', 'host', 'date', 'digest'], false],
    ['hs2019', ['(request-target)', '(created)', 'host', 'digest'], true],
    ['hs2019', ['(request-target)', '(created)', '(expires)', 'host', 'digest'], true],
  ])('@peertube/http-signature hold: %s over %s', async (_, headers, hideAlgorithm) => {
    const { default: httpSignature } = await import('@peertube/http-signature');
    const fields = new Map([
      ['host', 'home.example'],
      ['digest', `SHA-256=${await sha256(body)}`],
    ]);
    const request = {
      method: 'POST',
      path: '/users/owner/inbox',
      getHeader: (name: string) => fields.get(name.toLowerCase()),
      setHeader: (name: string, value: string) => fields.set(name.toLowerCase(), value),
    };
    const options = { keyId, key: privatePem, headers, authorizationHeaderName: 'signature', hideAlgorithm };
    // It asks of a ClientRequest nothing but these.
    httpSignature.signRequest(request as unknown as ClientRequest, { ...options, algorithm: 'rsa-sha256' });
    expect(await holds(requestOf(fields))).toBe(true);
  });

  test('@misskey-dev/node-http-message-signatures hold', async () => {
    const { signAsDraftToRequest } = await import('@misskey-dev/node-http-message-signatures');
    const request = {
      method: 'POST',
      url,
      headers: { Host: 'home.example', Date: new Date().toUTCString(), Digest: `SHA-256=${await sha256(body)}` },
    };
    const key = { keyId, privateKeyPem: privatePem };
    await signAsDraftToRequest(request, key, ['(request-target)', 'date', 'host', 'digest']);
    expect(await holds(requestOf(Object.entries(request.headers)))).toBe(true);
  });

  test.each(['draft-cavage-http-signatures-12', 'rfc9421'] as const)('Fedify hold: %s', async (spec) => {
    const { signRequest } = await import('@fedify/fedify/sig');
    const headers = { 'Content-Type': 'application/activity+json', Accept: '*/*', 'User-Agent': 'Fedify' };
    const request = new Request(url, { method: 'POST', headers, body });
    const signed = await signRequest(request, signer.privateKey, new URL(keyId), { spec });
    expect(await holds(requestOf(signed.headers))).toBe(true);
  });
});

/** What the judge of questions says to this GET, with the signer's key and with another one. */
async function mayRead(headers: Iterable<[string, string]>, path: string): Promise<readonly string[]> {
  const request: SignedRequest = { method: 'GET', scheme: 'https', host: 'home.example', path, headers: [...headers] };
  const claim = readClaim({ request, receivedAt: Date.now(), blockedDomains: ['blocked.example'] });
  if ('verdict' in claim) return [told(claim)];
  const owner = 'https://peer.example/users/a';
  const keys = [signer.pem, (await rsaSigner(keyId)).pem].map((pem) => publicKeyFromPem(pem));
  return await Promise.all(
    keys.map(async (publicKey) => told((await concludeReading(claim, { key: 'found', publicKey, owner })).verdict)),
  );
}

function told(verdict: ReadingVerdict): string {
  return verdict.verdict === 'refused' ? verdict.kind : verdict.verdict;
}

describe('questions signed by', () => {
  const path = '/users/owner/outbox?page=true';
  const address = `https://home.example${path}`;
  const onlyByKey = ['accepted', 'unproven'];

  test.each([
    ['rsa-sha256', ['(request-target)', 'host', 'date'], false, onlyByKey],
    ['hs2019', ['(request-target)', '(created)', 'host'], true, onlyByKey],
    ['rsa-sha256 without its target', ['host', 'date'], false, ['unproven']],
  ])('@peertube/http-signature: %s', async (_, headers, hideAlgorithm, verdicts) => {
    const { default: httpSignature } = await import('@peertube/http-signature');
    const fields = new Map([['host', 'home.example']]);
    const request = {
      method: 'GET',
      path,
      getHeader: (name: string) => fields.get(name.toLowerCase()),
      setHeader: (name: string, value: string) => fields.set(name.toLowerCase(), value),
    };
    const options = { keyId, key: privatePem, headers, authorizationHeaderName: 'signature', hideAlgorithm };
    httpSignature.signRequest(request as unknown as ClientRequest, { ...options, algorithm: 'rsa-sha256' });
    expect(await mayRead(fields, path)).toEqual(verdicts);
    expect((await mayRead(fields, '/users/owner'))[0]).toBe(verdicts === onlyByKey ? 'unproven' : verdicts[0]);
  });

  test('@misskey-dev/node-http-message-signatures', async () => {
    const { signAsDraftToRequest } = await import('@misskey-dev/node-http-message-signatures');
    const headers: Record<string, string> = { Host: 'home.example', Date: new Date().toUTCString() };
    const request = { method: 'GET', url: address, headers };
    await signAsDraftToRequest(request, { keyId, privateKeyPem: privatePem }, ['(request-target)', 'date', 'host']);
    expect(await mayRead(Object.entries(request.headers), path)).toEqual(onlyByKey);
  });

  test.each(['draft-cavage-http-signatures-12', 'rfc9421'] as const)('Fedify: %s', async (spec) => {
    const { signRequest } = await import('@fedify/fedify/sig');
    const request = new Request(address, { headers: { Accept: 'application/activity+json' } });
    const signed = await signRequest(request, signer.privateKey, new URL(keyId), { spec });
    expect(await mayRead(signed.headers, path)).toEqual(onlyByKey);
  });
});
