// As much of DER (ITU-T X.690) as public keys need: read one element, write one element. Lengths are checked against
// the bytes that are there, because the bytes come from strangers.

import { refused } from './refused.ts';

export interface Element {
  readonly tag: number;
  readonly content: Uint8Array<ArrayBuffer>;
  /** Where the next element begins. */
  readonly end: number;
}

export const sequence = 0x30;
export const integer = 0x02;
export const bitString = 0x03;

/** The element of `bytes` at `at`, which must be of this tag. Throws `signature-refused`. */
export function readElement(bytes: Uint8Array<ArrayBuffer>, at: number, tag: number): Element {
  const first = bytes[at + 1];
  if (bytes[at] !== tag || first === undefined) throw malformed();
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  // X.690 section 10.1: definite form. Three bytes of length are 16 MiB, more than any key document may be.
  if (first === 0x80 || lengthBytes > 3) throw malformed();
  let length = lengthBytes === 0 ? first : 0;
  const start = at + 2 + lengthBytes;
  for (const byte of bytes.subarray(at + 2, start)) length = length * 256 + byte;
  if (start + length > bytes.length) throw malformed();
  return { tag, content: bytes.subarray(start, start + length), end: start + length };
}

/** One element of this tag around `parts`, which must be shorter than 64 KiB. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  // X.690 section 10.1: in the fewest bytes that can say it.
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function malformed() {
  return refused('the public key is not DER as RFC 5280 and RFC 8017 describe; publish it as SPKI in PEM');
}
