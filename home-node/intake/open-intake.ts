// Puts the parts of intake together: the ledger, the way of each sender's deliveries, and the loop that leases them.

import type { Clock } from '../../shared/clock.ts';
import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { EdgeApi } from '../edge-api/edge-api.ts';
import type { Log } from '../log.ts';
import { Deliverer, type Recipient } from './deliver.ts';
import { Intake, type IntakeOptions } from './lease.ts';
import type { Ledger } from './ledger.ts';
import { MarkGroup } from './mark-group.ts';
import type { Pace } from './pace.ts';
import { type Observe, SenderWork } from './sender-work.ts';

export interface IntakeParts {
  readonly api: Pick<EdgeApi, 'turn' | 'body'>;
  readonly ledger: Ledger;
  readonly recipients: ReadonlyMap<string, Recipient>;
  readonly clock: Clock;
  readonly log: Log;
  readonly observe: Observe;
  /** A service gave no answer. */
  readonly onSilent: (service: string) => void;
  readonly onDrained: (deliveries: number) => void;
  readonly paceOf?: (service: string) => Pace;
  readonly timing?: Pick<IntakeOptions, 'idleTurnMs' | 'troubleMs'> & { readonly deliverMs?: number };
}

export interface OpenIntake {
  readonly intake: Intake;
  close(): Promise<void>;
}

/** A delivery that was kept for this long at the edge cannot come again, whatever was lost there. */
const pruneAfterMs = limits.keptMs + 24 * 3600 * 1000;

/** It reads the whole ledger. */
const pruneEveryMs = 3600 * 1000;

export function openIntake(parts: IntakeParts): OpenIntake {
  const { api, ledger, recipients, clock, log, observe, timing = {} } = parts;
  const { deliverMs, ...intakeTiming } = timing;
  const deliverer = new Deliverer({ clock, ...(deliverMs === undefined ? {} : { timeoutMs: deliverMs }) });
  let prunedAt: number | null = null;
  /** Only when everything is drained: an answer that the edge has not heard would bring its delivery again. */
  const prune = (): void => {
    const now = clock.now();
    // By a clock that is ahead, everything would be old.
    if (intake.isClockOff) return;
    if (prunedAt !== null && Math.abs(now - prunedAt) < pruneEveryMs) return;
    prunedAt = now;
    ledger.prune(now - pruneAfterMs).catch((thrown: unknown) => log.warn(causeOf(thrown)));
  };
  const work = new SenderWork({
    clock,
    log,
    recipients,
    observe,
    marks: new MarkGroup(
      (marks) => ledger.mark(marks),
      () => ledger.pause,
    ),
    durable: async () => await ledger.durable(),
    deliver: async (recipient, delivery, body) => await deliverer.deliver(recipient, delivery, body),
    fetchBody: async (id) => await api.body(id),
    onSilent: (service) => {
      intake.release(service);
      parts.onSilent(service);
    },
    onLedgerTrouble: (error) => {
      log.error(`${causeOf(error)} Nothing is taken from the edge for a moment; it keeps everything.`);
      intake.pause();
    },
  });
  const intake = new Intake({
    log,
    recipients,
    observe,
    now: () => clock.now(),
    turn: async (request) => {
      // The edge is told only what a power cut cannot make home forget.
      if (request.answers.length > 0) await ledger.durable();
      ledger.checkpoint().catch((thrown: unknown) => log.warn(causeOf(thrown)));
      return await api.turn(request);
    },
    work: async (next, answer) => await work.run(next, answer),
    onDrained: (deliveries) => {
      prune();
      parts.onDrained(deliveries);
    },
    ...(parts.paceOf === undefined ? {} : { paceOf: parts.paceOf }),
    ...intakeTiming,
  });
  return {
    intake,
    close: async () => {
      intake.close();
      await deliverer.close();
    },
  };
}
