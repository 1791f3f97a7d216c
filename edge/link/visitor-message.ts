// A message of home's service for a visitor, while its pieces come: the platform sends messages only whole.

import { limits } from '../../shared/limits.ts';
import { type Frame, malformed } from '../../shared/link/codec.ts';
import { flags } from '../../shared/link/frames.ts';

/** The message is longer than limits.webSocketMessageBytes. */
export const tooLong = Symbol('too long');

export class VisitorMessage {
  #name: Frame['name'] | null = null;
  #bytes = 0;
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #text = '';
  #decoder: TextDecoder | null = null;

  /** Bytes of the pieces that came of a message that is not whole. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * A TEXT or BINARY frame. Returns the message when this was its last piece, null before. Pieces may be cut between any
   * two bytes. Throws `link-malformed` when text and binary are mixed.
   */
  put(frame: Frame): string | Uint8Array<ArrayBuffer> | null | typeof tooLong {
    const { name, payload } = frame;
    if (this.#name !== null && this.#name !== name) throw malformed(`${name} came inside of a message of another kind`);
    if (this.#bytes + payload.length > limits.webSocketMessageBytes) return tooLong;
    const isWhole = (frame.flags & flags.more) === 0;
    if (name === 'TEXT') return this.#putText(payload, isWhole);
    if (isWhole && this.#name === null) return payload;
    this.#name = name;
    this.#bytes += payload.length;
    // A copy, so that the message of the link, which may hold other frames, can go.
    this.#pieces.push(payload.slice());
    return isWhole ? this.#wholeBytes() : null;
  }

  /** What came of an unfinished message is let go. */
  clear(): void {
    this.#name = null;
    this.#bytes = 0;
    this.#pieces = [];
    this.#text = '';
    this.#decoder = null;
  }

  #putText(payload: Uint8Array<ArrayBuffer>, isWhole: boolean): string | null {
    this.#decoder ??= new TextDecoder('utf-8', { ignoreBOM: true, fatal: false });
    const text = this.#text + this.#decoder.decode(payload, { stream: !isWhole });
    if (isWhole) {
      this.clear();
      return text;
    }
    this.#name = 'TEXT';
    this.#bytes += payload.length;
    this.#text = text;
    return null;
  }

  #wholeBytes(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.clear();
    return whole;
  }
}
