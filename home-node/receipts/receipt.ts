// A receipt: home's word, in a header, that it knows when a delivery arrived. A service that judges how old a signature
// is then judges by its own rule at that time. The receipt is bound to one request, whole; it says nothing about who
// sent it, and a service checks the signature as ever.
//
//   Porchlight-Receipt: v1 <t> <mac>
//     t    time of arrival, ms since the epoch, decimal
//     mac  base64url (no padding) of HMAC-SHA256 over these fields, each as `<bytes>:<value>`, or `-` when the request
//          has no such header, joined by LF: "porchlight-receipt-v1", t, method, path and query, Host, Signature,
//          Signature-Input, Digest, Content-Digest, SHA-256 of the body (base64url)

import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { fieldValue, type SignedRequest } from '../../shared/signature/request.ts';

export const receiptHeader = 'Porchlight-Receipt';

/** The request that a receipt is about, as it was sent. */
export interface ReceiptSubject extends SignedRequest {
  /** Base64url without padding. */
  readonly bodySha256: string;
}

const boundHeaders = ['signature', 'signature-input', 'digest', 'content-digest'] as const;

/** `bodySha256` of a body. */
export function bodyDigest(body: Uint8Array): string {
  return hash('sha256', body, 'base64url');
}

export function makeReceipt(secret: Uint8Array, subject: ReceiptSubject, receivedAt: number): string {
  return `v1 ${receivedAt} ${macOf(secret, subject, receivedAt).toString('base64url')}`;
}

/** When the request arrived, ms since the epoch; null unless `receipt` was made with this secret for this request. */
export function readReceipt(secret: Uint8Array, subject: ReceiptSubject, receipt: string): number | null {
  const [, time, mac] = /^v1 ([1-9]\d{0,15}) ([\w-]{43})$/.exec(receipt) ?? [];
  if (time === undefined || mac === undefined) return null;
  const receivedAt = Number(time);
  const given = Buffer.from(mac, 'base64url');
  const wanted = macOf(secret, subject, receivedAt);
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? receivedAt : null;
}

function macOf(secret: Uint8Array, subject: ReceiptSubject, receivedAt: number): Buffer {
  const { method, path, host, bodySha256 } = subject;
  const fields = [
    'porchlight-receipt-v1',
    String(receivedAt),
    method,
    path,
    host,
    ...boundHeaders.map((name) => fieldValue(subject, name)),
    bodySha256,
  ];
  // Lengths keep one field from reaching into the next.
  const text = fields.map((field) => (field === null ? '-' : `${Buffer.byteLength(field)}:${field}`)).join('\n');
  return createHmac('sha256', secret).update(text).digest();
}
