// Strict base64 (RFC 4648 section 4, with padding): what signatures, digests and PEM are written in. One value has
// exactly one spelling, so that nothing can be said twice in two ways.

/** null when `text` is not base64 as an encoder writes it. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const binary = atob(text);
  // RFC 4648 section 3.5: bits that the last character leaves unused must be zero, which re-encoding shows.
  if (btoa(binary) !== text) return null;
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
