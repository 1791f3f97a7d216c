// A home for tests: what it left at the edge, and a spool that only writes down what it was given. The real spool has
// tests of its own; here it must show what was never put into it.

import { ArrivalRates } from '../../../edge/activitypub/arrival-rates.ts';
import type { KeyResolver } from '../../../edge/activitypub/keys.ts';
import type { Received } from '../../../edge/activitypub/receive.ts';
import type { ActivityPubPorts, AddressedHome } from '../../../edge/activitypub/routes.ts';
import { UndecidedOrigins } from '../../../edge/activitypub/undecided-origins.ts';
import type { PutResult, Spool } from '../../../edge/spool/spool.ts';
import { type Clock, systemRandom } from '../../../shared/clock.ts';
import type { Arrival } from '../../../shared/delivery.ts';
import { BloomFilter } from '../../../shared/known-actors/bloom.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { night } from './peer.ts';

export const inbox = '/users/owner/inbox';

export class RecordingSpool implements Spool {
  readonly arrivals: { readonly arrival: Arrival; readonly body: Uint8Array }[] = [];
  readonly askedFor: string[] = [];
  readonly holding = new Set<string>();
  result: PutResult = { put: 'stored', seq: 1 };

  async put(arrival: Arrival, body: Uint8Array<ArrayBuffer>): Promise<PutResult> {
    this.arrivals.push({ arrival, body });
    return this.result;
  }

  async mayHoldFrom(sender: string): Promise<boolean> {
    this.askedFor.push(sender);
    return this.holding.has(sender);
  }
}

export function snapshotOf(rest: Partial<Snapshot> = {}, known: readonly string[] = []): Snapshot {
  const filter = BloomFilter.empty(100, 0.0001);
  for (const actor of known) filter.add(actor);
  return {
    complete: true,
    version: 1,
    madeAt: night - 3_600_000,
    language: 'en',
    title: 'Home',
    services: [
      { name: 'social', hosts: ['home.example'], inboxes: [inbox, '/inbox'], signatures: ['cavage', 'rfc9421'] },
    ],
    accounts: [],
    nodeinfo: null,
    documents: [],
    knownActors: filter.toData(),
    ...rest,
  };
}

export interface Home extends AddressedHome {
  readonly spool: RecordingSpool;
}

export function homeWith(snapshot: Snapshot = snapshotOf()): Home {
  return { homeId: 'home-1', snapshot, spool: new RecordingSpool() };
}

export interface Reports {
  readonly ports: ActivityPubPorts;
  readonly received: Received[];
}

export function portsOf(keys: KeyResolver, clock: Clock): Reports {
  const received: Received[] = [];
  const report = (_: Request, each: Received) => {
    received.push(each);
  };
  const awayOf = async (): Promise<never> => {
    throw new Error('nobody defers here');
  };
  const brakes = { undecidedOrigins: new UndecidedOrigins(), arrivalRates: new ArrivalRates() };
  return { ports: { keys, ...brakes, clock, random: systemRandom, report, awayOf }, received };
}

/** A signed request as the platform hands it over, with the address that it came from if it matters. */
export function arriving(signed: SignedRequest, body: Uint8Array<ArrayBuffer>, from?: string): Request {
  const headers = new Headers(from === undefined ? {} : { 'CF-Connecting-IP': from });
  for (const [name, value] of signed.headers) headers.append(name, value);
  const url = `${signed.scheme}://${signed.host}${signed.path}`;
  return new Request(url, { method: signed.method, headers, body });
}

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

export function bytesOf(json: unknown): Uint8Array<ArrayBuffer> {
  return utf8(JSON.stringify(json));
}
