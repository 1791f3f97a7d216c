// Whom the edge takes for known, and whom for surely met.

import { expect, test } from 'vitest';
import { knownFilters } from '../../../home-node/bedtime/known-filter.ts';
import { BloomFilter } from '../../../shared/known-actors/bloom.ts';

const names = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => `https://x.example/${name}/${n}`);

test('where all services say whom they know, there is one filter, of those and of senders', async () => {
  const services = [{ knownActors: names('a', 3) }, { knownActors: [] }];
  const { knownActors, ...rest } = await knownFilters(services, names('sender', 2));
  expect(rest).toEqual({});
  const filter = BloomFilter.fromData(knownActors);
  expect([...names('a', 3), ...names('sender', 2)].every((actor) => filter.mayContain(actor))).toBe(true);
  expect(names('stranger', 1_000).filter((actor) => filter.mayContain(actor)).length).toBeLessThan(10);
});

test('where one cannot, everybody is known, and surely met are those whom another knows, senders, and as many as it said', async () => {
  const services = [
    { knownActors: names('a', 3) },
    { knownActors: null, knownInPart: names('b', 3) },
    { knownActors: null },
  ];
  const { knownActors, metActors } = await knownFilters(services, names('sender', 2));
  expect(BloomFilter.fromData(knownActors).containsAll).toBe(true);
  const met = BloomFilter.fromData(metActors ?? knownActors);
  expect(met.containsAll).toBe(false);
  const all = [...names('a', 3), ...names('b', 3), ...names('sender', 2)];
  expect(all.every((actor) => met.mayContain(actor))).toBe(true);
  expect(names('stranger', 1_000).filter((actor) => met.mayContain(actor)).length).toBeLessThan(10);
});
