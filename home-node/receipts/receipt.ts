// A receipt: home's word, in a header, that it knows when a delivery arrived. A service that judges how old a signature
// is then judges by its own rule at that time. The receipt is bound to one request, whole; it says nothing about who
// sent it, and a service checks the signature as ever.
//
//   Porchlight-Receipt: v2 <t> <made> <mac>
//     t     time of arrival, ms since the epoch, decimal
//     made  when home made the receipt, the same
//     mac   base64url (no padding) of HMAC-SHA256 over these fields, each as `<bytes>:<value>`, or `-` when the request
//           has no such header, joined by LF: "porchlight-receipt-v2", t, made, method, path and query, Host,
//           Signature, Signature-Input, Digest, Content-Digest, SHA-256 of the body (base64url)

import { createHmac, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { fieldValue, type SignedRequest } from '../../shared/signature/request.ts';

export const receiptHeader = 'Porchlight-Receipt';

/** What a hook (home-node/hooks/) says in the answer to a request that it judged by its receipt. */
export const judgedHeader = 'porchlight-hook';
export const judgedValue = 'v1 judged-at-arrival';

/** The request that a receipt is about, as it was sent. */
export interface ReceiptSubject extends SignedRequest {
  /** Base64url without padding. */
  readonly bodySha256: string;
}

/** Both in ms since the epoch: the first by the edge's clock, the second by home's. */
export interface ReceiptTimes {
  readonly receivedAt: number;
  readonly madeAt: number;
}

const boundHeaders = ['signature', 'signature-input', 'digest', 'content-digest'] as const;

/** `bodySha256` of a body. */
export function bodyDigest(body: Uint8Array): string {
  return hash('sha256', body, 'base64url');
}

/** Who makes many of them hands in a KeyObject: Node takes 7 µs to make one of bytes, for each receipt anew. */
export function makeReceipt(secret: Uint8Array | KeyObject, subject: ReceiptSubject, times: ReceiptTimes): string {
  return `v2 ${times.receivedAt} ${times.madeAt} ${macOf(secret, subject, times).toString('base64url')}`;
}

/** null unless `receipt` was made with this secret for this request. */
export function readReceipt(secret: Uint8Array, subject: ReceiptSubject, receipt: string): ReceiptTimes | null {
  const [, time, made, mac] = /^v2 ([1-9]\d{0,15}) ([1-9]\d{0,15}) ([\w-]{43})$/.exec(receipt) ?? [];
  if (time === undefined || made === undefined || mac === undefined) return null;
  const times = { receivedAt: Number(time), madeAt: Number(made) };
  const given = Buffer.from(mac, 'base64url');
  const wanted = macOf(secret, subject, times);
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? times : null;
}

function macOf(secret: Uint8Array | KeyObject, subject: ReceiptSubject, { receivedAt, madeAt }: ReceiptTimes): Buffer {
  const { method, path, host, bodySha256 } = subject;
  const fields = [
    'porchlight-receipt-v2',
    String(receivedAt),
    String(madeAt),
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
