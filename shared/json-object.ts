// JSON from strangers: bodies of deliveries and documents with keys. Bounded before it is parsed, so that no nesting
// can exhaust a stack, here or in the service that parses it next.

import { limits } from './limits.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export type JsonReading = { readonly json: JsonObject } | { readonly malformed: string };

/** Making one costs as much as reading a short body; what it was given before leaves nothing in it. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** An object in UTF-8 without a byte order mark (RFC 8259 section 8.1), at most `most` deep (`limits.jsonDepth`). */
export function readJsonObject(bytes: Uint8Array, most: number = limits.jsonDepth): JsonReading {
  if (isDeeperThan(bytes, most)) return { malformed: `it is nested deeper than ${most}` };
  try {
    const json: unknown = JSON.parse(decoder.decode(bytes));
    return isObject(json) ? { json } : { malformed: 'it is JSON, but not an object' };
  } catch (thrown) {
    // TypeError: not UTF-8; SyntaxError: not JSON. Nothing else is thrown by these two.
    return { malformed: thrown instanceof SyntaxError ? 'it is not JSON' : 'it is not UTF-8' };
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const quote = 0x22;
const backslash = 0x5c;

/** Counts brackets outside of strings, without recursion. Bytes above 0x7f are never one of the signs it looks for. */
function isDeeperThan(bytes: Uint8Array, most: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === backslash) at++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth++;
      if (depth > most) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}
