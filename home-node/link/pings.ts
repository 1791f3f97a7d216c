// Notices a half-open connection: home says "ping" now and then, and the edge's runtime answers without waking the
// object. Anything that comes counts as an answer.

import type { WebSocket } from 'ws';
import { limits } from '../../shared/limits.ts';
import { ping } from '../../shared/link/frames.ts';
import type { Timers } from './timers.ts';

export class Pings {
  readonly #socket: Pick<WebSocket, 'send' | 'terminate'>;
  readonly #timers: Timers;
  readonly #onSilent: () => void;
  #cancel: () => void = () => undefined;
  #isAwaited = false;

  /** `onSilent` is called once, after the socket was cut. */
  constructor(socket: Pick<WebSocket, 'send' | 'terminate'>, timers: Timers, onSilent: () => void) {
    this.#socket = socket;
    this.#timers = timers;
    this.#onSilent = onSilent;
    this.#wait();
  }

  heard(): void {
    if (!this.#isAwaited) return;
    this.#isAwaited = false;
    this.#cancel();
    this.#wait();
  }

  stop(): void {
    this.#cancel();
  }

  #wait(): void {
    this.#cancel = this.#timers.after(limits.linkPingMs, () => this.#ping());
  }

  #ping(): void {
    this.#socket.send(ping);
    this.#isAwaited = true;
    this.#cancel = this.#timers.after(limits.linkPongMs, () => {
      this.#socket.terminate();
      this.#onSilent();
    });
  }
}
