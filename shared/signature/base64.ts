// Strict base64 (RFC 4648 section 4, with padding): what signatures, digests and PEM are written in. One value has
// exactly one spelling, so that nothing can be said twice in two ways.

/** RFC 4648 section 3.5: bits that the last character leaves unused are zero, so only some may stand before `=`. */
const written = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

/** null when `text` is not base64 as an encoder writes it. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (!written.test(text)) return null;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
