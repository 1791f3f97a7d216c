// What home holds of services' answers that were not sent on yet, all together. One answer alone may fill its queue;
// while many readers have stopped, each answer may hold no more than one read of its connection. A queue that is empty
// may always be filled again, so that nobody waits for a stranger to read.

import { limits } from '../../shared/limits.ts';

export class AnswerMemory {
  #bytes = 0;

  /** Bytes held of all answers. */
  get bytes(): number {
    return this.#bytes;
  }

  /** An answer holds so many more bytes than before; below zero: fewer. */
  changed(bytes: number): void {
    this.#bytes += bytes;
  }

  /** An answer of which so many bytes are held must wait. */
  isFull(ownBytes: number): boolean {
    return ownBytes >= limits.answerBytes || (ownBytes > 0 && this.#bytes >= limits.answersBytes);
  }

  /** An answer that waited, and of which so many bytes are still held, may go on. */
  isRoomy(ownBytes: number): boolean {
    return ownBytes === 0 || (ownBytes <= limits.answerBytes / 2 && this.#bytes < limits.answersBytes);
  }
}
