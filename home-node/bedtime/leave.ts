// Keeps the edge's snapshot up to date: at each connection, when a service comes up, now and then while awake, soon
// after deliveries, and at bedtime. Sent only when strangers would be told something else than before.

import type { Clock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';
import type { SignatureKind, Snapshot } from '../../shared/snapshot.ts';
import type { Adapter, Leavings } from '../adapters/adapter.ts';
import { EdgeRefusal } from '../edge-api/send.ts';
import type { Log } from '../log.ts';
import type { LeavingsFile } from './leavings-file.ts';
import { type SnapshotContent, type SnapshotService, snapshotContent } from './snapshot.ts';

export interface LeavingService {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly adapter: Adapter;
  /** Origin on loopback; null while it is down. */
  origin(): string | null;
}

export interface LeaverOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly language: string;
  readonly title: string;
  readonly services: readonly LeavingService[];
  readonly kept: LeavingsFile;
  readonly senders: () => Promise<readonly string[]>;
  /** A version above every earlier one, and at least this. */
  readonly nextVersion: (atLeast: number) => Promise<number>;
  readonly send: (snapshot: Snapshot) => Promise<void>;
  /** How long a service may take to say what it leaves, ms. */
  readonly askMs?: number;
}

const dayMs = 24 * 3600 * 1000;
/** A clock that is further behind than this must be set by somebody. */
const furthestDays = 20_000;

export class Leaver {
  readonly #options: LeaverOptions;
  #left: string | null = null;
  #leftAt: number | null = null;
  #last: Promise<boolean> = Promise.resolve(true);

  constructor(options: LeaverOptions) {
    this.#options = options;
  }

  /** The edge may have lost or never had it: the next time it is sent in any case. */
  forget(): void {
    this.#left = null;
  }

  /** Leaves what there is to leave. Resolves to whether the edge now has it; what failed is in the log. One at a time. */
  async leave(): Promise<boolean> {
    this.#last = this.#last.then(async () => await this.#leave());
    return await this.#last;
  }

  /** When the edge last took a snapshot from here, ms since the epoch by home's clock; null if it has not. */
  get leftAt(): number | null {
    return this.#leftAt;
  }

  /** Paths of public pages worth warming, as the services last said. */
  pages(): readonly string[] {
    const { services, kept } = this.#options;
    return [...new Set(services.flatMap(({ name }) => kept.of(name)?.pages ?? []))];
  }

  async #leave(): Promise<boolean> {
    const { log } = this.#options;
    try {
      const content = await this.#gather();
      // Before any service was ever up there is nothing to say; what an earlier edge was told may still be good.
      if (content.services.length === 0) return false;
      const said = JSON.stringify(content);
      if (said === this.#left) return true;
      const version = await this.#send(content);
      this.#left = said;
      this.#leftAt = this.#options.clock.now();
      log.debug(`Left snapshot ${version} at the edge.`);
      return true;
    } catch (thrown) {
      log.warn(`Cannot leave a snapshot at the edge: ${causeOf(thrown)}`);
      return false;
    }
  }

  /**
   * Versions are times, so that they rise even when home forgot the last one. With a clock that is behind as well, as
   * after a new disk in a computer without a clock chip, the next version is looked for in growing steps.
   */
  async #send(content: SnapshotContent): Promise<number> {
    const { clock, nextVersion, send } = this.#options;
    const madeAt = clock.now();
    for (let days = 0; ; days = days * 30 + 1) {
      const version = await nextVersion(madeAt + days * dayMs);
      try {
        await send({ version, madeAt, ...content });
        return version;
      } catch (thrown) {
        const older = thrown instanceof EdgeRefusal && thrown.reason === 'snapshot-older';
        if (!older || days > furthestDays) throw thrown;
      }
    }
  }

  async #gather(): Promise<SnapshotContent> {
    const { language, title, services, senders } = this.#options;
    const asked = await Promise.all(services.map(async (service) => await this.#ask(service)));
    const known: SnapshotService[] = asked.filter((one) => one !== null);
    const complete = known.length === services.length && known.every(({ leavings }) => leavings.accounts !== null);
    return snapshotContent({ language, title, complete, services: known, senders: await senders() });
  }

  /** What the service leaves now, or left last; null if it never did: then it cannot be judged for either. */
  async #ask(service: LeavingService): Promise<SnapshotService | null> {
    const { name, hosts, adapter } = service;
    const signatures: readonly SignatureKind[] = adapter.signatures;
    const leavings = (await this.#fresh(service)) ?? this.#options.kept.of(name);
    return leavings === null ? null : { name, hosts, signatures, leavings };
  }

  async #fresh(service: LeavingService): Promise<Leavings | null> {
    const { kept, log, askMs = 10_000 } = this.#options;
    const { name, adapter } = service;
    const base = service.origin();
    if (base === null) return null;
    try {
      const leavings = await adapter.leavings(new URL(base), AbortSignal.timeout(askMs));
      kept.keep(name, leavings);
      return leavings;
    } catch (thrown) {
      log.warn(`Cannot learn what ${name} leaves at the edge: ${causeOf(thrown)}; what it left last stays.`);
      return null;
    }
  }
}
