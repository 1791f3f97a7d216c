// What an owner may have a home do while it is awake, beyond sleeping: single services, single deliveries, the key.

import type { ReplayReply } from '../shared/lease/messages.ts';
import type { EdgeApi } from './edge-api/edge-api.ts';
import type { Ledger } from './intake/ledger.ts';
import type { KeyRotation } from './key-rotation.ts';
import type { StoppedFile } from './services/stopped-file.ts';
import type { Supervisor } from './services/supervisor.ts';

export interface OwnerDeedsParts {
  readonly api: EdgeApi;
  readonly ledger: Ledger;
  readonly rotation: KeyRotation;
  readonly supervisor: Supervisor;
  readonly stoppedFile: StoppedFile;
  readonly missed: Missed;
}

/** Services do not have what their owner asks for again: home vouches for when it arrived, ms since the epoch. */
export interface Missed {
  readonly since: (time: number) => void;
  /** What arrived just then, and only while this process lives. */
  readonly at: (time: number) => void;
}

export class OwnerDeeds {
  readonly #parts: OwnerDeedsParts;

  constructor(parts: OwnerDeedsParts) {
    this.#parts = parts;
  }

  /** What the edge can be asked. */
  get api(): EdgeApi {
    return this.#parts.api;
  }

  /** Stops a service until `startService`, also over restarts. Throws `no-such-service`. */
  async stopService(name: string, until: number | null): Promise<void> {
    const { supervisor, stoppedFile } = this.#parts;
    await supervisor.stopService(name, until);
    stoppedFile.write(supervisor.stopped());
  }

  /** Throws `no-such-service`. */
  async startService(name: string): Promise<void> {
    const { supervisor, stoppedFile } = this.#parts;
    await supervisor.startService(name);
    stoppedFile.write(supervisor.stopped());
  }

  /** The owner says that services lost what they took since then: it is delivered again. */
  async replaySince(since: number): Promise<ReplayReply> {
    await this.#parts.ledger.doubtDelivered();
    this.#parts.missed.since(since);
    return await this.#parts.api.replay(since);
  }

  /** The same of one delivery that is kept. */
  async replayOne(seq: number, id: string): Promise<ReplayReply> {
    await this.#parts.ledger.doubtDelivered(id);
    this.#parts.missed.at((await this.#parts.api.delivery(id)).delivery.receivedAt);
    return await this.#parts.api.replayOne(seq);
  }

  /** Tries a dead letter once more. Throws as EdgeApi.retryDead. */
  async retryDead(seq: number): Promise<{ readonly seq: number }> {
    const letter = (await this.#parts.api.deadLetters()).find((one) => one.seq === seq);
    if (letter !== undefined) this.#parts.missed.at(letter.receivedAt);
    return await this.#parts.api.retryDead(seq);
  }

  /** Throws as KeyRotation.rotate. */
  async rotateKey(): Promise<void> {
    await this.#parts.rotation.rotate();
  }
}
