// What the Link object writes down: one row. A new session writes it once, a loss or a good night once more; frames,
// requests and pings never do, because rows are what the platform counts.

import type { Incumbent } from '../../shared/link/handshake.ts';
import type { Away } from './presence.ts';

interface Row extends Incumbent {
  readonly openedAt: number;
  readonly away: Away | null;
}

const key = 'link';

export class LinkRecord {
  readonly #storage: DurableObjectStorage;
  #row: Row | null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#row = storage.kv.get<Row>(key) ?? null;
  }

  get incumbent(): Incumbent | null {
    return this.#row;
  }

  get away(): Away | null {
    return this.#row?.away ?? null;
  }

  get openedAt(): number | null {
    return this.#row?.openedAt ?? null;
  }

  /** A session begins. The same process coming back after a loss costs no write: presence asks the socket first. */
  opened(incumbent: Incumbent, now: number): void {
    const row = this.#row;
    const same = row?.process === incumbent.process && row.epoch === incumbent.epoch;
    if (same && row.away?.link !== 'asleep') return;
    this.#write({ ...incumbent, openedAt: now, away: null });
  }

  left(away: Away): void {
    if (this.#row !== null) this.#write({ ...this.#row, away });
  }

  #write(row: Row): void {
    this.#storage.kv.put(key, row);
    this.#row = row;
  }
}
