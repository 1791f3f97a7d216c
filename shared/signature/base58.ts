// base58btc, the alphabet of Multikey's `publicKeyMultibase` (multibase prefix `z`).

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** Longer than any key here; the conversion is quadratic. */
const longest = 128;

/** null when `text` is not base58btc, or longer than 128 characters. */
export function decodeBase58(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length === 0 || text.length > longest) return null;
  let value = 0n;
  for (const character of text) {
    const digit = alphabet.indexOf(character);
    if (digit === -1) return null;
    value = value * 58n + BigInt(digit);
  }
  // Each leading '1' stands for a zero byte that the number itself cannot show.
  const zeros = /^1*/.exec(text)?.[0].length ?? 0;
  const bytes: number[] = [];
  for (; value > 0n; value >>= 8n) bytes.unshift(Number(value & 0xffn));
  return Uint8Array.from([...new Array<number>(zeros).fill(0), ...bytes]);
}
