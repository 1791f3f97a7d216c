// A real Misskey, by the path of its folder, as the peer of a home that sleeps.

import { describe, expect, test } from 'vitest';
import { Cluster } from '../home-node/leaving/cluster.ts';
import { Misskey } from '../support/servers/misskey.ts';
import { nightAtHome, type PeerPerson } from '../support/servers/peer-night.ts';

const program = process.env.PORCHLIGHT_MISSKEY;

if (program === undefined) {
  test('Misskey itself as a peer: not run (PORCHLIGHT_MISSKEY names no folder of it)', () => {
    process.stdout.write('Misskey itself as a peer: not run (PORCHLIGHT_MISSKEY names no folder of it).\n');
    expect(program).toBeUndefined();
  });
} else {
  describe('Misskey at the door of a sleeping home', () => {
    test('finds the owner, says at night what home has in the morning, is answered, and takes back', {
      timeout: 400_000,
    }, async () => {
      const cluster = await Cluster.start();
      let server: Misskey | null = null;
      try {
        await nightAtHome(async (place) => {
          server = await Misskey.at(program, cluster, place);
          return server;
        }, anna);
      } finally {
        (server as Misskey | null)?.end();
        cluster.stop();
      }
    });
  });
}

async function anna(server: Misskey): Promise<PeerPerson> {
  await server.makeAccount('anna');
  const ask = async (path: string, body: Readonly<Record<string, unknown>>): Promise<unknown> =>
    await server.ask('anna', path, body);
  const found = async (uri: string): Promise<string> =>
    ((await ask('ap/show', { uri })) as { object: { id: string } }).object.id;
  let owner = '';
  return {
    actor: server.actor('anna'),
    sends: ['announce', 'create', 'like'],
    follow: async (address) => {
      owner = await found(address);
      await ask('following/create', { userId: owner });
    },
    unfollow: async () => void (await ask('following/delete', { userId: owner })),
    reply: async (address, text) => void (await ask('notes/create', { text, replyId: await found(address) })),
    like: async (address) =>
      void (await ask('notes/reactions/create', { noteId: await found(address), reaction: '❤' })),
    unlike: async (address) => void (await ask('notes/reactions/delete', { noteId: await found(address) })),
    boost: async (address) => void (await ask('notes/create', { renoteId: await found(address) })),
    isFollower: async () => (await server.rows('SELECT 1 FROM following')).length === 1,
    hasPost: async (text) =>
      (await server.rows(`SELECT 1 FROM note WHERE "userHost" IS NOT NULL AND text LIKE '%${text}%'`)).length === 1,
  };
}
