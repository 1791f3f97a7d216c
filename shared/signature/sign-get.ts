// Signs a GET as servers that show their documents to nobody else want it: for the edge, which asks peers and home's
// service as an actor of its own, and for home, which asks its own service as that service's actor.

import { encodeBase64 } from './base64.ts';

/** RSASSA-PKCS1-v1_5 with SHA-256. */
export type Sign = (text: string) => Promise<Uint8Array>;

/**
 * Headers to add: draft-cavage-12 section 2.3, with the fields that GoToSocial, Mastodon and Pleroma want of a GET. `now` in
 * ms since the epoch.
 */
export async function signedByCavage(
  url: string,
  keyId: string,
  now: number,
  sign: Sign,
): Promise<Record<string, string>> {
  const { host, pathname, search } = new URL(url);
  const date = new Date(now).toUTCString();
  const text = `(request-target): get ${pathname}${search}\nhost: ${host}\ndate: ${date}`;
  const signature = encodeBase64(await sign(text));
  const parameters = `keyId="${keyId}",algorithm="rsa-sha256",headers="(request-target) host date"`;
  return { Date: date, Signature: `${parameters},signature="${signature}"` };
}
