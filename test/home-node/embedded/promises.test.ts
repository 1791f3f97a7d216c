// What the embedded home has promised it keeps, whenever it is killed: Accepts are sent, posts reach followers once, and
// what could not be stored was not promised.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ask, until } from '../../support/processes.ts';
import { EmbeddedHomeUnderTest, hears, type NeighbourUnderTest, startNeighbour } from './running.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

interface Sent {
  readonly id: string;
  readonly status: number;
}

describe('the embedded home, killed', () => {
  let home: EmbeddedHomeUnderTest;
  let neighbour: NeighbourUnderTest;

  beforeAll(async () => {
    home = await EmbeddedHomeUnderTest.make();
    [neighbour] = await Promise.all([startNeighbour(['--first-knock', 'cavage']), home.start()]);
  });
  afterAll(async () => {
    await neighbour.program.kill();
    await home.end();
  });

  const tell = async (op: string, details: Record<string, unknown> = {}): Promise<Sent> =>
    await ask<Sent>(neighbour.program, op, { to: home.actor, ...details });
  const received = async (type: string): Promise<readonly { readonly activity: string }[]> =>
    (await ask<{ type: string; activity: string }[]>(neighbour.program, 'received')).filter(
      (each) => each.type === type,
    );
  const queued = (): number => home.rows<{ rows: number }>('SELECT count(*) AS rows FROM queue')[0]?.rows ?? 0;

  test('sends the Accept after a SIGKILL between taking the Follow and sending', async () => {
    await tell('deaf', { deaf: true });
    const follow = await tell('follow');
    expect(follow.status).toBe(202);
    await home.kill();
    expect(home.followers()).toEqual([neighbour.actor]);
    expect(queued()).toBe(1);
    await tell('deaf', { deaf: false });
    await home.start();
    expect(await hears(neighbour, 'Accept')).toMatchObject({ object: follow.id });
    await until('the queue is empty', () => (queued() === 0 ? true : null));
  });

  test('keeps no private key in what is queued', async () => {
    await tell('deaf', { deaf: true });
    await tell('follow');
    const [row] = home.rows<{ message: string }>('SELECT message FROM queue');
    expect(row?.message).toContain('"kty":"RSA"');
    expect(row?.message).not.toContain('"d":');
    await tell('deaf', { deaf: false });
    await hears(neighbour, 'Accept');
  });

  test('does not post what stood in the feed before', async () => {
    expect(home.rows('SELECT * FROM posts')).toEqual([]);
    expect(home.rows<{ entry: string }>('SELECT entry FROM entries')).toEqual([
      { entry: `${home.origin}/first-light.html` },
    ]);
  });

  test('sends a new entry of the feed to its followers once, also when it is killed and started again', async () => {
    addEntry('tag:example.org,2026:second', 'Second <light>', 'Sun &amp;amp; rain');
    const create = await hears(neighbour, 'Create');
    const note = create.document.object as { readonly id: string; readonly content: string };
    expect(note.content).toContain('Second &#60;light&#62;');
    expect(note.content).toContain(`${home.origin}/second.html`);
    await until('the queue is empty', () => (queued() === 0 ? true : null));
    await home.kill();
    await home.start();
    addEntry('tag:example.org,2026:third', 'Third light', 'More');
    await hears(neighbour, 'Create');
    expect(await received('Create')).toHaveLength(2);
    const answer = await fetch(note.id, { headers: { accept: 'application/activity+json' } });
    expect(await answer.json()).toMatchObject({ type: 'Note', attributedTo: home.actor, content: note.content });
  });

  test('sends a post that was not sent before it was killed', async () => {
    await tell('deaf', { deaf: true });
    addEntry('tag:example.org,2026:fourth', 'Fourth light', 'Still more');
    await until('the post is made', () => (home.rows('SELECT 1 FROM posts').length === 3 ? true : null));
    await home.kill();
    await tell('deaf', { deaf: false });
    await home.start();
    const create = await hears(neighbour, 'Create');
    expect(JSON.stringify(create.document)).toContain('Fourth light');
    expect(await received('Create')).toHaveLength(3);
  });

  test('tells its followers of an edit, once, and shows what the post says now', async () => {
    writeFileSync(feedFile(), feed().replace('Fourth light', 'Fourth light, mended'));
    const { object } = (await hears(neighbour, 'Update')).document as { object: Record<string, string> };
    expect(object.content).toContain('Fourth light, mended');
    await until('the queue is empty', () => (queued() === 0 ? true : null));
    await home.kill();
    await home.start();
    const answer = await fetch(object.id ?? '', { headers: { accept: 'application/activity+json' } });
    const note = (await answer.json()) as Record<string, string>;
    expect(note).toMatchObject({ type: 'Note', content: object.content });
    // A time may be written in several ways.
    const times = (of: Record<string, string>) => [of.published, of.updated].map((time) => Date.parse(time ?? ''));
    expect(times(note)).toEqual(times(object));
    expect(Date.parse(note.updated ?? '')).toBeGreaterThan(Date.parse(note.published ?? ''));
    expect(await received('Update')).toHaveLength(1);
  });

  test('lists its posts in the outbox, newest first', async () => {
    const first = `${home.actor}/outbox?cursor=0`;
    const answer = await fetch(first, { headers: { accept: 'application/activity+json' } });
    const page = (await answer.json()) as { orderedItems: { object: { content: string } }[] };
    expect(page.orderedItems.map(({ object }) => /\w+ (?:light|&)/.exec(object.content)?.[0])).toEqual([
      'Fourth light',
      'Third light',
      'Second &',
    ]);
  });

  test('waits with half a feed until it is whole', async () => {
    const whole = feed();
    const entry = entryXml('tag:example.org,2026:fifth', 'Fifth light', 'Whole');
    const half = whole.replace('\n  <entry>', `\n  ${entry}\n  <entry>`);
    writeFileSync(feedFile(), half.slice(0, half.indexOf('Fifth') + 2));
    await until('it was looked at', () => (home.program.log.includes('it has no end yet') ? true : null));
    expect(home.rows('SELECT 1 FROM posts')).toHaveLength(3);
    writeFileSync(feedFile(), half);
    expect(JSON.stringify((await hears(neighbour, 'Create')).document)).toContain('Fifth light');
  });

  test('answers 5xx while it cannot store, and takes the delivery afterwards', async () => {
    const other = new DatabaseSync(home.databaseFile, { timeout: 10_000 });
    other.exec('BEGIN IMMEDIATE');
    const like = await tell('like', { object: `${home.actor}/posts/x` }).finally(() => other.close());
    expect(like.status).toBe(500);
    expect((await tell('again', { activity: like.id })).status).toBe(202);
    expect(home.rows('SELECT activity FROM inbox')).toEqual([{ activity: like.id }]);
  });

  test('forgets an actor whose key is gone with it', async () => {
    expect(home.followers()).toEqual([neighbour.actor]);
    const other = new DatabaseSync(home.databaseFile, { timeout: 10_000 });
    other.exec('DELETE FROM kv');
    other.close();
    await tell('vanish');
    expect((await tell('delete-self')).status).toBe(202);
    expect(home.followers()).toEqual([]);
    expect(home.rows('SELECT 1 FROM inbox')).toEqual([]);
  });

  function feedFile(): string {
    return join(home.siteFolder, 'feed.xml');
  }

  function feed(): string {
    return readFileSync(feedFile(), 'utf8');
  }

  function entryXml(id: string, title: string, summary: string): string {
    const name = /:(\w+)$/.exec(id)?.[1];
    const text = title.replace('<', '&lt;').replace('>', '&gt;');
    return `<entry><title>${text}</title><id>${id}</id><link href="/${name}.html"/><updated>${new Date().toISOString()}</updated><summary type="html">${summary}</summary></entry>`;
  }

  /** As editors do: written beside it and put in its place. */
  function addEntry(id: string, title: string, summary: string): void {
    const part = `${feedFile()}~`;
    // The starter's comment speaks of <entry> too.
    writeFileSync(part, feed().replace('\n  <entry>', `\n  ${entryXml(id, title, summary)}\n  <entry>`));
    renameSync(part, feedFile());
  }
});
