// What home asks of its edge (docs/protocol.md, "Lease and ack", "Home's other calls"): one method for each endpoint.

import { type KeyChangeReply, type KeyChangeRequest, keyChangePath } from '../../shared/claim/key-change.ts';
import { configPath, configType } from '../../shared/config/edge-part.ts';
import { type Batch, decodeBatch } from '../../shared/lease/batch.ts';
import type {
  DeadLetter,
  Discarded,
  HeldDelivery,
  ReplayReply,
  SpoolTold,
  TurnRequest,
  WaitingList,
} from '../../shared/lease/messages.ts';
import { limits } from '../../shared/limits.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import type { Given, Warming, WarmReply } from '../../shared/warming.ts';
import type { CallRequest, SignedCalls } from './signed-calls.ts';

const base = '/.porchlight/v1';
const json = 'application/json';
/** A batch is bodies and, beside them, each delivery's envelope. */
const maxBatchBytes = 2 * limits.leaseBytes + limits.leaseDeliveries * 3 * limits.deliveryHeaderBytes;
const maxJsonBytes = limits.snapshotBytes;

export interface TurnOutcome extends Batch {
  /** The edge's clock when it answered, ms since the epoch; null if it did not say. */
  readonly edgeTime: number | null;
}

/** Every method throws as SignedCalls.call does. */
export class EdgeApi {
  readonly #calls: SignedCalls;

  constructor(calls: SignedCalls) {
    this.#calls = calls;
  }

  /** Throws `batch-malformed` besides. */
  async turn(request: TurnRequest, signal?: AbortSignal): Promise<TurnOutcome> {
    const reply = await this.#calls.call({
      ...withSignal(signal),
      method: 'POST',
      path: `${base}/lease`,
      body: encode(request),
      contentType: json,
      again: 'as-it-was',
      maxReplyBytes: maxBatchBytes,
    });
    return { ...decodeBatch(reply.body), edgeTime: reply.edgeTime };
  }

  /** The bytes of a large body that is leased to this home. */
  async body(deliveryId: string, signal?: AbortSignal): Promise<Uint8Array> {
    const reply = await this.#calls.call({
      ...withSignal(signal),
      method: 'GET',
      path: `${base}/bodies/${encodeURIComponent(deliveryId)}`,
      again: 'anew',
      maxReplyBytes: limits.inboxBodyBytes,
    });
    return reply.body;
  }

  /** Asks for what is kept, from this time of arrival on, once more. */
  async replay(since: number): Promise<ReplayReply> {
    return await this.#json({ method: 'POST', path: `${base}/replay`, body: encode({ since }), contentType: json });
  }

  async spool(): Promise<SpoolTold> {
    return await this.#json({ method: 'GET', path: `${base}/spool` });
  }

  /** What waits after seq `after`, a page of it. */
  async waiting(after = 0, count: number = limits.spoolListed): Promise<WaitingList> {
    return await this.#json({ method: 'GET', path: `${base}/spool/waiting?after=${after}&limit=${count}` });
  }

  /** One delivery by seq or id, in whatever state, without its body. Refused as `no-delivery`. */
  async delivery(name: number | string): Promise<HeldDelivery> {
    return await this.#json({ method: 'GET', path: `${base}/spool/deliveries/${encodeURIComponent(name)}` });
  }

  /** Ends the wait of a delivery for its next try. Refused as `not-waiting`. */
  async hurry(seq: number): Promise<void> {
    await this.#send({ method: 'POST', path: `${base}/spool/waiting/${seq}/now` });
  }

  /** Throws away a delivery that waits. Refused as `not-waiting`, also when it was thrown away before. */
  async discardWaiting(seq: number): Promise<Discarded> {
    return await this.#json({ method: 'POST', path: `${base}/spool/waiting/${seq}/discard` });
  }

  /** Asks for one kept delivery once more. Refused as `not-kept`. */
  async replayOne(seq: number): Promise<ReplayReply> {
    return await this.#json({ method: 'POST', path: `${base}/spool/kept/${seq}/replay` });
  }

  /** The newest first. */
  async deadLetters(): Promise<DeadLetter[]> {
    return await this.#json({ method: 'GET', path: `${base}/dead-letters` });
  }

  /** Puts a dead letter behind whatever waits, under the seq that is answered. Refused as `no-dead-letter`. */
  async retryDead(seq: number): Promise<{ readonly seq: number }> {
    return await this.#json({ method: 'POST', path: `${base}/dead-letters/${seq}/retry` });
  }

  async discardDead(seq: number): Promise<void> {
    await this.#send({ method: 'POST', path: `${base}/dead-letters/${seq}/discard` });
  }

  /** Resolves to what the edge could not read of it and left out; an edge of an earlier version takes it whole or not at all. */
  async leaveSnapshot(snapshot: Snapshot): Promise<readonly string[]> {
    const path = `${base}/snapshot`;
    const answer = await this.#json({ method: 'PUT', path, body: encode(snapshot), contentType: json });
    const { leftOut = [] } = answer as { readonly leftOut?: unknown };
    return Array.isArray(leftOut) ? leftOut.filter((one) => typeof one === 'string') : [];
  }

  /** `jws`: the edge's part of the settings, signed (shared/config/edge-part.ts). */
  async leaveConfig(jws: string): Promise<void> {
    const body = new TextEncoder().encode(jws);
    await this.#send({ method: 'PUT', path: configPath, body, contentType: configType });
  }

  /** The edge asks for these of this host through the link and keeps what strangers may read; at most limits.warmPaths. Not for what is given. */
  async warm(
    host: string,
    paths: readonly string[],
    as: Warming,
    signal: AbortSignal,
    given?: Given,
  ): Promise<WarmReply> {
    const path = `${base}/warm`;
    const body = encode({ host, paths, as, given });
    return await this.#json({ method: 'POST', path, body, contentType: json, signal });
  }

  /** The new key counts from now on, in the place of the one that signs this call. */
  async changeKey(request: KeyChangeRequest): Promise<KeyChangeReply> {
    return await this.#json({ method: 'POST', path: keyChangePath, body: encode(request), contentType: json });
  }

  async #send(request: Omit<CallRequest, 'maxReplyBytes' | 'again'>): Promise<Uint8Array> {
    return (await this.#calls.call({ ...request, again: 'anew', maxReplyBytes: maxJsonBytes })).body;
  }

  async #json<T>(request: Omit<CallRequest, 'maxReplyBytes' | 'again'>): Promise<T> {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await this.#send(request))) as T;
  }
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function withSignal(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
