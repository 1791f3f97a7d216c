// What an owner asks for again is vouched for when it comes: without that, a service that was there when it arrived first
// would refuse it for its age.

import { describe, expect, test } from 'vitest';
import { OwnerDeeds, type OwnerDeedsParts } from '../../home-node/owner-deeds.ts';

const receivedAt = Date.UTC(2026, 10, 20, 22, 0, 0);

/** The edge's answers as far as they are looked at, and what was done, in order. */
function ownerOf(): { readonly deeds: OwnerDeeds; readonly done: readonly string[] } {
  const done: string[] = [];
  const api = {
    replay: async (since: number) => await Promise.resolve(done.push(`replay ${since}`)),
    replayOne: async (seq: number) => await Promise.resolve(done.push(`replay one ${seq}`)),
    retryDead: async (seq: number) => await Promise.resolve(done.push(`retry ${seq}`)),
    delivery: async () => await Promise.resolve({ delivery: { receivedAt } }),
    deadLetters: async () => await Promise.resolve([{ seq: 7, receivedAt }]),
  };
  const missed = {
    since: (time: number) => void done.push(`missed since ${time}`),
    at: (time: number) => void done.push(`missed at ${time}`),
  };
  const ledger = { doubtDelivered: async () => await Promise.resolve() };
  return { deeds: new OwnerDeeds({ api, missed, ledger } as unknown as OwnerDeedsParts), done };
}

describe('what an owner asks for again', () => {
  test('since a time: all of it', async () => {
    const { deeds, done } = ownerOf();
    await deeds.replaySince(receivedAt);
    expect(done).toEqual([`missed since ${receivedAt}`, `replay ${receivedAt}`]);
  });

  test('one delivery that is kept, or a dead letter: what arrived just then', async () => {
    const { deeds, done } = ownerOf();
    await deeds.replayOne(3, 'id');
    await deeds.retryDead(7);
    expect(done).toEqual([`missed at ${receivedAt}`, 'replay one 3', `missed at ${receivedAt}`, 'retry 7']);
  });

  test('a dead letter that is not there: nothing is vouched for', async () => {
    const { deeds, done } = ownerOf();
    await deeds.retryDead(8);
    expect(done).toEqual(['retry 8']);
  });
});
