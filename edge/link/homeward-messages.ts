// What a visitor's WebSocket sent and home has given no credit for yet. The platform hands messages over whole and knows
// no backpressure, so they wait here; they leave cut into frames as large as credit and frame allow. Text stays a string
// until it leaves: as bytes beside it, a long one would be held twice.

import { limits } from '../../shared/limits.ts';
import { frameHeaderBytes, writeFrameHeader } from '../../shared/link/codec.ts';
import { flags } from '../../shared/link/frames.ts';

/** Longest UTF-8 of one character: with less room a frame of text might hold none. */
const characterBytes = 4;
/** What a message costs besides its bytes while it waits: empty ones are not free. */
const entryBytes = 64;
/** So many places of messages that have left are kept. */
const emptyPlaces = 1024;

const encoder = new TextEncoder();

export class HomewardMessages {
  #messages: (string | ArrayBuffer)[] = [];
  /** Place of the first that has not left whole. */
  #first = 0;
  /** How much of the first has left: bytes, or UTF-16 units of text. */
  #at = 0;
  #waiting = 0;

  /** What waits: bytes, of text its UTF-16 units, and something for each message. */
  get waiting(): number {
    return this.#waiting;
  }

  get isEmpty(): boolean {
    return this.#first === this.#messages.length;
  }

  /** What would wait more with this message. */
  static weightOf(message: string | ArrayBuffer): number {
    return lengthOf(message) + entryBytes;
  }

  put(message: string | ArrayBuffer): void {
    this.#messages.push(message);
    this.#waiting += HomewardMessages.weightOf(message);
  }

  /** The next frame; its cost (messageCost) is at most `credit`. null: nothing waits, or the credit is too small. */
  next(stream: number, credit: number): Uint8Array<ArrayBuffer> | null {
    const message = this.#messages[this.#first];
    const room = Math.min(credit - frameHeaderBytes, limits.framePayloadBytes);
    if (message === undefined || room < Math.min(characterBytes, lengthOf(message))) return null;
    const from = this.#at;
    const frame = typeof message === 'string' ? this.#text(message, room) : this.#binary(message, room);
    this.#waiting -= this.#at - from;
    const isLast = this.#at === lengthOf(message);
    if (isLast) this.#left();
    const name = typeof message === 'string' ? 'TEXT' : 'BINARY';
    writeFrameHeader(frame, 0, name, isLast ? 0 : flags.more, stream, frame.length - frameHeaderBytes);
    return frame;
  }

  /** Nobody wants it any more. */
  clear(): void {
    this.#messages = [];
    this.#first = 0;
    this.#at = 0;
    this.#waiting = 0;
  }

  /** The first has left whole. Places are given up together: one by one, a long line would be moved up each time. */
  #left(): void {
    this.#messages[this.#first] = '';
    this.#first += 1;
    this.#at = 0;
    this.#waiting -= entryBytes;
    if (!this.isEmpty && (this.#first < emptyPlaces || this.#first < this.#messages.length / 2)) return;
    this.#messages = this.#messages.slice(this.#first);
    this.#first = 0;
  }

  #binary(message: ArrayBuffer, room: number): Uint8Array<ArrayBuffer> {
    const length = Math.min(room, message.byteLength - this.#at);
    const frame = new Uint8Array(frameHeaderBytes + length);
    frame.set(new Uint8Array(message, this.#at, length), frameHeaderBytes);
    this.#at += length;
    return frame;
  }

  #text(message: string, room: number): Uint8Array<ArrayBuffer> {
    let end = Math.min(message.length, this.#at + room);
    // A pair of surrogates is one character.
    if (end < message.length && isHighSurrogate(message.charCodeAt(end - 1))) end -= 1;
    const piece = message.slice(this.#at, end);
    const frame = new Uint8Array(frameHeaderBytes + Math.min(room, piece.length * 3));
    const { read, written } = encoder.encodeInto(piece, frame.subarray(frameHeaderBytes));
    this.#at += read;
    return frame.subarray(0, frameHeaderBytes + written);
  }
}

function lengthOf(message: string | ArrayBuffer): number {
  return typeof message === 'string' ? message.length : message.byteLength;
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}
