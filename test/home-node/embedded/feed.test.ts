// From a feed to posts: what is read of every format, what becomes a post, and what is only remembered.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../../home-node/embedded/database.ts';
import { type FeedEntry, readDeleted, readEntries } from '../../../home-node/embedded/feed-entries.ts';
import { FeedWatch } from '../../../home-node/embedded/feed-watch.ts';
import { Followers } from '../../../home-node/embedded/followers.ts';
import { escapeHtml, plainText } from '../../../home-node/embedded/plain-text.ts';
import { Posts } from '../../../home-node/embedded/posts.ts';
import { openEmbeddedHome } from '../../../home-node/embedded/wiring.ts';
import { createLog } from '../../../home-node/log.ts';
import { openSecret } from '../../../home-node/receipts/secret.ts';
import { systemRandom } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { until } from '../../support/processes.ts';
import { makeFolder } from './running.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const origin = 'https://example.org';
const now = Date.UTC(2026, 10, 21, 6, 0, 0);
const iso = (time: number): string => new Date(time).toISOString();

const atom = (entries: string): string =>
  `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>${entries}</feed>`;
const rss = (items: string): string =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>${items}</channel></rss>`;

describe('an entry is read', () => {
  test('from Atom, whose text is not markup unless it says so', () => {
    const [plain, html] = readEntries(
      atom(`
        <entry><id>urn:1</id><title>a &lt;b> c</title><link href="/1.html"/><published>${iso(now)}</published></entry>
        <entry><id>urn:2</id><title type="html">x &lt;b&gt;y&lt;/b&gt; &amp;amp; z</title><summary type="html">&lt;p onclick="x()"&gt;Hi&lt;/p&gt;&lt;script&gt;evil()&lt;/script&gt;</summary><link rel="enclosure" href="/no.mp3"/><link rel="alternate" href="https://other.example/2"/></entry>`),
      origin,
    );
    expect(plain).toEqual({ id: 'urn:1', title: 'a <b> c', summary: '', link: `${origin}/1.html`, publishedAt: now });
    expect(html).toEqual({
      id: 'urn:2',
      title: 'x y & z',
      summary: 'Hi',
      link: 'https://other.example/2',
      publishedAt: null,
    });
  });

  test('from RSS, whose guid or link is its id', () => {
    const entries = readEntries(
      rss(`<item><title>One</title><link>https://example.org/1</link><guid>abc</guid><pubDate>${new Date(now).toUTCString()}</pubDate><description><![CDATA[<p>Hi &amp; bye</p>]]></description></item>
           <item><title>Two</title><link>https://example.org/2</link></item>`),
      origin,
    );
    expect(entries).toEqual([
      { id: 'abc', title: 'One', summary: 'Hi & bye', link: 'https://example.org/1', publishedAt: now },
      { id: 'https://example.org/2', title: 'Two', summary: '', link: 'https://example.org/2', publishedAt: null },
    ]);
  });

  test('from JSON Feed', () => {
    const feed = {
      version: 'https://jsonfeed.org/version/1.1',
      title: 't',
      items: [{ id: '1', title: 'One', url: '/1', content_text: 'Text', date_published: iso(now) }],
    };
    expect(readEntries(JSON.stringify(feed), origin)).toEqual([
      { id: '1', title: 'One', summary: 'Text', link: `${origin}/1`, publishedAt: now },
    ]);
  });

  test('without a link that no browser should open', () => {
    const [entry] = readEntries(
      atom('<entry><id>urn:1</id><title>x</title><link href="javascript:alert(1)"/></entry>'),
      origin,
    );
    expect(entry?.link).toBeNull();
  });

  test('not at all when it has neither a name nor words', () => {
    expect(readEntries(atom('<entry><title>x</title></entry><entry><id>urn:2</id></entry>'), origin)).toEqual([]);
  });

  test.each(['', 'no feed', atom('').slice(0, -3), '<html><body>x</body></html>', '{"x":1}'])(
    'never from %j',
    (text) => {
      expect(() => readEntries(text, origin)).toThrow(expect.objectContaining({ code: 'feed' }));
    },
  );

  test('as short text, however long it is and whatever stands in it', () => {
    expect(plainText(`<p>${'word '.repeat(1000)}</p>`, 50)).toMatch(/^(word ){8,10}word…$|^(word )+word…$/);
    expect(plainText('<'.repeat(100_000), 50).length).toBeLessThanOrEqual(50);
    expect(plainText('a<!-- b -->c<style>d</style>e&#x41;&#66;&#xd800;&bogus;', 50)).toBe('a c eAB\ufffd&bogus;');
    expect(escapeHtml(`<a b="c" d='e'>&`)).toBe('&#60;a b=&#34;c&#34; d=&#39;e&#39;&#62;&#38;');
  });
});

describe('an entry becomes a post', () => {
  let folder: string;
  let database: Database;
  let posts: Posts;
  let log: string;
  let ending: AbortController;
  let running: Promise<void>;
  let close: () => void;
  let time: number;

  /** The embedded home in this process, at a time of our own. */
  beforeEach(async () => {
    folder = makeFolder();
    log = '';
    ending = new AbortController();
    time = now;
    const clock = { now: () => time };
    const receiptSecretFile = join(folder, 'secret');
    openSecret(receiptSecretFile, systemRandom);
    const person = { origin, handle: 'owner', handleHost: 'example.org', title: 't', language: 'en' };
    const rest = {
      port: 0,
      receiptSecretFile,
      allowPrivateAddresses: false,
      tethered: false,
      logLevel: 'info' as const,
    };
    const say = createLog('info', clock, (line) => {
      log += line;
    });
    const home = await openEmbeddedHome({ folder, ...person, ...rest }, clock, say);
    close = () => home.close();
    running = home.run(ending.signal);
    database = openDatabase(join(folder, 'actor', 'actor.sqlite'), 'always');
    posts = new Posts(database);
    await until('the feed was read', () => (posts.feedWasRead() ? true : null));
  });
  afterEach(async () => {
    ending.abort();
    await running;
    database.close();
    close();
    rmSync(folder, { recursive: true });
  });

  const entry = (id: string, publishedAt: number, title = id): string =>
    `<entry><id>${id}</id><title>${title}</title><published>${iso(publishedAt)}</published></entry>`;
  /** Somebody follows whose server cannot be reached: what is told stays in the queue. */
  const follow = (): void => {
    const peer = 'https://peer.invalid';
    new Followers(database).add({ actor: `${peer}/a`, inbox: `${peer}/in`, sharedInbox: null }, `${peer}/1`, now);
  };
  const told = (type: string): readonly Record<string, unknown>[] => {
    const rows = database.sql.prepare('SELECT message FROM queue ORDER BY id').all();
    const activities = rows.flatMap(({ message }) => {
      const { activity } = JSON.parse(String(message)) as { readonly activity?: Record<string, unknown> };
      return activity?.type === type ? [[activity.id, activity] as const] : [];
    });
    return [...new Map(activities).values()];
  };
  const save = (text: string): void => writeFileSync(join(folder, 'site', 'feed.xml'), text);
  const titles = (): readonly string[] =>
    posts.page(0, 100).map(({ content }) => /<strong>(.*)<\/strong>/.exec(content)?.[1] ?? '');
  const seen = async (id: string): Promise<void> => {
    await until(`${id} is seen`, () => (posts.isSeen(id) ? true : null));
  };

  test('when it is new; what is old is only remembered', async () => {
    save(atom(entry('new', now - 1000) + entry('old', now - limits.feedNewsMs)));
    await seen('old');
    await seen('new');
    expect(titles()).toEqual(['new']);
  });

  test('once, also when it is taken out and put in again', async () => {
    save(atom(entry('one', now)));
    await seen('one');
    save(atom(entry('two', now)));
    await seen('two');
    save(atom(entry('one', now) + entry('three', now)));
    await seen('three');
    expect(titles()).toHaveLength(3);
  });

  test('and goes for good when the feed says that it was deleted, not when it is only left out', async () => {
    save(atom(entry('one', now) + entry('two', now - 1)));
    await seen('two');
    await seen('one');
    const [first, second] = [posts.postOf('one'), posts.postOf('two')];
    save(atom(`<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="one"/>`));
    await until('it is deleted', () => (posts.isDeleted(first ?? '') ? true : null));
    save(atom(entry('one', now) + entry('three', now)));
    await seen('three');
    expect(titles()).toEqual(expect.arrayContaining(['two', 'three']));
    expect(titles()).toHaveLength(2);
    expect([posts.deleted(9), posts.isDeleted(second ?? '')]).toEqual([[first], false]);
  });

  test('and says what the entry says from then on, with the time of the edit; followers are told', async () => {
    follow();
    save(atom(entry('one', now - 5000, 'Wether') + entry('two', now - 6000)));
    await seen('two');
    await seen('one');
    time = now + 1000;
    save(atom(entry('one', now - 5000, 'Weather') + entry('two', now - 6000)));
    await until('it is edited', () => (titles().includes('Weather') ? true : null));
    const edited = posts.ofEntry('one');
    expect(edited).toMatchObject({ publishedAt: now - 5000, updatedAt: time });
    expect(posts.ofEntry('two')?.updatedAt).toBeNull();
    const [update, ...more] = told('Update');
    expect(more).toEqual([]);
    expect(update).toMatchObject({
      id: `${origin}/users/owner/posts/${edited?.id}#updates/${time}`,
      actor: `${origin}/users/owner`,
      object: { type: 'Note', updated: iso(time).replace('.000Z', 'Z'), content: edited?.content },
    });
    expect(told('Create')).toHaveLength(2);
  });

  test('and is told of again only after a while, with what it says then', async () => {
    follow();
    save(atom(entry('one', now, 'first')));
    await seen('one');
    time = now + 1000;
    save(atom(entry('one', now, 'second')));
    await until('it is edited', () => (titles().includes('second') ? true : null));
    time += limits.feedEditMs - 1;
    save(atom(entry('one', now, 'third') + entry('two', now)));
    await seen('two');
    expect(titles()).toContain('second');
    time += 1;
    // The watch looks again by itself within a minute; here it is told to.
    save(atom(entry('one', now, 'fourth') + entry('two', now)));
    await until('it is edited', () => (titles().includes('fourth') ? true : null));
    expect(told('Update')).toHaveLength(2);
  });

  test('and a site made anew is told of by limits.feedEdits edits; the others are at their addresses', async () => {
    follow();
    const count = limits.feedPosts;
    const all = (title: string): readonly string[] =>
      Array.from({ length: 2 * count }, (_, i) => entry(`e${i}`, now - i * 1000, `${title} ${i}`));
    save(atom(all('old').slice(count).join('')));
    await seen(`e${2 * count - 1}`);
    save(atom(all('old').join('')));
    await seen('e0');
    time = now + 1000;
    save(atom(all('new').join('')));
    const isNew = (title: string): boolean => title.startsWith('new');
    await until('they are edited', () => (titles().length > 0 && titles().every(isNew) ? true : null));
    expect(titles().length).toBeGreaterThan(limits.feedEdits);
    expect(told('Update')).toHaveLength(limits.feedEdits);
    const newest = Array.from({ length: limits.feedEdits }, (_, i) => posts.postOf(`e${i}`));
    expect(
      told('Update').map(({ object }) =>
        String((object as { id: unknown }).id)
          .split('/')
          .at(-1),
      ),
    ).toEqual(expect.arrayContaining(newest));
  });

  test('of a post that another process deleted meanwhile nothing is told', async () => {
    follow();
    save(atom(entry('one', now, 'first')));
    await seen('one');
    // To the statement it is not there.
    database.sql.exec('CREATE TRIGGER gone BEFORE UPDATE ON posts BEGIN SELECT RAISE(IGNORE); END');
    time = now + 1000;
    save(atom(entry('one', now, 'second') + entry('two', now)));
    await seen('two');
    expect(told('Update')).toEqual([]);
  });

  test('also after the clock was put back, with a time that is later than the one before', async () => {
    follow();
    save(atom(entry('one', now, 'first')));
    await seen('one');
    const year = 365 * 24 * 3600 * 1000;
    time = now + year;
    save(atom(entry('one', now, 'second')));
    await until('it is edited', () => (titles().includes('second') ? true : null));
    time = now + 1000;
    save(atom(entry('one', now, 'third') + entry('two', now)));
    await until('it is edited', () => (titles().includes('third') ? true : null));
    expect(posts.ofEntry('one')?.updatedAt).toBeGreaterThan(now + year);
    expect(told('Update')).toHaveLength(2);
    // And no sooner than ever, though the time that it has is far away.
    save(atom(entry('one', now, 'fourth') + entry('three', now)));
    await seen('three');
    expect(titles()).toContain('third');
  });

  test('and two entries of one id do not edit each other', async () => {
    follow();
    save(atom(entry('one', now, 'a') + entry('one', now, 'b')));
    await seen('one');
    for (let look = 1; look <= 4; look += 1) {
      time += limits.feedEditMs;
      save(atom(entry('one', now, 'a') + entry('one', now, 'b') + entry(`look ${look}`, now)));
      await seen(`look ${look}`);
    }
    expect(titles()).toContain('a');
    expect(told('Update').length).toBeLessThanOrEqual(1);
  });

  test('with its time, but never one that is still to come', async () => {
    save(atom(entry('early', now - 5000) + entry('to come', now + 5000)));
    await seen('to come');
    await seen('early');
    expect(posts.page(0, 9).map(({ publishedAt }) => publishedAt)).toEqual([now, now - 5000]);
  });

  test('unless an archive is put in at once: then only the newest do', async () => {
    const count = limits.feedPosts + 15;
    save(atom(Array.from({ length: count }, (_, i) => entry(`e${i}`, now - i * 1000)).join('')));
    for (let i = 0; i < count; i += 1) await seen(`e${i}`);
    expect(titles()).toEqual(Array.from({ length: limits.feedPosts }, (_, i) => `e${i}`));
  });

  test('and a feed that is too large is left alone, with a word about it', async () => {
    save(atom(entry('one', now) + ' '.repeat(limits.feedBytes)));
    await until('it is said', () => (log.includes('more than') ? true : null));
    expect(titles()).toEqual([]);
  });
});

describe('a deleted entry', () => {
  const at = 'xmlns:at="http://purl.org/atompub/tombstones/1.0"';

  test('is read from Atom, by whatever prefix, and from nothing that only looks like it', () => {
    const feed = atom(`
      <at:deleted-entry ${at} ref="urn:1" when="2026-11-21T06:00:00Z"/>
      <x:deleted-entry when="2026-11-21T06:00:00Z" ref='https://example.org/?a=1&amp;b=2'><x:comment>no more</x:comment></x:deleted-entry>
      <!-- <at:deleted-entry ref="urn:2"/> -->
      <at:deleted-entry when="2026-11-21T06:00:00Z"/><at:deleted-entry href="urn:3"/>
      <entry><id>urn:4</id><title>t</title><content><![CDATA[<at:deleted-entry ref="urn:5"/>]]></content></entry>`);
    expect(readDeleted(feed)).toEqual(['urn:1', 'https://example.org/?a=1&b=2']);
    expect(readDeleted(rss('<item><title>t</title><at:deleted-entry ref="urn:1"/></item>'))).toEqual([]);
    expect(() => readDeleted(feed.slice(0, -10))).toThrow('it has no end yet');
  });
});

describe('the feed is watched', () => {
  let folder: string;
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('and read when it has changed, again when taking it failed or was put off, and not otherwise', async () => {
    const taken: (readonly FeedEntry[])[] = [];
    let failing = true;
    let isWhole = false;
    const take = async (entries: readonly FeedEntry[]): Promise<boolean> => {
      taken.push(entries);
      if (failing) throw new Error('the disk is full');
      return await Promise.resolve(isWhole);
    };
    const log = createLog('error', { now: () => now }, () => undefined);
    const watch = new FeedWatch({ folder, origin, publisher: { take }, log });
    writeFileSync(join(folder, 'feed.xml'), atom('<entry><id>1</id><title>x</title></entry>'));
    await watch.look();
    await watch.look();
    failing = false;
    await watch.look();
    isWhole = true;
    await watch.look();
    await watch.look();
    expect(taken.map((entries) => entries.length)).toEqual([1, 1, 1, 1]);
  });
});
