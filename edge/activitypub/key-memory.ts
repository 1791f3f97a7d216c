// What is remembered about keys: in the isolate for the next request, and in the platform's cache for the next isolate.
// Failures too, or every forged request would cost a question.

import { limits } from '../../shared/limits.ts';
import type { KeyAnswer } from './judge.ts';

export interface KeyRecord {
  readonly answer: KeyAnswer;
  /** When it was last asked for, ms since the epoch. */
  readonly askedAt: number;
  /** When `answer` was given: earlier than `askedAt` when asking again failed. */
  readonly answeredAt: number;
}

export interface KeyMemory {
  get(keyId: string): Promise<KeyRecord | null>;
  put(keyId: string, record: KeyRecord): Promise<void>;
}

/** How long `answer` counts without asking again. */
export function freshMs(answer: KeyAnswer): number {
  return answer.key === 'found' ? limits.keyFreshMs : limits.keyFailureMs;
}

/** A key is still good for a while if its server cannot be asked again; what is no key is not. */
export function isKept({ answer, answeredAt }: KeyRecord, now: number): boolean {
  return answer.key !== 'found' || now - answeredAt < limits.keyKeptMs;
}

/** `answer`, with the key as it was last known if it is there no more: what its owner still signed can be checked. */
export function lastKnown(answer: KeyAnswer, before: KeyAnswer | undefined): KeyAnswer {
  if (answer.key !== 'gone' && answer.key !== 'not-found') return answer;
  if (before?.key === 'found') return { ...answer, last: { publicKey: before.publicKey, owner: before.owner } };
  const last = before?.key === 'gone' || before?.key === 'not-found' ? before.last : undefined;
  return last === undefined ? answer : { ...answer, last };
}

/**
 * Remembers `limits.memoryEntries` keys and as many failures, the latest used, in front of `behind`. Apart, because
 * whoever invents addresses makes failures, and no number of them may displace a key.
 */
export function isolateMemory(behind: KeyMemory): KeyMemory {
  const found = new Map<string, KeyRecord>();
  const failures = new Map<string, KeyRecord>();
  const remember = (keyId: string, record: KeyRecord): void => {
    found.delete(keyId);
    failures.delete(keyId);
    const records = record.answer.key === 'found' ? found : failures;
    records.set(keyId, record);
    const [oldest] = records.keys();
    if (records.size > limits.memoryEntries && oldest !== undefined) records.delete(oldest);
  };
  return {
    async get(keyId) {
      const record = found.get(keyId) ?? failures.get(keyId) ?? (await behind.get(keyId));
      if (record !== null) remember(keyId, record);
      return record;
    },
    async put(keyId, record) {
      remember(keyId, record);
      await behind.put(keyId, record);
    },
  };
}

/** The platform's cache (`caches.default`): one per data centre, and nobody can ask for these addresses from outside. */
export function cacheMemory(cache: Cache): KeyMemory {
  return {
    async get(keyId) {
      const response = await cache.match(addressOf(keyId));
      return response === undefined ? null : await response.json<KeyRecord>();
    },
    async put(keyId, record) {
      const holdsKey = record.answer.key === 'found' || 'last' in record.answer;
      const maxAge = Math.ceil((holdsKey ? limits.keyKeptMs : freshMs(record.answer)) / 1000);
      await cache.put(addressOf(keyId), Response.json(record, { headers: { 'Cache-Control': `max-age=${maxAge}` } }));
    },
  };
}

function addressOf(keyId: string): string {
  return `https://keys.porchlight.invalid/v1/${encodeURIComponent(keyId)}`;
}
