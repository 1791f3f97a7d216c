// A small edge, a service and the intake between them, for tests.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EdgeApi } from '../../../home-node/edge-api/edge-api.ts';
import { SignedCalls } from '../../../home-node/edge-api/signed-calls.ts';
import type { Recipient } from '../../../home-node/intake/deliver.ts';
import type { Intake } from '../../../home-node/intake/lease.ts';
import { Ledger } from '../../../home-node/intake/ledger.ts';
import { type IntakeParts, type OpenIntake, openIntake } from '../../../home-node/intake/open-intake.ts';
import { fullPace, type Pace } from '../../../home-node/intake/pace.ts';
import type { IntakePoint } from '../../../home-node/intake/sender-work.ts';
import { createLog } from '../../../home-node/log.ts';
import { type Clock, systemClock, systemRandom } from '../../../shared/clock.ts';
import { plainAdapter } from './plain-adapter.ts';
import { SmallEdge } from './small-edge.ts';
import { SmallService } from './small-service.ts';

export class House {
  readonly edge: SmallEdge;
  readonly service: SmallService;
  readonly ledger: Ledger;
  readonly calls: SignedCalls;
  readonly points: [IntakePoint, string][] = [];
  readonly silent: string[] = [];
  readonly said: string[] = [];
  readonly recipients: Map<string, Recipient>;
  readonly #folder: string;
  readonly #open: OpenIntake;
  /** Where the service is; null while it is down. */
  serviceOrigin: string | null;

  private constructor(
    edge: SmallEdge,
    service: SmallService,
    ledger: Ledger,
    folder: string,
    timing: Timing,
    clock: Clock,
    pace: Pace,
  ) {
    this.edge = edge;
    this.service = service;
    this.ledger = ledger;
    this.#folder = folder;
    this.serviceOrigin = service.origin;
    const name = 'home';
    this.recipients = new Map([[name, { name, adapter: plainAdapter, origin: () => this.serviceOrigin }]]);
    this.calls = new SignedCalls({
      edge: edge.origin,
      key: edge.privateKey,
      random: systemRandom,
      retryFirstMs: 10,
      retryMaxMs: 50,
    });
    this.#open = openIntake({
      api: new EdgeApi(this.calls),
      ledger,
      recipients: this.recipients,
      clock,
      log: createLog('debug', clock, (line) => this.said.push(line)),
      observe: (point, { id }) => this.points.push([point, id]),
      onSilent: (name) => {
        this.silent.push(name);
        this.serviceOrigin = null;
      },
      onDrained: () => undefined,
      paceOf: () => pace,
      timing,
    });
    edge.onWork = () => this.intake.wake();
  }

  static async start(timing: Timing = {}, clock = systemClock, pace = fullPace): Promise<House> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-intake-'));
    const ledger = await Ledger.open(join(folder, 'ledger.sqlite'));
    return new House(await SmallEdge.start(), await SmallService.start(), ledger, folder, timing, clock, pace);
  }

  get intake(): Intake {
    return this.#open.intake;
  }

  connect(): void {
    this.calls.use(this.edge.session);
    this.intake.connected();
  }

  async end(): Promise<void> {
    await this.calls.close();
    await this.#open.close();
    await this.ledger.close();
    await this.service.stop();
    await this.edge.stop();
    rmSync(this.#folder, { recursive: true });
  }
}

type Timing = NonNullable<IntakeParts['timing']>;
