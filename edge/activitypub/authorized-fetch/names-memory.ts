// What is remembered of actors' names: in the isolate, and behind it in the platform's cache. Of each home, because each
// asks as an actor of its own, and a server that refuses one of them may answer another.

import { limits } from '../../../shared/limits.ts';
import { FairMemory } from '../fair-memory.ts';
import type { NamesAnswer } from './judge.ts';

export interface NamesRecord {
  readonly answer: NamesAnswer;
  /** When it was last asked for, ms since the epoch. */
  readonly askedAt: number;
  /** When `answer` was given. */
  readonly answeredAt: number;
}

export interface NamesMemory {
  get(homeId: string, actor: string): Promise<NamesRecord | null>;
  put(homeId: string, actor: string, record: NamesRecord): Promise<void>;
}

/** `cache`: `caches.default`; nobody can ask for these addresses from outside. */
export function namesMemory(cache: Pick<Cache, 'match' | 'put'>): NamesMemory {
  const own = new FairMemory<NamesRecord>(limits.memoryEntries);
  const addressOf = (homeId: string, actor: string): string =>
    `https://names.porchlight.invalid/v1/${encodeURIComponent(homeId)}/${encodeURIComponent(actor)}`;
  return {
    async get(homeId, actor) {
      const known = own.get(homeId, actor);
      if (known !== undefined) return known;
      const response = await cache.match(addressOf(homeId, actor));
      if (response === undefined) return null;
      const record = await response.json<NamesRecord>();
      own.set(homeId, actor, record);
      return record;
    },
    async put(homeId, actor, record) {
      own.set(homeId, actor, record);
      const maxAgeMs = record.answer.names === 'known' ? limits.keyKeptMs : limits.keyFailureMs;
      const headers = { 'Cache-Control': `max-age=${Math.ceil(maxAgeMs / 1000)}` };
      await cache.put(addressOf(homeId, actor), Response.json(record, { headers }));
    },
  };
}
