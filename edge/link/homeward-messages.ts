// What a visitor's WebSocket sent and home has given no credit for yet. The platform hands messages over whole and knows
// no backpressure, so they wait here; they leave cut into frames as large as credit and frame allow. Text waits as the
// UTF-8 that it leaves as: as a string, one character beyond Latin-1 makes V8 hold two bytes for each.

import { limits } from '../../shared/limits.ts';
import { frameHeaderBytes, writeFrameHeader } from '../../shared/link/codec.ts';
import { flags } from '../../shared/link/frames.ts';

export interface HomewardMessage {
  readonly name: 'TEXT' | 'BINARY';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** With less room than this a frame holds none of a message that is longer. */
const pieceBytes = 4;
/** What a message costs besides its bytes while it waits: empty ones are not free. */
const entryBytes = 64;
/** So many places of messages that have left are kept. */
const emptyPlaces = 1024;

const encoder = new TextEncoder();

export function homeward(message: string | ArrayBuffer): HomewardMessage {
  if (typeof message !== 'string') return { name: 'BINARY', bytes: new Uint8Array(message) };
  return { name: 'TEXT', bytes: encoder.encode(message) as Uint8Array<ArrayBuffer> };
}

/** What would wait more with this message. Of text that is not encoded yet: at least so much. */
export function weightOf(message: HomewardMessage | string | ArrayBuffer): number {
  if (typeof message === 'string') return message.length + entryBytes;
  return ('bytes' in message ? message.bytes.length : message.byteLength) + entryBytes;
}

export class HomewardMessages {
  /** null: has left. */
  #messages: (HomewardMessage | null)[] = [];
  /** Place of the first that has not left whole. */
  #first = 0;
  /** How many bytes of the first have left. */
  #at = 0;
  #waiting = 0;

  /** What is held: the bytes of messages that have not left whole, and something for each. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The same of the first alone, 0 if none waits. */
  get first(): number {
    const first = this.#messages[this.#first];
    return first === undefined || first === null ? 0 : weightOf(first);
  }

  get isEmpty(): boolean {
    return this.#first === this.#messages.length;
  }

  put(message: HomewardMessage): void {
    this.#messages.push(message);
    this.#waiting += weightOf(message);
  }

  /** The next frame; its cost (messageCost) is at most `credit`. null: nothing waits, or the credit is too small. */
  next(stream: number, credit: number): Uint8Array<ArrayBuffer> | null {
    const message = this.#messages[this.#first];
    if (message === undefined || message === null) return null;
    const { name, bytes } = message;
    const room = Math.min(credit - frameHeaderBytes, limits.framePayloadBytes);
    const leftBytes = bytes.length - this.#at;
    if (room < Math.min(pieceBytes, leftBytes)) return null;
    // Pieces may be cut between any two bytes (docs/protocol.md).
    const length = Math.min(room, leftBytes);
    const frame = new Uint8Array(frameHeaderBytes + length);
    frame.set(bytes.subarray(this.#at, this.#at + length), frameHeaderBytes);
    this.#at += length;
    const isLast = length === leftBytes;
    if (isLast) this.#left(message);
    writeFrameHeader(frame, 0, name, isLast ? 0 : flags.more, stream, length);
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
  #left(message: HomewardMessage): void {
    this.#messages[this.#first] = null;
    this.#first += 1;
    this.#at = 0;
    this.#waiting -= weightOf(message);
    if (!this.isEmpty && (this.#first < emptyPlaces || this.#first < this.#messages.length / 2)) return;
    this.#messages = this.#messages.slice(this.#first);
    this.#first = 0;
  }
}
