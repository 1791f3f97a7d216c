// The owner's profile as a visitor on another server gets to see it: by what Mastodon's own fetchers ask for and require
// (fetch_featured_collection_service.rb, process_account_service.rb, json_ld_helper.rb, status_parser.rb).

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { send } from '../../support/forger.ts';
import { until } from '../../support/processes.ts';
import { type Signer, signed, startSigner } from '../receipts/signed.ts';
import { EmbeddedHomeUnderTest } from './running.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

type Json = Readonly<Record<string, unknown>>;
const activityStreams = 'https://www.w3.org/ns/activitystreams';

/** `fetch_resource`: the media type, the id at its own address, a context that names Activity Streams. */
async function fetched(address: unknown): Promise<Json> {
  if (typeof address !== 'string') throw new Error(`no address: ${JSON.stringify(address)}`);
  const accept = 'application/activity+json, application/ld+json';
  const answer = await fetch(address, { headers: { accept } });
  expect([address, answer.status]).toEqual([address, 200]);
  expect(answer.headers.get('content-type')).toMatch(
    /^application\/(activity\+json|ld\+json; *profile="https:\/\/www\.w3\.org\/ns\/activitystreams")/,
  );
  const json = (await answer.json()) as Json;
  expect(json.id).toBe(address);
  expect([json['@context']].flat()).toContain(activityStreams);
  return json;
}

describe('the profile of the embedded actor', () => {
  let home: EmbeddedHomeUnderTest;
  let somebody: Signer;
  let person: Json;
  let post: string;

  beforeAll(async () => {
    home = await EmbeddedHomeUnderTest.make();
    [somebody] = await Promise.all([startSigner(), home.start()]);
    await until('the feed was read', () => (home.rows('SELECT 1 FROM milestones').length > 0 ? true : null));
    const entry = `<entry><id>tag:one</id><title>One</title><updated>${new Date().toISOString()}</updated></entry>`;
    const feed = `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>${entry}</feed>`;
    writeFileSync(join(home.siteFolder, 'feed.xml'), feed);
    const [row] = await until('there is a post', () => {
      const rows = home.rows<{ id: string }>('SELECT id FROM posts');
      return rows.length === 1 ? rows : null;
    });
    post = `${home.actor}/posts/${row?.id}`;
    person = await fetched(home.actor);
  });
  afterAll(async () => {
    somebody.stop();
    await home.end();
  });

  const tell = async (activity: Json): Promise<number> => {
    const body = JSON.stringify({ '@context': activityStreams, actor: somebody.actor, ...activity });
    const inbox = new URL(`${home.actor}/inbox`);
    return await send(home.port, signed({ kind: 'cavage', signer: somebody, inbox, body, signedAt: Date.now() }));
  };

  test('says how many posts and followers there are, and how many are followed', async () => {
    const totals = await Promise.all(
      ['outbox', 'followers', 'following'].map(async (name) => (await fetched(person[name])).totalItems),
    );
    expect(totals).toEqual([1, 0, 0]);
  });

  test('names nobody who follows: there is no page to go on to', async () => {
    for (const name of ['followers', 'following']) {
      const { first, items, orderedItems } = await fetched(person[name]);
      expect([first, items ?? [], orderedItems ?? []]).toEqual([undefined, [], []]);
    }
  });

  test('has a collection of what is pinned, with nothing in it', async () => {
    const featured = await fetched(person.featured);
    expect(featured).toMatchObject({ type: 'OrderedCollection', totalItems: 0 });
    expect([featured.first, featured.orderedItems ?? []]).toEqual([undefined, []]);
  });

  test('says of each post how often it was liked and boosted, by how many people and not by whom', async () => {
    const counts = async (): Promise<unknown> => {
      const { likes, shares } = (await fetched(post)) as Readonly<Record<string, Json>>;
      const collections = await Promise.all([likes?.id, shares?.id].map(fetched));
      expect(JSON.stringify([likes, shares, ...collections])).not.toContain(somebody.origin);
      expect(collections.map(({ type }) => type)).toEqual(['Collection', 'Collection']);
      expect(collections.map(({ totalItems }) => totalItems)).toEqual([likes?.totalItems, shares?.totalItems]);
      return [likes?.totalItems, shares?.totalItems];
    };
    expect(await counts()).toEqual([0, 0]);
    const like = { type: 'Like', id: `${somebody.origin}/1`, object: post };
    const boost = { type: 'Announce', id: `${somebody.origin}/2`, object: post };
    for (const activity of [like, boost, { ...boost, id: `${somebody.origin}/3` }]) {
      expect(await tell(activity)).toBe(202);
    }
    expect(await counts()).toEqual([1, 1]);
    expect(await tell({ type: 'Undo', id: `${somebody.origin}/4`, object: like })).toBe(202);
    expect(await counts()).toEqual([0, 1]);
  });

  test('has no collections for posts that are not there', async () => {
    for (const name of ['likes', 'shares']) {
      const answer = await fetch(`${home.actor}/posts/nobody-knows/${name}`, {
        headers: { accept: 'application/activity+json' },
      });
      expect(answer.status).toBe(404);
    }
  });
});
