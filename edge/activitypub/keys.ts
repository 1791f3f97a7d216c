// Resolves a key's address to the key and its owner: remembered, or asked for once. What the answer means for a
// delivery is judge.ts's to say; which addresses may be asked is http/safe-fetch.ts's.

import type { Clock } from '../../shared/clock.ts';
import { type JsonObject, readJsonObject } from '../../shared/json-object.ts';
import { limits } from '../../shared/limits.ts';
import { keyOrigin } from '../../shared/signature/key-origin.ts';
import { type Fetched, type SafeFetchPorts, safeFetch } from '../http/safe-fetch.ts';
import { within } from '../http/within.ts';
import type { KeyAnswer } from './judge.ts';
import { KeyBrake } from './key-brake.ts';
import { addressOf, type KeyFinding, ownersKey, readKeyDocument } from './key-document.ts';
import { freshMs, isKept, type KeyMemory, type KeyRecord, lastKnown } from './key-memory.ts';
import { activityTypes, isActivityType } from './media-type.ts';
import { type NamedBy, NewHosts } from './new-hosts.ts';
import { type AsksFor, type SignAsEdge, SignedGets } from './signed-get.ts';

export interface KeyPorts {
  readonly fetch: SafeFetchPorts;
  readonly memory: KeyMemory;
  readonly clock: Clock;
  /** Aborts after so many milliseconds (`AbortSignal.timeout`). */
  readonly deadline: (ms: number) => AbortSignal;
  /** Keeps the runtime working for the others who wait when the request that caused a question has gone. */
  readonly keepAlive: (work: Promise<unknown>) => void;
  readonly sign: SignAsEdge;
}

/** Who named a key, and for whom the edge asks for it. */
export type Naming = NamedBy & AsksFor;

export interface Keys {
  resolve(keyId: string, naming: Naming): Promise<KeyAnswer>;
  /** Asks again, because the remembered key did not fit. null: it was asked a moment ago, or there is nothing newer. */
  refresh(keyId: string, naming: Naming): Promise<KeyAnswer | null>;
}

interface Found {
  readonly json: JsonObject;
  readonly url: string;
}

interface Asking {
  readonly record: Promise<KeyRecord>;
  readonly since: number;
}

export class KeyResolver implements Keys {
  readonly #ports: KeyPorts;
  readonly #newHosts = new NewHosts();
  readonly #brake = new KeyBrake();
  readonly #signedGets: SignedGets;
  /** One question at a time per key and home: what one home's senders used up is no answer for another. */
  readonly #asking = new Map<string, Asking>();

  constructor(ports: KeyPorts) {
    this.#ports = ports;
    this.#signedGets = new SignedGets(ports);
  }

  async resolve(keyId: string, naming: Naming): Promise<KeyAnswer> {
    const now = this.#ports.clock.now();
    const known = await this.#known(keyId, naming, now);
    if (known === null || !isFresh(known, now)) return (await this.#ask(keyId, naming, known)).answer;
    // Another isolate may have found it.
    if (known.answer.key === 'found') this.#newHosts.found(hostOf(keyId));
    return known.answer;
  }

  async refresh(keyId: string, naming: Naming): Promise<KeyAnswer | null> {
    const now = this.#ports.clock.now();
    const known = await this.#known(keyId, naming, now);
    if (known !== null && now - known.askedAt < limits.keyFailureMs) return null;
    const { answer, answeredAt } = await this.#ask(keyId, naming, known);
    return answeredAt < now ? null : answer;
  }

  /** What is known to all homes; or else, that this one asked for it in vain. */
  async #known(keyId: string, naming: Naming, now: number): Promise<KeyRecord | null> {
    const { memory } = this.#ports;
    const kept = await memory.get(keyId);
    const record = kept === null || !isKept(kept, now) ? null : kept;
    if (record !== null && (record.answer.key === 'found' || isFresh(record, now))) return record;
    const own = await memory.get(inVain(keyId, naming));
    return own !== null && own.askedAt > (record?.askedAt ?? 0) ? own : record;
  }

  /** Shares a question that is under way, but does not wait for it longer than it may take. */
  async #ask(keyId: string, naming: Naming, known: KeyRecord | null): Promise<KeyRecord> {
    const now = this.#ports.clock.now();
    const question = `${naming.homeId} ${keyId}`;
    const underWay = this.#asking.get(question);
    const isAlive = underWay !== undefined && now - underWay.since < 2 * limits.keyFetchMs;
    const asking = isAlive ? underWay : { record: this.#fetch(keyId, naming, known), since: now };
    if (!isAlive) {
      this.#asking.set(question, asking);
      this.#ports.keepAlive(asking.record.catch(() => undefined));
    }
    const patience = this.#ports.deadline(2 * limits.keyFetchMs);
    try {
      return await within(patience, asking.record);
    } catch (thrown) {
      if (!patience.aborted) throw thrown;
      return { answer: { key: 'slow', reason: `${keyId} is still being asked for` }, askedAt: now, answeredAt: now };
    } finally {
      if (this.#asking.get(question) === asking) this.#asking.delete(question);
    }
  }

  async #fetch(keyId: string, naming: Naming, known: KeyRecord | null): Promise<KeyRecord> {
    const answer = await this.#braked(keyId, naming);
    if (answer.key === 'found') this.#newHosts.found(hostOf(keyId));
    const now = this.#ports.clock.now();
    // A known key is not forgotten because its server could not be asked again, or does not answer for it any more (some
    // answer 403 for an account that was just deleted); only a newer key, or none, replaces it.
    const isKnown = known?.answer.key === 'found';
    const isNews = !isKnown || ['found', 'gone', 'not-found'].includes(answer.key);
    const record = isNews
      ? { answer: lastKnown(answer, known?.answer), askedAt: now, answeredAt: now }
      : { ...known, askedAt: now };
    // Whether a host may be asked changes by itself.
    if (answer.key === 'limited') return record;
    const isTrouble = record.answer.key === 'failed' || record.answer.key === 'slow';
    await this.#ports.memory.put(isTrouble ? inVain(keyId, naming) : keyId, record);
    return record;
  }

  async #braked(keyId: string, naming: Naming): Promise<KeyAnswer> {
    const origin = keyOrigin(keyId);
    const now = this.#ports.clock.now();
    const refusal = this.#brake.refusal(origin, naming, now);
    if (refusal !== null) return { key: 'limited', reason: refusal };
    const answer = await this.#answer(keyId, naming);
    this.#brake.asked(origin, naming, answer, now);
    return answer;
  }

  async #answer(keyId: string, naming: Naming): Promise<KeyAnswer> {
    const signal = this.#ports.deadline(limits.keyFetchMs);
    const found = await this.#document(keyId, naming, signal);
    if ('key' in found) return found;
    const reading = readKeyDocument(found.json, found.url, keyId);
    if (reading.read !== 'ask-owner') return answerOf(reading);
    const owners = await this.#document(reading.owner, naming, signal);
    return 'key' in owners ? owners : answerOf(ownersKey(owners.json, owners.url, keyId, reading));
  }

  /** The document at an address, or why there is none. */
  async #document(uri: string, naming: Naming, signal: AbortSignal): Promise<KeyAnswer | Found> {
    const url = addressOf(uri);
    const host = hostOf(url);
    if (!this.#newHosts.admit(host, this.#ports.clock.now(), naming)) {
      return { key: 'limited', reason: `too many new hosts at the domain of ${host} within an hour` };
    }
    const asker = this.#signedGets.asker(naming);
    const question = { url, accept: activityTypes, takes: isActivityType, signal, asker };
    const fetched = await safeFetch(this.#ports.fetch, question);
    if (fetched.fetched === 'no-such-host' && fetched.host === host) this.#newHosts.forget(host, naming.homeId);
    if (fetched.fetched !== 'document') return failureOf(fetched);
    const reading = readJsonObject(fetched.body);
    if ('malformed' in reading) return { key: 'unusable', reason: `${url} cannot be read: ${reading.malformed}` };
    return { json: reading.json, url: fetched.url };
  }
}

/** A found key also while its server could not be asked again: it is asked now and then. */
function isFresh({ answer, askedAt, answeredAt }: KeyRecord, now: number): boolean {
  return now - answeredAt < freshMs(answer) || (answer.key === 'found' && now - askedAt < limits.keyFailureMs);
}

/**
 * Under which name trouble is remembered: of each home, because each asks as an actor of its own, and a server that
 * refuses one of them may answer another. No key can be named so, because no header has a line break in it.
 */
function inVain(keyId: string, { homeId }: Naming): string {
  return `in vain\n${homeId}\n${keyId}`;
}

function hostOf(address: string): string {
  return URL.parse(address)?.host ?? address;
}

function answerOf(reading: KeyFinding): KeyAnswer {
  if (reading.read === 'unusable') return { key: 'unusable', reason: reading.reason };
  return { key: 'found', publicKey: reading.publicKey, owner: reading.owner };
}

function failureOf(fetched: Exclude<Fetched, { fetched: 'document' }>): KeyAnswer {
  switch (fetched.fetched) {
    case 'gone':
      return { key: 'gone' };
    case 'not-found':
      return { key: 'not-found' };
    case 'failed':
      return { key: 'failed', reason: fetched.reason };
    case 'slow':
      return { key: 'slow', reason: fetched.reason };
    case 'forbidden':
    case 'no-such-host':
    case 'wrong-type':
    case 'too-large':
      return { key: 'unusable', reason: fetched.reason };
  }
}
