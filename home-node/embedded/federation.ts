// Puts Fedify together: twice the same person with the same memory, differing in one rule. The strict one judges the
// time of a signature by this moment; the vouched one is asked only for requests whose receipt has shown that the
// signature was in time when it arrived, and judges everything else of them just the same.

import { createExponentialBackoffPolicy, createFederationBuilder, type Federation } from '@fedify/fedify';
import { causeOf } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Provenance } from './activity.ts';
import { type ActorParts, describeActor } from './actor.ts';
import type { SqliteKvStore } from './kv.ts';
import { type ListenerParts, listenToPeers } from './listeners.ts';

export interface FederationParts extends ActorParts, ListenerParts {
  readonly handleHost: string;
  readonly kv: SqliteKvStore;
  readonly allowPrivateAddresses: boolean;
}

export interface Federations {
  readonly strict: Federation<Provenance>;
  readonly vouched: Federation<Provenance>;
}

/** Retries 1, 2, 4 ... seconds apart, then twice a day, for about a week in all. */
const retries = createExponentialBackoffPolicy({ maxAttempts: 28, maxDelay: { hours: 12 } });

export async function createFederations(parts: FederationParts): Promise<Federations> {
  const builder = createFederationBuilder<Provenance>();
  describeActor(builder, parts);
  listenToPeers(builder, parts);
  const build = async (
    signatureTimeWindow: { readonly milliseconds: number } | false,
  ): Promise<Federation<Provenance>> =>
    await builder.build({
      kv: parts.kv,
      // No inbox queue: a delivery is answered when its effect is on the disk, or with what went wrong.
      queue: { outbox: parts.queue, fanout: parts.queue },
      manuallyStartQueue: true,
      origin: { webOrigin: parts.origin, handleHost: parts.handleHost },
      allowPrivateAddress: parts.allowPrivateAddresses,
      signatureTimeWindow,
      outboxRetryPolicy: retries,
      onOutboxError: (error, activity) =>
        parts.log.warn(`Cannot send ${activity?.id?.href ?? 'an activity'}: ${causeOf(error)}; it may be tried again.`),
    });
  return { strict: await build({ milliseconds: limits.signedTimeSkewMs }), vouched: await build(false) };
}
