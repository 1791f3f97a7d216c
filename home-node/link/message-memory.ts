// What one link holds of WebSocket messages that services sent and visitors have not taken, all together. A message comes
// whole and as long as its service likes, so one visitor who does not read costs up to limits.webSocketMessageBytes; many
// of them must not cost as much each.

import { limits } from '../../shared/limits.ts';

export class MessageMemory {
  #bytes = 0;

  /** Bytes held of all messages. */
  get bytes(): number {
    return this.#bytes;
  }

  /** So many bytes more are held than before; below zero: fewer. */
  changed(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A service of which anything waits is not read on. */
  get isFull(): boolean {
    return this.#bytes >= limits.webSocketUnsentBytes / 2;
  }

  /** So many bytes more may be held. */
  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= limits.webSocketUnsentBytes;
  }
}
