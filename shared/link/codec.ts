// Frames to bytes and back, by the table in frames.ts. Decoding believes nothing: whatever a message holds, it becomes
// frames within the limits or a PorchlightError.

import { PorchlightError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type CancelCode, cancelCodes, type FrameName, flags, frameTable, rowOfType } from './frames.ts';

export interface Frame {
  readonly name: FrameName;
  readonly flags: number;
  readonly stream: number;
  /** A view into the message. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

export const frameHeaderBytes = 10;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder();
const none = new Uint8Array(0);
const cancelNames = new Map(Object.entries(cancelCodes).map(([name, code]) => [code as number, name as CancelCode]));

/** Writes a frame's header at `at`; the payload of `length` bytes follows it. */
export function writeFrameHeader(
  into: Uint8Array,
  at: number,
  name: FrameName,
  frameFlags: number,
  stream: number,
  length: number,
): void {
  into[at] = frameTable[name].type;
  into[at + 1] = frameFlags;
  writeU32(into, at + 2, stream);
  writeU32(into, at + 6, length);
}

export function encodeFrame(
  name: FrameName,
  stream = 0,
  payload: Uint8Array = none,
  frameFlags = 0,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(frameHeaderBytes + payload.length);
  writeFrameHeader(bytes, 0, name, frameFlags, stream, payload.length);
  bytes.set(payload, frameHeaderBytes);
  return bytes;
}

/** A frame whose payload is text: JSON or a JWS. */
export function encodeTextFrame(name: FrameName, text: string, stream = 0, frameFlags = 0): Uint8Array<ArrayBuffer> {
  return encodeFrame(name, stream, encoder.encode(text), frameFlags);
}

export function encodeCredit(stream: number, credit: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(frameHeaderBytes + 4);
  writeFrameHeader(bytes, 0, 'CREDIT', 0, stream, 4);
  writeU32(bytes, frameHeaderBytes, credit);
  return bytes;
}

/** MARK or MARKED. */
export function encodeMark(name: 'MARK' | 'MARKED', number: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(frameHeaderBytes + 4);
  writeFrameHeader(bytes, 0, name, 0, 0, 4);
  writeU32(bytes, frameHeaderBytes, number);
  return bytes;
}

/** `reason` is for the other side's log; what does not fit the frame is cut off. */
export function encodeCancel(stream: number, code: CancelCode, reason: string): Uint8Array<ArrayBuffer> {
  const text = encoder.encode(reason).subarray(0, frameTable.CANCEL.maxBytes - 2);
  const payload = new Uint8Array(2 + text.length);
  payload[1] = cancelCodes[code];
  payload.set(text, 2);
  return encodeFrame('CANCEL', stream, payload);
}

/**
 * The frames of one message, in order. Throws `link-malformed` when lengths do not add up or a stream number is where
 * none belongs, `link-oversize` above a limit, `link-unknown-frame` for an unknown type that is not optional.
 */
export function decodeMessage(message: Uint8Array<ArrayBuffer>): readonly Frame[] {
  if (message.length > limits.linkMessageBytes) throw oversize('a message', message.length, limits.linkMessageBytes);
  const frames: Frame[] = [];
  let at = 0;
  while (at < message.length) {
    if (message.length - at < frameHeaderBytes) throw malformed('a frame is cut off in its header');
    const type = message[at] ?? 0;
    const frameFlags = message[at + 1] ?? 0;
    const stream = readU32(message, at + 2);
    const length = readU32(message, at + 6);
    at += frameHeaderBytes;
    if (length > message.length - at) throw malformed('a frame is longer than its message');
    const row = rowOfType.get(type);
    if (row === undefined) {
      if ((frameFlags & flags.optional) === 0) throw unknownFrame(type);
    } else {
      if (length > row.maxBytes) throw oversize(row.name, length, row.maxBytes);
      if ((stream === 0) !== (row.on === 'link')) throw malformed(`${row.name} came for stream ${stream}`);
      frames.push({ name: row.name, flags: frameFlags, stream, payload: message.subarray(at, at + length) });
    }
    at += length;
  }
  return frames;
}

export function isEnd(frame: Frame): boolean {
  return (frame.flags & flags.end) !== 0;
}

/** Bytes granted by a CREDIT frame. Throws `link-malformed`. */
export function creditOf(frame: Frame): number {
  if (frame.payload.length !== 4) throw malformed('CREDIT does not hold a number');
  return readU32(frame.payload, 0);
}

/** Number of a MARK or MARKED. Throws `link-malformed`. */
export function markOf(frame: Frame): number {
  if (frame.payload.length !== 4) throw malformed(`${frame.name} does not hold a number`);
  return readU32(frame.payload, 0);
}

export function cancelOf(frame: Frame): { readonly code: CancelCode; readonly reason: string } {
  if (frame.payload.length < 2) throw malformed('CANCEL does not hold a code');
  const code = (frame.payload[0] ?? 0) * 256 + (frame.payload[1] ?? 0);
  return { code: cancelNames.get(code) ?? 'failed', reason: lenientDecoder.decode(frame.payload.subarray(2)) };
}

/** Throws `link-malformed` when the payload is not UTF-8. */
export function textOf(frame: Frame): string {
  try {
    return decoder.decode(frame.payload);
  } catch (thrown) {
    throw malformed(`${frame.name} is not UTF-8`, thrown);
  }
}

/** The payload as a JSON object. Throws `link-malformed` when it is anything else. */
export function recordOf(frame: Frame): Readonly<Record<string, unknown>> {
  const text = textOf(frame);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw malformed(`${frame.name} is not JSON`, thrown);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`${frame.name} is no object`);
  return value as Record<string, unknown>;
}

export function malformed(found: string, cause?: unknown): PorchlightError {
  return new PorchlightError(
    'link-malformed',
    `Cannot read the link: ${found}; bring home and edge to the same version.`,
    {
      cause,
    },
  );
}

function oversize(what: string, length: number, max: number): PorchlightError {
  return new PorchlightError(
    'link-oversize',
    `Cannot read the link: ${what} has ${length} bytes, at most ${max} are allowed; bring home and edge to the same version.`,
  );
}

function unknownFrame(type: number): PorchlightError {
  return new PorchlightError(
    'link-unknown-frame',
    `Cannot read the link: frame type ${type} is not known here; bring edge and home to the same version.`,
  );
}

function writeU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

function readU32(from: Uint8Array, at: number): number {
  return (
    (from[at] ?? 0) * 0x100_0000 + (((from[at + 1] ?? 0) << 16) | ((from[at + 2] ?? 0) << 8) | (from[at + 3] ?? 0))
  );
}
