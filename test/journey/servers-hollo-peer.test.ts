// A real Hollo, by the path of its folder, as the peer of a home that sleeps.

import { describe, expect, test } from 'vitest';
import { Cluster } from '../home-node/leaving/cluster.ts';
import { Hollo } from '../support/servers/hollo.ts';
import { nightAtHome, type PeerPerson } from '../support/servers/peer-night.ts';

const program = process.env.PORCHLIGHT_HOLLO;

if (program === undefined) {
  test('Hollo itself as a peer: not run (PORCHLIGHT_HOLLO names no folder of it)', () => {
    process.stdout.write('Hollo itself as a peer: not run (PORCHLIGHT_HOLLO names no folder of it).\n');
    expect(program).toBeUndefined();
  });
} else {
  describe('Hollo at the door of a sleeping home', () => {
    test('finds the owner, says at night what home has in the morning, is answered, and takes back', {
      timeout: 400_000,
    }, async () => {
      const cluster = await Cluster.start();
      try {
        await nightAtHome(async (place) => await Hollo.at(program, cluster, place), anna);
      } finally {
        cluster.stop();
      }
    });
  });
}

async function anna(server: Hollo): Promise<PeerPerson> {
  await server.setUp();
  await server.makeAccount('anna');
  const { ask, post } = await server.signIn('anna').then((person) => ({
    ask: person.ask,
    post: async (text: string, more: object) => await person.post(text, { ...more }),
  }));
  const found = async (what: 'accounts' | 'statuses', query: string): Promise<string> => {
    const asked = new URLSearchParams({ q: query, resolve: 'true', type: what });
    const all = (await ask('GET', `/api/v2/search?${asked}`)) as Record<string, readonly { id: string }[]>;
    const [one] = all[what] ?? [];
    if (one === undefined) throw new Error(`${query} is not found`);
    return one.id;
  };
  let owner = '';
  return {
    actor: server.actor('anna'),
    // Posts and boosts go to followers and to who is named in them, and it finds nobody at a host with a port by name.
    sends: ['like'],
    follow: async (address) => {
      owner = await found('accounts', address);
      await ask('POST', `/api/v1/accounts/${owner}/follow`);
    },
    unfollow: async () => void (await ask('POST', `/api/v1/accounts/${owner}/unfollow`)),
    reply: async (address, text) =>
      void (await post(text, { in_reply_to_id: await found('statuses', address), visibility: 'public' })),
    like: async (address) => void (await ask('POST', `/api/v1/statuses/${await found('statuses', address)}/favourite`)),
    unlike: async (address) =>
      void (await ask('POST', `/api/v1/statuses/${await found('statuses', address)}/unfavourite`)),
    boost: async (address) => void (await ask('POST', `/api/v1/statuses/${await found('statuses', address)}/reblog`)),
    isFollower: async () => (await server.rows('SELECT 1 FROM follows WHERE approved IS NOT NULL')).length === 1,
    hasPost: async (text) =>
      (await server.rows(`SELECT 1 FROM posts WHERE content_html LIKE '%${text}%'`)).length === 1,
  };
}
