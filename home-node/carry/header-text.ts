// Header values between the link, where they are text as the edge's runtime knows it (UTF-8 decoded), and the wire
// before a service, where they are bytes. What was UTF-8 arrives byte for byte, both ways.

const isAscii = /^[\x20-\x7e\t]*$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** For undici, which writes each character as one byte. */
export function toWire(value: string): string {
  return isAscii.test(value) ? value : Buffer.from(value, 'utf8').toString('latin1');
}

/** Bytes that are no UTF-8 are read as ISO 8859-1 (RFC 9110 section 5.5 knows no other). */
export function fromWire(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  if (isAscii.test(text)) return text;
  try {
    return utf8.decode(bytes);
  } catch {
    return text;
  }
}
