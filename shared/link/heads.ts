// The heads of a carried request and of its response, as REQUEST and RESPONSE hold them. Framing never comes from
// them: where a body ends is said by frames alone, so that no header can make one request look like two.

import { PorchlightError } from '../errors.ts';
import { type Frame, isEnd, malformed, recordOf } from './codec.ts';

/** Name, value, name, value, in the order they came; repeated names repeat. Flat, because both ends use it so. */
export type FlatHeaders = readonly string[];

export interface RequestHead {
  readonly method: string;
  /** Path and query in origin form (RFC 9112 section 3.2.1). */
  readonly path: string;
  /** Host as the visitor addressed it; it decides the service, on both sides. */
  readonly host: string;
  /** Without host. */
  readonly headers: FlatHeaders;
  /** What the visitor wants the connection to become; headers of the handshake itself are not carried. */
  readonly upgrade?: 'websocket';
}

export interface ResponseHead {
  /** 200 to 599, or 101 where a WebSocket was asked for: what else comes before the final response stays at home. */
  readonly status: number;
  readonly headers: FlatHeaders;
}

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 section 5.5: what must never be in a value. */
const breaksValue = /[\0\r\n]/;
/** Origin form: no space, no control character, nothing that is not one byte. */
const originForm = /^\/[\x21-\x7e\x80-\xff]*$/;

/** Throws `link-malformed`. */
export function requestHeadOf(frame: Frame): RequestHead {
  const { method, path, host, headers, upgrade } = recordOf(frame);
  if (typeof method !== 'string' || !token.test(method)) throw malformed('a request has no method');
  if (typeof path !== 'string' || !originForm.test(path)) throw malformed('a request has no path in origin form');
  if (typeof host !== 'string' || host === '') throw malformed('a request has no host');
  if (upgrade !== undefined && upgrade !== 'websocket') throw malformed('a request wants to become what nobody knows');
  if (upgrade !== undefined && isEnd(frame)) throw malformed('a WebSocket is asked for and ended in one');
  return { method, path, host, headers: headersOf(headers), ...(upgrade === undefined ? {} : { upgrade }) };
}

/** `wantsUpgrade`: the request asked for a WebSocket. Throws `link-malformed`. */
export function responseHeadOf(frame: Frame, wantsUpgrade = false): ResponseHead {
  const { status, headers } = recordOf(frame);
  const isFinal = typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599;
  if (!isFinal && !(status === 101 && wantsUpgrade && !isEnd(frame))) throw malformed('a response has no final status');
  return { status: Number(status), headers: headersOf(headers) };
}

/**
 * A head as the text of its frame, in ASCII, so that its length in characters is its length in bytes. Throws
 * `head-too-large` above `maxBytes`.
 */
export function headText(head: RequestHead | ResponseHead, maxBytes: number): string {
  const text = JSON.stringify(head).replace(/[^\x20-\x7e]/g, escaped);
  if (text.length <= maxBytes) return text;
  throw new PorchlightError(
    'head-too-large',
    `Cannot carry a head of ${text.length} bytes: at most ${maxBytes} are allowed; send fewer or shorter headers.`,
  );
}

/** The value of a header that may come once, or null. Names are compared without regard to case. */
export function headerOf(headers: FlatHeaders, lowerName: string): string | null {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === lowerName) return headers[at + 1] ?? null;
  }
  return null;
}

function headersOf(headers: unknown): FlatHeaders {
  if (!Array.isArray(headers) || headers.length % 2 !== 0) throw malformed('headers are no list of names and values');
  for (let at = 0; at < headers.length; at += 2) {
    const name: unknown = headers[at];
    const value: unknown = headers[at + 1];
    if (typeof name !== 'string' || !token.test(name)) throw malformed('a header has no name');
    if (typeof value !== 'string' || breaksValue.test(value)) throw malformed('a header has no value');
  }
  return headers as FlatHeaders;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
