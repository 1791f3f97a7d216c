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
    return await this.#parts.api.replay(since);
  }

  /** The same of one delivery that is kept. */
  async replayOne(seq: number, id: string): Promise<ReplayReply> {
    await this.#parts.ledger.doubtDelivered(id);
    return await this.#parts.api.replayOne(seq);
  }

  /** Throws as KeyRotation.rotate. */
  async rotateKey(): Promise<void> {
    await this.#parts.rotation.rotate();
  }
}
