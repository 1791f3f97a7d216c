// A real Misskey, by the path of its folder, behind a real edge and home node: a night of peers that signed sixteen hours
// before home wakes, without our hook and with it, questions in it, and what Misskey itself then says. Without the path it says
// that it was not run.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openReadOnly } from '../../home-node/leaving/database.ts';
import { federationOf } from '../../home-node/leaving/database-leavings.ts';
import { serverSoftware } from '../../home-node/service-adapters.ts';
import { Cluster } from '../home-node/leaving/cluster.ts';
import { ask, until } from '../support/processes.ts';
import { doctorOnHooks, eveningOf, lateWithoutHook, untilLeft } from '../support/servers/evening.ts';
import { Misskey } from '../support/servers/misskey.ts';
import { ServerHome } from '../support/servers/server-home.ts';

const program = process.env.PORCHLIGHT_MISSKEY;
const activityJsonBody = { 'Content-Type': 'application/activity+json' };
const activityJson = { Accept: 'application/activity+json' };

if (program === undefined) {
  test('Misskey itself: not run (PORCHLIGHT_MISSKEY names no folder of it)', () => {
    process.stdout.write('Misskey itself: not run (PORCHLIGHT_MISSKEY names no folder of it).\n');
    expect(program).toBeUndefined();
  });
} else {
  describe('a night of Misskey', () => nightOf(program));
  describe('a night of Misskey without the hook', () => nightWithout(program));
}

function nightOf(path: string): void {
  let cluster: Cluster;
  let house: ServerHome<Misskey>;
  let server: Misskey;
  let post: string;
  let regretted: string;
  let secret: string;
  let sent = 0;

  beforeAll(async () => {
    cluster = await Cluster.start();
    house = await ServerHome.open(async (place) => await Misskey.at(path, cluster, place), 'anna');
    server = house.server;
    await server.meanwhile(async () => {
      for (const name of ['anna', 'bert', 'mallory']) await server.makeAccount(name);
      post = server.note(await server.post('anna', 'Good evening.'));
      regretted = server.note(await server.post('anna', 'I should not have said this.'));
      secret = server.note(await server.post('anna', 'For my followers.', { visibility: 'followers' }));
      const [mallory] = await server.rows<{ id: string }>(`SELECT id FROM "user" WHERE username = 'mallory'`);
      await server.ask('anna', 'admin/suspend-user', { userId: mallory?.id });
      await server.ask('anna', 'admin/update-meta', { blockedHosts: ['bad.localhost'] });
    });
  }, 300_000);
  afterAll(async () => {
    await house?.end();
    server?.end();
    cluster?.stop();
  });

  const webFinger = async (name: string): Promise<Response> =>
    await house.get(`https://${house.host}/.well-known/webfinger?resource=acct:${name}@${house.host}`);

  const met = () => ({
    owner: server.actor('anna'),
    handle: `@anna@${house.host}`,
    post,
    regretted,
    followsAlike: true,
  });

  test('home starts it, and leaves at bedtime what it finds in its database and its answers', {
    timeout: 240_000,
  }, async () => {
    await house.comesUp();
    await untilLeft(house, server.actor('bert'));
    await house.domain.sleep();
    expect(await server.isUp()).toBe(false);
  });

  test('at night WebFinger knows who lives there, and nobody else', async () => {
    for (const name of ['anna', 'bert']) {
      expect(await (await webFinger(name)).json()).toMatchObject({
        subject: `acct:${name}@${house.host}`,
        links: expect.arrayContaining([expect.objectContaining({ rel: 'self', href: server.actor(name) })]),
      });
    }
    for (const name of ['mallory', 'nobody']) expect([name, (await webFinger(name)).status]).toEqual([name, 404]);
  });

  test('at night actor, outbox and posts are there, for who signs and who does not, and what is for followers is for nobody', async () => {
    for (const address of [server.actor('anna'), `${server.actor('anna')}/outbox`, post]) {
      const answer = await house.get(address, activityJson);
      expect([address, answer.status]).toEqual([address, 200]);
      expect(((await answer.json()) as { id: string }).id).toBe(address);
      expect(Number(answer.headers.get('age')) >= 0).toBe(true);
      const shown = await ask<{ json: { id: string } } | null>(house.asker, 'lookup', { address, signed: true });
      expect([address, shown?.json.id]).toEqual([address, address]);
    }
    expect((await house.get(secret, activityJson)).status).toBe(503);
  });

  test('at night everything is taken from every peer, RFC 9421 after a second knock with draft-cavage', {
    timeout: 120_000,
  }, async () => {
    for (const sender of house.senders) {
      for (const activity of eveningOf(sender, met())) {
        expect([sender.name, activity.id, await sender.send(activity)]).toEqual([sender.name, activity.id, 202]);
        sent += 1;
      }
      expect([sender.name, await sender.forged()]).toEqual([sender.name, 401]);
    }
  });

  test('in the morning Misskey, sixteen hours later, takes all of it with our hook in it', {
    timeout: 240_000,
  }, async () => {
    await house.putHookIn();
    await house.morning();
    const fates = await house.fates(sent);
    expect(fates.filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
    expect(fates.length).toBe(sent);
  });

  test('its database then says that everything is there, in order, and once', { timeout: 90_000 }, async () => {
    const each = (path: string): readonly string[] => house.senders.map(({ actor }) => `${actor}${path}`);
    const of = async (sql: string): Promise<readonly string[]> => {
      const found = await server.rows<{ uri: string }>(sql);
      return found.map(({ uri }) => uri).toSorted((one, other) => (one < other ? -1 : 1));
    };
    const reactions = `SELECT u.uri || ' ' || n.id AS uri FROM note_reaction r JOIN "user" u ON u.id = r."userId"
      JOIN note n ON n.id = r."noteId"`;
    const boosts = `SELECT u.uri || ' ' || n."renoteId" AS uri FROM note n JOIN "user" u ON u.id = n."userId"
      WHERE n."renoteId" IS NOT NULL`;
    const ofPost = each(` ${post.slice(post.lastIndexOf('/') + 1)}`);
    // It says 202 before it has done its work. What was said last is what is waited for:
    await until(
      'nothing of what was taken back',
      async () => {
        const found = [await of(reactions), await of(boosts)];
        return found.every((one) => one.join() === ofPost.join()) ? true : null;
      },
      60_000,
      200,
    );
    expect(await of('SELECT u.uri FROM following f JOIN "user" u ON u.id = f."followerId"')).toEqual(each(''));
    expect(await of('SELECT u.uri FROM follow_request f JOIN "user" u ON u.id = f."followerId"')).toEqual([]);
    expect(await of('SELECT uri FROM note WHERE "userHost" IS NOT NULL AND "renoteId" IS NULL')).toEqual(
      each('/notes/1'),
    );
    // It knows no edits of posts.
    const replies = await server.rows<{ text: string; to: string }>(
      'SELECT text, "replyId" AS to FROM note WHERE "userHost" IS NOT NULL AND "renoteId" IS NULL',
    );
    expect(new Set(replies.map(({ text, to }) => `${text} ${server.note(to)}`))).toEqual(new Set([`first ${post}`]));
  });

  test('doctor finds the hook at work in it', { timeout: 60_000 }, async () => {
    expect(await doctorOnHooks(house)).toEqual([
      [
        'well',
        'its hook judges a late request with a receipt by when it arrived, and leaves one without to the server (401)',
      ],
    ]);
  });

  test('by day it is given everything at once: a repetition counts once', { timeout: 60_000 }, async () => {
    const [first] = house.senders;
    const like = { id: `${first?.actor}/likes/9`, type: 'Like', object: regretted };
    for (const _ of [1, 2]) expect(await first?.send(like)).toBe(202);
    const fates = await house.fates(sent + 1);
    expect(fates.slice(sent).filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
    const liked = `SELECT 1 FROM note_reaction WHERE "noteId" = '${regretted.slice(regretted.lastIndexOf('/') + 1)}'`;
    await until('the like', async () => ((await server.rows(liked)).length === 1 ? true : null));
  });

  /** With whom it has to do, as home reads it of its database. */
  async function federation(): Promise<unknown> {
    const database = await openReadOnly(server.database);
    try {
      return await federationOf(database, serverSoftware.misskey.reads, { isLimited: false, domains: [] });
    } finally {
      await database.close();
    }
  }

  test('what it answers itself is what home takes its answers for', async () => {
    const say = async (path: string, body: string): Promise<number> =>
      (await fetch(`${server.base}${path}`, { method: 'POST', headers: activityJsonBody, body })).status;
    expect(await say('/inbox', JSON.stringify({ id: 'https://a.example/1', type: 'Like' }))).toBe(401);
    expect(await say('/inbox', JSON.stringify({ text: 'x'.repeat(64 * 1024) }))).toBe(413);
    expect(await say('/inbox', '{"id":')).toBe(400);
    expect(await say('/users/nobody/nothing', '{}')).toBe(404);
    expect(await federation()).toEqual({ blockedDomains: ['bad.localhost'] });
    await server.ask('anna', 'admin/update-meta', { federation: 'none' });
    const closed = async (): Promise<true | null> => ((await say('/inbox', '{}')) === 403 ? true : null);
    await until('it federates with nobody', closed);
    expect(await federation()).toEqual({ blockedDomains: ['bad.localhost'], allowedDomains: [] });
    await server.ask('anna', 'admin/update-meta', { federation: 'all' });
  });

  test('the next night the edge has the peers’ keys from its database, and asks nobody for them', {
    timeout: 120_000,
  }, async () => {
    await house.domain.sleep();
    await house.comesUp(0);
    await untilLeft(house, server.actor('bert'));
    await house.domain.sleep();
    await house.domain.killEdge();
    await house.domain.startEdge();
    await house.muteSenders();
    for (const sender of house.senders) expect([sender.name, await sender.forged()]).toEqual([sender.name, 401]);
    const stranger = house.stranger();
    expect(await stranger.send({ id: `${stranger.actor}#delete`, type: 'Delete', object: stranger.actor })).toBe(202);
    const [first] = house.senders;
    const unlike = { id: `${first?.actor}/likes/9`, type: 'Like', actor: first?.actor, object: regretted };
    expect(await first?.send({ id: `${first.actor}/undos/9`, type: 'Undo', object: unlike })).toBe(202);
    await house.comesUp(0);
    const fates = await house.fates(1);
    expect(fates.map(({ sender, outcome }) => [sender, outcome])).toEqual([[first?.actor, 'delivered']]);
    const liked = `SELECT 1 FROM note_reaction WHERE "noteId" = '${regretted.slice(regretted.lastIndexOf('/') + 1)}'`;
    await until('the like is taken back', async () => ((await server.rows(liked)).length === 0 ? true : null));
    expect(await server.rows(`SELECT 1 FROM "user" WHERE uri = '${stranger.actor}'`)).toEqual([]);
  });
}

function nightWithout(path: string): void {
  test('is refused in the morning for its age, and taken when the hook is in it and the owner asks again', {
    timeout: 300_000,
  }, async () => {
    const cluster = await Cluster.start();
    const house = await ServerHome.open(async (place) => await Misskey.at(path, cluster, place), 'anna').catch(
      (thrown: unknown) => {
        cluster.stop();
        throw thrown;
      },
    );
    const { server } = house;
    try {
      await server.meanwhile(async () => await server.makeAccount('anna'));
      const seen = await lateWithoutHook(house, server.actor('anna'));
      for (const { outcome, reason } of seen.first) {
        expect([outcome, reason]).toEqual([
          'dead',
          expect.stringMatching(
            /signed 16 hours before it came here, and Misskey refuses what is older than 5 minutes: its receipt hook is not in place/,
          ),
        ]);
      }
      expect(seen.doctor).toEqual([['warning', expect.stringContaining('no hook answered a late request')]]);
      expect(seen.again.map(({ outcome }) => outcome)).toEqual(house.senders.map(() => 'delivered'));
      const follows = async (): Promise<number> => (await server.rows('SELECT 1 FROM following')).length;
      await until('all follow', async () => ((await follows()) === house.senders.length ? true : null), 60_000, 200);
    } finally {
      await house.end();
      server.end();
      cluster.stop();
    }
  });
}
