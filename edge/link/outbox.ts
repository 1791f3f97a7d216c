// What the edge sends to home. While many requests are under way, frames wait for the next turn of the event loop and
// go in one message: each visitor's request is an event of its own here, and sending a message costs the object about
// as much as the rest of carrying does. While few are, nothing waits.

import { limits } from '../../shared/limits.ts';
import { letGo } from './let-go.ts';

/** A message is closed when it has so many bytes. */
const messageBytes = limits.framePayloadBytes;

export class EdgeOutbox {
  readonly #socket: WebSocket;
  readonly #onBroken: (thrown: unknown) => void;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  #timer: number | null = null;

  /** `onBroken`: the socket cannot be sent on any more. */
  constructor(socket: WebSocket, onBroken: (thrown: unknown) => void) {
    this.#socket = socket;
    this.#onBroken = onBroken;
  }

  /** Frames arrive in the order in which they were given. The frame's memory must not be used afterwards. */
  send(frame: Uint8Array<ArrayBuffer>, mayWait: boolean): void {
    if (!mayWait && this.#waiting.length === 0) {
      this.#give([frame]);
      return;
    }
    this.#waiting.push(frame);
    this.#bytes += frame.length;
    if (this.#bytes >= messageBytes) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), 0);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const frames = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    if (frames.length > 0) this.#give(frames);
  }

  #give(frames: readonly Uint8Array<ArrayBuffer>[]): void {
    const message = frames.length === 1 ? (frames[0] ?? new Uint8Array()) : joined(frames);
    try {
      this.#socket.send(message);
    } catch (thrown) {
      // The platform says so before it calls webSocketClose.
      this.#onBroken(thrown);
      return;
    }
    letGo(message.buffer);
    for (const { buffer } of frames) if (buffer !== message.buffer) letGo(buffer);
  }
}

function joined(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    message.set(frame, at);
    at += frame.length;
  }
  return message;
}
