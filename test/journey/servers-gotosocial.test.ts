// A real GoToSocial, by the path of its program, behind a real edge and home node: a night of peers that signed sixteen hours
// before home wakes, questions in it, and what GoToSocial itself then says. Without the path it says that it was not run.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { cavage, rsaSigner } from '../shared/signature/signing.ts';
import { activityJson } from '../support/embedded-home.ts';
import { ask, until } from '../support/processes.ts';
import { type Person, type Said, withGoToSocial } from '../support/servers/gotosocial.ts';
import { absenceMs, GoToSocialHome, type Sender } from '../support/servers/gotosocial-home.ts';

const everybody = 'https://www.w3.org/ns/activitystreams#Public';

withGoToSocial('GoToSocial itself', (program) => {
  describe('a night of GoToSocial', () => nightOf(program));
});

function nightOf(path: string): void {
  let house: GoToSocialHome;
  let anna: Person;
  let post: Said;
  let regretted: Said;
  let sent = 0;

  beforeAll(async () => {
    house = await GoToSocialHome.open(path);
    const { server } = house;
    await server.prepare(['anna', 'mallory'], async () => {
      await server.cli('admin', 'account', 'promote', '--username', 'anna');
      anna = await server.signIn('anna');
      await anna.ask('PATCH', '/api/v1/accounts/update_credentials', { locked: false });
      await anna.ask('POST', '/api/v1/admin/domain_blocks', { domain: 'bad.localhost' });
      const [mallory] = server.rows<{ id: string }>("select id from accounts where username = 'mallory'");
      await anna.ask('POST', `/api/v1/admin/accounts/${mallory?.id}/action`, { type: 'suspend', text: 'no' });
      await until('mallory is suspended', () => {
        const [one] = server.rows<{ at: unknown }>(
          "select suspended_at as at from accounts where username = 'mallory'",
        );
        return one?.at === null ? null : true;
      });
    });
  }, 180_000);
  afterAll(async () => await house?.end());

  /** Bodies of one peer's evening, in their order. */
  function eveningOf({ actor }: Sender): readonly Readonly<Record<string, unknown>>[] {
    const owner = house.actor('anna');
    const at = new Date(Date.now() - absenceMs);
    const later = (minutes: number): string => new Date(at.getTime() + minutes * 60_000).toISOString();
    const note = (n: number, content: string, edited: number | null = null) => ({
      id: `${actor}/notes/${n}`,
      type: 'Note',
      attributedTo: actor,
      inReplyTo: post.uri,
      content,
      published: later(0),
      ...(edited === null ? {} : { updated: later(edited) }),
      to: [everybody, owner],
      tag: [{ type: 'Mention', href: owner, name: `@anna@${house.host}` }],
    });
    const told = (kind: string, n: number, members: object) => ({ id: `${actor}/${kind}/${n}`, ...members });
    const follow = told('follows', 1, { type: 'Follow', object: owner });
    const like = (n: number, object: string) => told('likes', n, { type: 'Like', object });
    const boost = (n: number, object: string) =>
      told('boosts', n, { type: 'Announce', object, to: [everybody], published: later(n) });
    const undo = (n: number, object: object) => told('undos', n, { type: 'Undo', object: { actor, ...object } });
    const create = (n: number, object: object) =>
      told('creations', n, { type: 'Create', object, to: [everybody, owner] });
    const update = (n: number, object: object) => told('edits', n, { type: 'Update', object, to: [everybody, owner] });
    const gone = { id: `${actor}/notes/2`, type: 'Tombstone' };
    return [
      follow,
      undo(1, follow),
      // Byte for byte the first one.
      follow,
      create(1, note(1, 'first')),
      update(1, note(1, 'second', 1)),
      update(2, note(1, 'third', 2)),
      create(2, note(2, 'never mind')),
      told('deletions', 1, { type: 'Delete', object: gone, to: [everybody] }),
      like(1, post.uri),
      boost(1, post.uri),
      like(2, regretted.uri),
      undo(2, like(2, regretted.uri)),
      boost(2, regretted.uri),
      undo(3, boost(2, regretted.uri)),
    ];
  }

  const webFinger = async (name: string): Promise<Response> =>
    await house.get(`https://${house.host}/.well-known/webfinger?resource=acct:${name}@${house.host}`);

  test('home starts it, and leaves at bedtime what it finds in its database and its answers', {
    timeout: 240_000,
  }, async () => {
    await house.comesUp();
    await house.isHeard();
    post = await anna.post('Good evening.');
    regretted = await anna.post('I should not have said this.');
    await house.domain.sleep();
    expect(await house.server.isUp()).toBe(false);
  });

  test('at night WebFinger knows who lives there, and nobody else', async () => {
    expect(await (await webFinger('anna')).json()).toMatchObject({
      subject: `acct:anna@${house.host}`,
      links: expect.arrayContaining([expect.objectContaining({ rel: 'self', href: house.actor('anna') })]),
    });
    for (const name of ['mallory', 'nobody']) expect([name, (await webFinger(name)).status]).toEqual([name, 404]);
  });

  test('at night who signs is shown the actor and the posts, who does not is told to, and who is blocked is told so', async () => {
    for (const address of [house.actor('anna'), post.uri]) {
      const shown = await ask<{ isActor: boolean; json: { id: string } } | null>(house.asker, 'lookup', {
        address,
        signed: true,
      });
      expect([address, shown?.json.id]).toEqual([address, address]);
      const got = await ask<{ status: number; headers: Record<string, string> }>(house.asker, 'get', { address });
      expect([got.status, Number(got.headers.age) >= 0]).toEqual([200, true]);
      expect([address, (await house.get(address, activityJson)).status]).toEqual([address, 401]);
      const signer = await rsaSigner('https://bad.localhost/users/eve#main-key');
      const letter = {
        method: 'GET',
        host: house.host,
        path: new URL(address).pathname,
        body: new Uint8Array(),
        at: systemClock.now() - absenceMs,
      };
      const { headers } = await cavage(signer, letter, { headers: ['(request-target)', 'host', 'date'] });
      const own = Object.fromEntries(headers.filter(([name]) => !['host', 'content-length'].includes(name)));
      const blocked = await house.get(address, { ...activityJson, ...own });
      expect([address, blocked.status]).toEqual([address, 403]);
    }
    // Its key is for all, as GoToSocial itself has it.
    const key = await house.get(`${house.actor('anna')}/main-key`, activityJson);
    expect([key.status, ((await key.json()) as { publicKey: object }).publicKey]).toEqual([
      200,
      expect.objectContaining({ id: `${house.actor('anna')}/main-key` }),
    ]);
  });

  test('at night everything is taken from every peer, RFC 9421 after a second knock with draft-cavage', {
    timeout: 120_000,
  }, async () => {
    for (const sender of house.senders) {
      for (const activity of eveningOf(sender)) {
        expect([sender.name, activity.id, await sender.send(activity)]).toEqual([sender.name, activity.id, 202]);
        sent += 1;
      }
    }
    // Who knows RFC 9421 alone, whatever it signed: GoToSocial could not verify it.
    const eve = 'https://eve.localhost/users/eve';
    const created = Math.floor((systemClock.now() - absenceMs) / 1000);
    const headers = {
      'Content-Type': 'application/activity+json',
      'Content-Digest': 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
      'Signature-Input': `sig1=("@method" "@target-uri" "content-digest");created=${created};keyid="${eve}#main-key"`,
      Signature: 'sig1=:AAAA:',
    };
    const follow = JSON.stringify({ id: `${eve}/1`, type: 'Follow', actor: eve, object: house.actor('anna') });
    const refused = await house.post(`${house.actor('anna')}/inbox`, headers, follow);
    expect(refused.status).toBe(401);
  });

  test('in the morning GoToSocial, sixteen hours later, takes all of it, once', { timeout: 240_000 }, async () => {
    await house.morning();
    const fates = await house.fates(sent);
    expect(fates.filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
    expect(fates.length).toBe(sent);
  });

  test('its database then says that everything is there, in order', { timeout: 60_000 }, async () => {
    const actors = house.senders.map(({ actor }) => actor);
    const rows = <Row>(sql: string): Row[] => house.server.rows<Row>(sql);
    // It says 202 before it has done its work.
    await until(
      'two edits of each reply',
      () => rows('select 1 from status_edits').length >= 2 * actors.length || null,
    );
    await until('what was deleted is gone', () =>
      rows("select 1 from statuses where uri like '%/notes/2'").length === 0 ? true : null,
    );
    const of = (sql: string): string[] =>
      rows<{ uri: string }>(sql)
        .map(({ uri }) => uri)
        .toSorted((one, other) => (one < other ? -1 : 1));
    const each = (path: string): string[] => actors.map((actor) => `${actor}/${path}`);
    expect(of('select uri from follows')).toEqual(each('follows/1'));
    expect(of('select uri from follow_requests')).toEqual([]);
    expect(of('select uri from status_faves')).toEqual(each('likes/1'));
    expect(of('select uri from statuses where boost_of_id is not null')).toEqual(each('boosts/1'));
    expect(of('select uri from statuses where boost_of_id is null and local = false')).toEqual(each('notes/1'));
    const replies = rows<{ content: string; edits: string; to: string }>(
      'select content, edits, in_reply_to_uri as "to" from statuses where boost_of_id is null and local = false',
    );
    for (const { content, edits, to } of replies) {
      const told = (JSON.parse(edits) as string[]).map(
        (id) => house.server.rows<{ content: string }>('select content from status_edits where id = ?', id)[0]?.content,
      );
      expect([content, to, told]).toEqual(['third', post.uri, ['first', 'second']]);
    }
  });

  test('and so does its API, to the person who lives there', async () => {
    const seen = await until(
      'GoToSocial',
      async () => await house.server.signIn('anna').catch(() => null),
      60_000,
      200,
    );
    expect(await seen.ask('GET', `/api/v1/statuses/${post.id}`)).toMatchObject({
      replies_count: house.senders.length,
      reblogs_count: house.senders.length,
      favourites_count: house.senders.length,
    });
    expect(await seen.ask('GET', `/api/v1/statuses/${regretted.id}`)).toMatchObject({
      reblogs_count: 0,
      favourites_count: 0,
    });
  });

  test('a post as long as the edge takes arrives whole, and a longer one is refused at the door', {
    timeout: 120_000,
  }, async () => {
    const [first] = house.senders;
    const create = (n: number, bytes: number) => ({
      id: `${first?.actor}/long/${n}`,
      type: 'Create',
      to: [everybody, house.actor('anna')],
      object: {
        id: `${first?.actor}/longnotes/${n}`,
        type: 'Note',
        attributedTo: first?.actor,
        inReplyTo: post.uri,
        published: new Date().toISOString(),
        content: 'x'.repeat(bytes),
        to: [everybody, house.actor('anna')],
        tag: [{ type: 'Mention', href: house.actor('anna'), name: `@anna@${house.host}` }],
      },
    });
    // Some senders add a context and a signature of a few KB.
    const bytes = limits.inboxBodyBytes - 16 * 1024;
    expect(await first?.send(create(1, bytes))).toBe(202);
    expect(await first?.send(create(2, limits.inboxBodyBytes))).toBe(413);
    const fates = await house.fates(sent + 1);
    expect(fates.at(-1)).toMatchObject({ sender: first?.actor, outcome: 'delivered' });
    const lengths = "select length(content) as bytes from statuses where uri like '%/longnotes/%'";
    const rows = await until('the long post', () => {
      const found = house.server.rows<{ bytes: number }>(lengths);
      return found.length > 0 ? found : null;
    });
    expect(rows.map((row) => row.bytes)).toEqual([bytes]);
  });

  test('the next night the edge has the peers’ keys from its database, and asks nobody for them', {
    timeout: 120_000,
  }, async () => {
    // A home node that starts looks into the database anew.
    await house.domain.sleep();
    await house.comesUp(0);
    await house.isHeard();
    await house.domain.sleep();
    // What the edge remembers of keys that it fetched itself is gone with it.
    await house.domain.killEdge();
    await house.domain.startEdge();
    await house.muteSenders();
    for (const sender of house.senders) {
      // Without a key it could not be judged, and would be taken for home to decide.
      expect([sender.name, await sender.forged()]).toEqual([sender.name, 401]);
    }
    const [first] = house.senders;
    const stranger = house.stranger();
    expect(await stranger.forged()).toBe(202);
    // Nobody here has met them: taken before their key is asked for, and never brought home.
    expect(await stranger.send({ id: `${stranger.actor}#delete`, type: 'Delete', object: stranger.actor })).toBe(202);
    const like = { id: `${first?.actor}/likes/3`, type: 'Like', object: regretted.uri };
    expect(await first?.send(like)).toBe(202);
    await house.comesUp(0);
    const fates = await house.fates(1);
    expect(fates.map(({ sender, outcome }) => [sender, outcome])).toEqual([[first?.actor, 'delivered']]);
    const faves = "select 1 from status_faves where uri like '%/likes/3'";
    await until('the like', () => (house.server.rows(faves).length === 1 ? true : null));
    await house.domain.sleep();
    expect(house.server.rows('select 1 from accounts where uri = ?', stranger.actor)).toEqual([]);
  });
}
