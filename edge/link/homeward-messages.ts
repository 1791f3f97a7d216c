// What a visitor's WebSocket sent and home has given no credit for yet. The platform hands messages over whole and knows
// no backpressure, so they wait here; they leave cut into frames as large as credit and frame allow. Text stays a string
// until it leaves: as bytes beside it, a long one would be held twice.

import { limits } from '../../shared/limits.ts';
import { frameHeaderBytes, writeFrameHeader } from '../../shared/link/codec.ts';
import { flags } from '../../shared/link/frames.ts';

/** Longest UTF-8 of one character: with less room a frame of text might hold none. */
const characterBytes = 4;

const encoder = new TextEncoder();

export class HomewardMessages {
  readonly #messages: (string | ArrayBuffer)[] = [];
  /** How much of the first has left: bytes, or UTF-16 units of text. */
  #at = 0;
  #waiting = 0;

  /** What waits: bytes, of text its UTF-16 units. */
  get waiting(): number {
    return this.#waiting;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  put(message: string | ArrayBuffer): void {
    this.#messages.push(message);
    this.#waiting += lengthOf(message);
  }

  /** The next frame; its cost (messageCost) is at most `credit`. null: nothing waits, or the credit is too small. */
  next(stream: number, credit: number): Uint8Array<ArrayBuffer> | null {
    const message = this.#messages[0];
    const room = Math.min(credit - frameHeaderBytes, limits.framePayloadBytes);
    if (message === undefined || room < Math.min(characterBytes, lengthOf(message))) return null;
    const from = this.#at;
    const frame = typeof message === 'string' ? this.#text(message, room) : this.#binary(message, room);
    this.#waiting -= this.#at - from;
    const isLast = this.#at === lengthOf(message);
    if (isLast) {
      this.#messages.shift();
      this.#at = 0;
    }
    const name = typeof message === 'string' ? 'TEXT' : 'BINARY';
    writeFrameHeader(frame, 0, name, isLast ? 0 : flags.more, stream, frame.length - frameHeaderBytes);
    return frame;
  }

  /** Nobody wants it any more. */
  clear(): void {
    this.#messages.length = 0;
    this.#at = 0;
    this.#waiting = 0;
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
