// A real Hollo, by the path of its folder, behind a real edge and home node: a night of peers that signed sixteen hours before
// home wakes, without our hook and with it, questions in it, and what Hollo itself then says. Without the path it says that it
// was not run.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../home-node/leaving/cluster.ts';
import { ask, until } from '../support/processes.ts';
import { doctorOnHooks, eveningOf, lateWithoutHook, type Met, untilLeft } from '../support/servers/evening.ts';
import { Hollo, type Person, type Said } from '../support/servers/hollo.ts';
import { ServerHome } from '../support/servers/server-home.ts';

const program = process.env.PORCHLIGHT_HOLLO;
const activityJson = { Accept: 'application/activity+json' };

if (program === undefined) {
  test('Hollo itself: not run (PORCHLIGHT_HOLLO names no folder of it)', () => {
    process.stdout.write('Hollo itself: not run (PORCHLIGHT_HOLLO names no folder of it).\n');
    expect(program).toBeUndefined();
  });
} else {
  describe('a night of Hollo', () => nightOf(program));
  describe('a night of Hollo without the hook', () => nightWithout(program));
}

function nightOf(path: string): void {
  let cluster: Cluster;
  let house: ServerHome<Hollo>;
  let anna: Person;
  let post: Said;
  let regretted: Said;
  let secret: Said;
  let sent = 0;

  beforeAll(async () => {
    cluster = await Cluster.start();
    house = await ServerHome.open(async (place) => await Hollo.at(path, cluster, place), 'anna');
    const { server } = house;
    await server.meanwhile(async () => {
      await server.setUp();
      for (const name of ['anna', 'bert']) await server.makeAccount(name);
      anna = await server.signIn('anna');
      post = await anna.post('Good evening.');
      regretted = await anna.post('I should not have said this.');
      secret = await anna.post('For my followers.', { visibility: 'private' });
    });
  }, 180_000);
  afterAll(async () => {
    await house?.end();
    cluster?.stop();
  });

  const actor = (name: string): string => house.server.actor(name);

  const met = (): Met => ({
    owner: actor('anna'),
    handle: `@anna@${house.host}`,
    post: post.uri,
    regretted: regretted.uri,
    // Fedify takes an activity of one id once, also the second of follow, undo, follow.
    followsAlike: false,
  });

  const webFinger = async (name: string): Promise<Response> =>
    await house.get(`https://${house.host}/.well-known/webfinger?resource=acct:${name}@${house.host}`);

  test('home starts it, and leaves at bedtime what it finds in its database and its answers', {
    timeout: 240_000,
  }, async () => {
    await house.comesUp();
    await untilLeft(house, actor('bert'));
    await house.domain.sleep();
    expect(await house.server.isUp()).toBe(false);
  });

  test('at night WebFinger knows who lives there, and nobody else', async () => {
    for (const name of ['anna', 'bert']) {
      expect(await (await webFinger(name)).json()).toMatchObject({
        subject: `acct:${name}@${house.host}`,
        links: expect.arrayContaining([expect.objectContaining({ rel: 'self', href: actor(name) })]),
      });
    }
    expect((await webFinger('nobody')).status).toBe(404);
  });

  test('at night actor, outbox and posts are there, for who signs and who does not, and what is for followers is for nobody', async () => {
    for (const address of [actor('anna'), `${actor('anna')}/outbox`, post.uri]) {
      const answer = await house.get(address, activityJson);
      expect([address, answer.status, ((await answer.json()) as { id: string }).id]).toEqual([address, 200, address]);
      expect(Number(answer.headers.get('age')) >= 0).toBe(true);
      const shown = await ask<{ json: { id: string } } | null>(house.asker, 'lookup', { address, signed: true });
      expect([address, shown?.json.id]).toEqual([address, address]);
    }
    expect((await house.get(secret.uri, activityJson)).status).toBe(503);
  });

  test('at night everything is taken from every peer, with either kind of signature', {
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

  test('in the morning Hollo, sixteen hours later, takes all of it with our hook in it', {
    timeout: 240_000,
  }, async () => {
    await house.putHookIn();
    await house.morning();
    const fates = await house.fates(sent);
    expect(fates.filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
    expect(fates.length).toBe(sent);
  });

  test('its database then says that everything is there, in order, and once', { timeout: 60_000 }, async () => {
    const rows = async <Row>(sql: string): Promise<readonly Row[]> => await house.server.rows<Row>(sql);
    const of = async (sql: string): Promise<readonly string[]> => {
      const found = await rows<{ iri: string }>(sql);
      return found.map(({ iri }) => iri).toSorted((one, other) => (one < other ? -1 : 1));
    };
    const each = (path: string): readonly string[] => house.senders.map(({ actor: peer }) => `${peer}/${path}`);
    // It says 202 before it has done its work. What was said last:
    await until(
      'nothing of what was taken back',
      async () => {
        const [counted] = await rows<{ likes: string; boosts: string }>(
          'SELECT (SELECT count(*) FROM likes) AS likes, (SELECT count(*) FROM posts WHERE sharing_id IS NOT NULL) AS boosts',
        );
        const wanted = String(house.senders.length);
        return counted?.likes === wanted && counted.boosts === wanted ? true : null;
      },
      60_000,
      200,
    );
    const follows = await of('SELECT iri FROM follows WHERE approved IS NOT NULL');
    // The first Follow of somebody it does not know keeps it busy for seconds, in which it forgets an Undo.
    expect(follows.map((iri) => iri.replace(/\d$/, ''))).toEqual(each('follows/'));
    expect(await of('SELECT iri FROM posts WHERE sharing_id IS NOT NULL')).toEqual(each('boosts/1'));
    expect(await of("SELECT iri FROM posts WHERE iri LIKE '%/notes/_'")).toEqual(each('notes/1'));
    const replies = await rows<{ content: string; to: string }>(
      `SELECT r.content_html AS content, p.iri AS "to" FROM posts r JOIN posts p ON p.id = r.reply_target_id`,
    );
    expect(replies).toEqual(house.senders.map(() => ({ content: 'third', to: post.uri })));
    const likes = await rows<{ iri: string }>('SELECT p.iri FROM likes l JOIN posts p ON p.id = l.post_id');
    expect(likes).toEqual(house.senders.map(() => ({ iri: post.uri })));
  });

  test('and so does its API, to the person who lives there', async () => {
    expect(await (await house.server.signIn('anna')).ask('GET', `/api/v1/statuses/${post.id}`)).toMatchObject({
      replies_count: house.senders.length,
      reblogs_count: house.senders.length,
      favourites_count: house.senders.length,
    });
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
    const like = { id: `${first?.actor}/likes/9`, type: 'Like', object: regretted.uri };
    for (const _ of [1, 2]) expect(await first?.send(like)).toBe(202);
    const fates = await house.fates(sent + 1);
    expect(fates.slice(sent).filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
    const liked = `SELECT 1 FROM likes l JOIN posts p ON p.id = l.post_id WHERE p.iri = '${regretted.uri}'`;
    await until('the like', async () => ((await house.server.rows(liked)).length === 1 ? true : null));
  });

  test('the next night whom it has met is known, and a stranger’s deletion never comes to it', {
    timeout: 120_000,
  }, async () => {
    await house.domain.sleep();
    await house.comesUp(0);
    await untilLeft(house, actor('bert'));
    await house.domain.sleep();
    await house.domain.killEdge();
    await house.domain.startEdge();
    const stranger = house.stranger();
    expect(await stranger.send({ id: `${stranger.actor}#delete`, type: 'Delete', object: stranger.actor })).toBe(202);
    const [first] = house.senders;
    expect(await first?.send({ id: `${first.actor}#delete`, type: 'Delete', object: first.actor })).toBe(202);
    await house.comesUp(0);
    const fates = await house.fates(1);
    expect(fates.map(({ sender, outcome }) => [sender, outcome])).toEqual([[first?.actor, 'delivered']]);
    const gone = `SELECT 1 FROM accounts WHERE iri = '${first?.actor}'`;
    await until('the account is gone', async () => ((await house.server.rows(gone)).length === 0 ? true : null));
  });
}

/** Fedify signs the activity itself besides, and its applications take that proof at any age. */
function nightWithout(path: string): void {
  test('is refused in the morning for its age, and taken when the hook is in it and the owner asks again', {
    timeout: 300_000,
  }, async () => {
    const cluster = await Cluster.start();
    const house = await ServerHome.open(async (place) => await Hollo.at(path, cluster, place), 'anna').catch(
      (thrown: unknown) => {
        cluster.stop();
        throw thrown;
      },
    );
    try {
      await house.server.meanwhile(async () => {
        await house.server.setUp();
        await house.server.makeAccount('anna');
      });
      const seen = await lateWithoutHook(house, house.server.actor('anna'));
      expect(seen.first.map(({ name, outcome }) => [name, outcome])).toEqual(
        house.senders.map(({ name }) => [name, name.startsWith('Fedify') ? 'delivered' : 'dead']),
      );
      for (const { reason } of seen.first.filter(({ outcome }) => outcome === 'dead')) {
        expect(reason).toMatch(
          /signed 16 hours before it came here, and Hollo refuses what is older than 60 minutes: its receipt hook is not in place/,
        );
      }
      expect(seen.doctor).toEqual([['warning', expect.stringContaining('no hook answered a late request')]]);
      expect(seen.again.map(({ outcome }) => outcome)).toEqual(seen.again.map(() => 'delivered'));
      const follows = async () => (await house.server.rows('SELECT 1 FROM follows')).length;
      await until('all follow', async () => ((await follows()) === house.senders.length ? true : null), 60_000, 200);
    } finally {
      await house.end();
      cluster.stop();
    }
  });
}
