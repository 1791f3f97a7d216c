// A real PeerTube, by the path of its folder, behind a real edge and home node: a night of peers that signed sixteen hours
// before home wakes, questions in it, and what PeerTube's database then says. Without the path it says that it was not run.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { cavage, rsaSigner } from '../shared/signature/signing.ts';
import type { Owner, Video } from '../support/servers/peertube.ts';
import { absenceMs, PeerTubeHome, type Sender } from '../support/servers/peertube-home.ts';

const program = process.env.PORCHLIGHT_PEERTUBE;
const everybody = 'https://www.w3.org/ns/activitystreams#Public';
const activityJson = { Accept: 'application/activity+json' };

if (program === undefined) {
  test('PeerTube itself: not run (PORCHLIGHT_PEERTUBE names no folder of it)', () => {
    process.stdout.write('PeerTube itself: not run (PORCHLIGHT_PEERTUBE names no folder of it).\n');
    expect(program).toBeUndefined();
  });
} else {
  describe('a night of PeerTube', () => nightOf(program));
  describe('a night of PeerTube without our hook', () => nightWithoutHook(program));
}

function nightOf(path: string): void {
  let house: PeerTubeHome;
  let anna: Owner;
  let film: Video;
  let regretted: Video;
  let sent = 0;

  beforeAll(async () => {
    house = await PeerTubeHome.open(path);
    const { server } = house;
    await server.prepare(async (root) => {
      await root.makeUser('anna');
      await root.ask('POST', '/api/v1/server/blocklist/servers', { host: 'bad.localhost' });
      anna = await server.signIn('anna');
      film = await anna.upload('A film');
      regretted = await anna.upload('Another film');
    });
  }, 180_000);
  afterAll(async () => await house?.end());

  const channel = (): string => `https://${house.host}/video-channels/anna_channel`;

  /** Bodies of one peer's evening, in their order; what it says of its comments is shown by its server. */
  async function eveningOf({ actor, show }: Sender): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const at = new Date(Date.now() - absenceMs).toISOString();
    const told = (kind: string, n: number, members: object) => ({ id: `${actor}/${kind}/${n}`, ...members });
    const note = (n: number, content: string) => ({
      '@context': 'https://www.w3.org/ns/activitystreams',
      id: `${actor}/notes/${n}`,
      type: 'Note',
      attributedTo: actor,
      inReplyTo: film.url,
      content,
      published: at,
      to: [everybody],
      cc: [channel()],
    });
    const person = (await (await house.get(actor)).json()) as object;
    const named = { ...person, name: 'Somebody else since' };
    await show(actor, { ...person, name: 'Somebody' });
    await show(`${actor}/notes/1`, note(1, 'Good evening'));
    // PeerTube asks for it in the morning, when it is gone.
    await show(`${actor}/notes/2`, null);
    const follow = told('follows', 1, { type: 'Follow', object: channel() });
    const like = (n: number, object: string) => told('likes', n, { type: 'Like', object });
    const boost = (n: number, object: string) => told('boosts', n, { type: 'Announce', object, to: [everybody] });
    const undo = (n: number, object: object) => told('undos', n, { type: 'Undo', object: { actor, ...object } });
    const create = (n: number, object: object) => told('creations', n, { type: 'Create', object, to: [everybody] });
    return [
      follow,
      undo(1, follow),
      // Byte for byte the first one.
      follow,
      create(1, note(1, 'Good evening')),
      create(2, note(2, 'Never mind')),
      told('deletions', 1, { type: 'Delete', object: { id: `${actor}/notes/2`, type: 'Tombstone' }, to: [everybody] }),
      like(1, film.url),
      boost(1, film.url),
      like(2, regretted.url),
      undo(2, like(2, regretted.url)),
      boost(2, regretted.url),
      undo(3, boost(2, regretted.url)),
      told('edits', 1, { type: 'Update', object: named, to: [everybody] }),
    ];
  }

  test('home starts it, and doctor finds that its hook works', { timeout: 240_000 }, async () => {
    await house.comesUp();
    await house.isKnown('anna');
    const findings = JSON.parse(await house.porchlight('doctor', '--json')) as Finding[];
    const hook = findings.filter(({ check }) => check === 'hooks');
    expect(hook).toMatchObject([{ subject: 'tube', verdict: 'well' }]);
    expect(hook[0]?.found).toContain('leaves one without to the server (403)');
    // What it asked did nothing.
    expect(await house.server.rows('select 1 from actor where "serverId" is not null')).toEqual([]);
    await house.domain.sleep();
    expect(await house.server.isUp()).toBe(false);
  });

  test('at night WebFinger knows who lives there, and nobody else', async () => {
    for (const [name, href] of [
      ['anna', `https://${house.host}/accounts/anna`],
      ['anna_channel', channel()],
    ] as const) {
      expect(await (await house.webFinger(name)).json()).toMatchObject({
        subject: `acct:${name}@${house.host}`,
        links: expect.arrayContaining([expect.objectContaining({ rel: 'self', href })]),
      });
    }
    expect((await house.webFinger('nobody')).status).toBe(404);
  });

  test('at night strangers are shown actors, outboxes, videos and their pictures', async () => {
    const documents = [
      `https://${house.host}/accounts/anna`,
      `https://${house.host}/accounts/peertube`,
      channel(),
      `${channel()}/outbox`,
      `${channel()}/outbox?page=1`,
      film.url,
    ];
    let picture: string | undefined;
    for (const address of documents) {
      const answer = await house.get(address, activityJson);
      const { id, icon } = (await answer.json()) as { id?: string; icon?: readonly { url: string }[] };
      expect([address, answer.status, Number(answer.headers.get('age')) >= 0, id]).toEqual([
        address,
        200,
        true,
        address,
      ]);
      picture = icon?.[0]?.url ?? picture;
    }
    const shown = await house.get(picture ?? '');
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect((await house.get(`${film.url}1`, activityJson)).status).toBe(503);
  });

  test('at night everything is taken from every peer, and nothing from whom it blocks', {
    timeout: 120_000,
  }, async () => {
    for (const sender of house.senders) {
      for (const activity of await eveningOf(sender)) {
        expect([sender.name, activity.id, await sender.send(activity)]).toEqual([sender.name, activity.id, 202]);
        sent += 1;
      }
    }
    const eve = 'https://bad.localhost/users/eve';
    const body = JSON.stringify({ id: `${eve}/1`, type: 'Follow', actor: eve, object: channel() });
    const at = systemClock.now() - absenceMs;
    const letter = { method: 'POST', host: house.host, path: '/inbox', body: new TextEncoder().encode(body), at };
    const { headers } = await cavage(await rsaSigner(`${eve}#main-key`), letter);
    const own = Object.fromEntries(headers.filter(([name]) => !['host', 'content-length'].includes(name)));
    expect((await house.post(`https://${house.host}/inbox`, own, body)).status).toBe(403);
  });

  test('in the morning PeerTube, sixteen hours later, takes all of it, once', { timeout: 240_000 }, async () => {
    await house.morning();
    const fates = await house.fates(sent);
    expect(fates.filter(({ outcome }) => outcome !== 'delivered')).toEqual([]);
    expect(fates.length).toBe(sent);
    await house.domain.sleep();
  });

  test('its database then says that everything is there, in order', { timeout: 60_000 }, async () => {
    const of = async (sql: string): Promise<string[]> =>
      (await house.server.rows<{ url: string }>(sql))
        .map(({ url }) => url)
        .toSorted((one, other) => (one < other ? -1 : 1));
    const each = (path: string): string[] => house.senders.map(({ actor }) => `${actor}${path}`);
    expect(await of('select url from "actorFollow" where state = \'accepted\'')).toEqual(each('/follows/1'));
    expect(await of('select url from "accountVideoRate"')).toEqual(each('/likes/1'));
    // Fedify writes `to` as one text where there is one, as:Public: 6.3 takes a Create or Update with that for nothing, day
    // or night; 8.2 reads it.
    const isNewer = Number(house.server.version.split('.')[0]) >= 8;
    const isRead = ({ name }: Sender): boolean => isNewer || !name.startsWith('Fedify');
    const notes = house.senders.filter(isRead).map(({ actor }) => `${actor}/notes/1`);
    expect(await of('select url from "videoComment"')).toEqual(notes);
    const names = await house.server.rows<{ url: string; name: string }>(
      `select r.url, a.name from account a join actor r on ${isNewer ? 'r."accountId" = a.id' : 'r.id = a."actorId"'} where r."serverId" is not null`,
    );
    expect(Object.fromEntries(names.map(({ url, name }) => [url, name]))).toEqual(
      Object.fromEntries(house.senders.map((one) => [one.actor, isRead(one) ? 'Somebody else since' : 'Somebody'])),
    );
    const counts = 'select likes::text as url from video';
    expect(await of(counts)).toEqual(['0', String(house.senders.length)]);
  });
}

function nightWithoutHook(path: string): void {
  let house: PeerTubeHome;

  beforeAll(async () => {
    house = await PeerTubeHome.open(path, { isHooked: false });
    await house.server.prepare(async (root) => await root.makeUser('anna'));
  }, 180_000);
  afterAll(async () => await house?.end());

  test('doctor says that the hook is missing', { timeout: 240_000 }, async () => {
    await house.comesUp();
    await house.isKnown('anna');
    const findings = JSON.parse(await house.porchlight('doctor', '--json')) as Finding[];
    expect(findings.filter(({ check }) => check === 'hooks')).toMatchObject([{ subject: 'tube', verdict: 'warning' }]);
    await house.domain.sleep();
  });

  test('PeerTube refuses what is sixteen hours old; it becomes dead letters that say why', {
    timeout: 240_000,
  }, async () => {
    const object = `https://${house.host}/video-channels/anna_channel`;
    for (const { name, actor, send } of house.senders) {
      expect([name, await send({ id: `${actor}/follows/1`, type: 'Follow', object })]).toEqual([name, 202]);
    }
    await house.morning();
    const fates = await house.fates(house.senders.length);
    expect(fates.map(({ outcome }) => outcome)).toEqual(house.senders.map(() => 'dead'));
    for (const { message } of fates) expect(message).toContain('its receipt hook is not in place');
    await house.domain.sleep();
    expect(await house.server.rows('select 1 from "actorFollow"')).toEqual([]);
  });
}

interface Finding {
  readonly check: string;
  readonly subject: string;
  readonly verdict: string;
  readonly found: string;
}
