// A request that shows whether a server's hook works and that can do nothing: signed 16 hours ago with a key that was made for
// it and is thrown away. No server can find the signature good, so that none does what it asks. With a receipt of home, a
// hook that works judges its age by the arrival and says so in the answer, before the signature is refused.

import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import { makeReceipt, receiptHeader } from '../receipts/receipt.ts';
import type { Question } from './ports.ts';

export interface LateRequestFacts {
  /** The service's own (service-receipts.ts). */
  readonly secret: Uint8Array;
  readonly origin: string;
  /** The name that it answers for. */
  readonly host: string;
  readonly inbox: string;
  /** Of the accounts. */
  readonly domain: string;
  /** As porchlight.toml names it. */
  readonly kind: string;
  /** By home's clock, ms since the epoch. */
  readonly now: number;
}

const ageMs = 16 * 3600_000;

/** The same request twice. */
export function lateRequest(facts: LateRequestFacts): { readonly withReceipt: Question; readonly without: Question } {
  const { secret, origin, host, inbox, kind, domain, now } = facts;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signedAt = now - ageMs;
  const actor = 'https://porchlight-doctor.invalid/actor';
  const body = JSON.stringify({
    '@context': 'https://www.w3.org/ns/activitystreams',
    id: `${actor}/looks/${signedAt}`,
    type: 'View',
    actor,
    object: `https://${host}/`,
  });
  // Misskey looks at the digest last of all before it puts a request into its queue: with a wrong one it never does.
  const digested = kind === 'misskey' ? `${body} ` : body;
  const hash = createHash('sha256').update(digested).digest();
  const date = new Date(signedAt).toUTCString();
  const digest = `SHA-256=${hash.toString('base64')}`;
  const values = { '(request-target)': `post ${inbox}`, host, date, digest };
  const base = Object.entries(values).map(([name, value]) => `${name}: ${value}`);
  const signature = createSign('sha256').update(base.join('\n')).sign(privateKey, 'base64');
  // Mastodon looks for the key before it looks at the age: that of its own account needs no other server.
  const keyId = kind === 'mastodon' ? `acct:${domain}@${domain}` : `${actor}#main-key`;
  const signed = `keyId="${keyId}",algorithm="rsa-sha256",headers="${Object.keys(values).join(' ')}",signature="${signature}"`;
  const headers = {
    Host: host,
    Date: date,
    Digest: digest,
    'Content-Type': 'application/activity+json',
    Signature: signed,
  };
  const subject = {
    method: 'POST',
    scheme: 'https' as const,
    host,
    path: inbox,
    headers: Object.entries(headers),
    bodySha256: hash.toString('base64url'),
  };
  const receipt = makeReceipt(secret, subject, { receivedAt: signedAt + 1_000, madeAt: now });
  const question = { origin, target: inbox, method: 'POST', body } as const;
  const outer = { ...headers, 'X-Forwarded-Proto': 'https' };
  return {
    withReceipt: { ...question, headers: { ...outer, [receiptHeader]: receipt } },
    without: { ...question, headers: outer },
  };
}
