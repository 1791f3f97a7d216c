// What is made of a service's tables where they hold more than is read of them.

import { expect, test } from 'vitest';
import { knownTo } from '../../../home-node/leaving/database-leavings.ts';
import { limits } from '../../../shared/limits.ts';

const reads = { accounts: [], actors: ['the actors'], blocks: [], keys: [] };

/** As many rows as are read at most; the last one is `last`. */
function databaseWith(last: string | null) {
  const uris = Array.from({ length: limits.databaseRows }, (_, n) => ({ uri: `https://peer.example/users/${n}` }));
  return { rows: async () => [...uris, { uri: last }], close: async () => undefined };
}

test.each([
  ['another actor', 'https://peer.example/users/one-more'],
  ['an actor that was there', 'https://peer.example/users/0'],
  ['no address', null],
])(
  'all count as known where a table was not read to its end, also when its last row that was read is %s',
  async (_, last) => {
    expect((await knownTo(databaseWith(last), reads)).actors).toBeNull();
  },
);
