// A snapshot with a list of those allowed, as a home of an earlier version really left it, before today's edge.

import { expect, test } from 'vitest';
import { allowListsAt, blocksIn } from '../../../edge/activitypub/blocked-domains.ts';
import { readSnapshot } from '../../../edge/home/snapshot.ts';
import { isAllowed, isBlocked } from '../../../shared/domain-lists.ts';
import { BloomFilter } from '../../../shared/known-actors/bloom.ts';
import before from '../../vectors/before/snapshot-allowed.json';

const { snapshot, leftOut } = readSnapshot(new TextEncoder().encode(JSON.stringify(before)), [
  'a.example',
  'b.example',
]);

test('is read whole, and says nothing that it did not', () => {
  expect(leftOut).toEqual([]);
  expect(snapshot).toEqual(before);
});

test.each([
  ['ok.example', true],
  ['fine.ok.example', true],
  ['bad.ok.example', false],
  ['x.bad.ok.example', false],
  ['elsewhere.example', false],
])('lets %s read where the service is limited: %s', (host, is) => {
  const blocks = blocksIn(snapshot);
  expect(blocks?.sparedDomains).toEqual([]);
  const mayRead = (at: string) =>
    !isBlocked(host, blocks?.blockedDomains ?? [], blocks?.sparedDomains) &&
    allowListsAt(snapshot, at).every((allowed) => isAllowed(host, allowed));
  expect(mayRead('a.example')).toBe(is);
  expect(mayRead('b.example')).toBe(!host.endsWith('bad.ok.example'));
});

test('knows everybody, and nobody surely', () => {
  expect(BloomFilter.fromData(snapshot.knownActors).containsAll).toBe(true);
  expect(snapshot).not.toHaveProperty('metActors');
});
