// The single-person actor against a neighbour on another origin, straight on loopback: what each delivery leaves behind,
// and what comes back.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ask } from '../../support/processes.ts';
import { EmbeddedHomeUnderTest, hears, type NeighbourUnderTest, startNeighbour } from './running.ts';

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

interface Sent {
  readonly id: string;
  readonly status: number;
  readonly note?: string;
}

describe('the embedded actor', () => {
  let home: EmbeddedHomeUnderTest;
  let neighbour: NeighbourUnderTest;

  beforeAll(async () => {
    home = await EmbeddedHomeUnderTest.make();
    [neighbour] = await Promise.all([startNeighbour(), home.start()]);
  });
  afterAll(async () => {
    await neighbour.program.kill();
    await home.end();
  });

  const tell = async (op: string, details: Record<string, unknown> = {}): Promise<Sent> =>
    await ask<Sent>(neighbour.program, op, { to: home.actor, ...details });
  const inbox = () => home.rows<{ activity: string; kind: string; actor: string }>('SELECT * FROM inbox');

  test('is found by its handle', async () => {
    const found = await ask(neighbour.program, 'resolve', { handle: `@owner@localhost:${home.port}` });
    expect(found).toEqual({
      actor: home.actor,
      inbox: `${home.actor}/inbox`,
      sharedInbox: `${home.origin}/inbox`,
    });
  });

  test('takes a Follow and answers with an Accept that the peer can verify', async () => {
    const follow = await tell('follow');
    expect(follow.status).toBe(202);
    expect(home.followers()).toEqual([neighbour.actor]);
    const accept = await hears(neighbour, 'Accept');
    expect(accept).toMatchObject({ actor: home.actor, object: follow.id });
    // As plain as it was written: its parties are ids, not documents.
    const { document } = accept as unknown as { document: object };
    expect(document).toMatchObject({
      object: { id: follow.id, type: 'Follow', actor: neighbour.actor, object: home.actor },
    });
    expect(document).not.toHaveProperty('to');
  });

  test('accepts the same Follow again, without a second follower', async () => {
    const follow = await tell('follow');
    await hears(neighbour, 'Accept');
    expect((await tell('again', { activity: follow.id })).status).toBe(202);
    expect(await hears(neighbour, 'Accept')).toMatchObject({ object: follow.id });
    expect(home.followers()).toEqual([neighbour.actor]);
  });

  test('ends with a follower after follow, undo and the very same follow again', async () => {
    const follow = await tell('follow');
    await hears(neighbour, 'Accept');
    await tell('undo', { activity: follow.id });
    expect(home.followers()).toEqual([]);
    await tell('again', { activity: follow.id });
    expect(home.followers()).toEqual([neighbour.actor]);
    await hears(neighbour, 'Accept');
  });

  test('keeps a reply once, however often it comes, changes it and lets it be deleted', async () => {
    const reply = await tell('create', { content: 'Good morning' });
    expect(reply.status).toBe(202);
    await tell('again', { activity: reply.id });
    expect(inbox()).toMatchObject([{ activity: reply.id, kind: 'create', actor: neighbour.actor }]);
    await tell('update', { object: reply.note, content: 'Good evening' });
    expect(JSON.stringify(inbox())).toContain('Good evening');
    await tell('delete-note', { object: reply.note });
    expect(inbox()).toEqual([]);
  });

  test('keeps Like and Announce of its own posts, and forgets them when they are undone', async () => {
    const object = `${home.actor}/posts/some-post`;
    const like = await tell('like', { object });
    const announce = await tell('announce', { object });
    expect(new Set(inbox().map(({ kind }) => kind))).toEqual(new Set(['announce', 'like']));
    await tell('undo', { activity: like.id });
    await tell('undo', { activity: announce.id });
    expect(inbox()).toEqual([]);
  });

  test('keeps nothing that is not about its owner', async () => {
    expect((await tell('like', { object: `${neighbour.origin}/notes/1` })).status).toBe(202);
    expect(inbox()).toEqual([]);
  });

  test('forgets an actor that deletes itself', async () => {
    const before = home.followers();
    const other = await startNeighbour(['--name', 'otto']);
    await ask(other.program, 'follow', { to: home.actor });
    expect(home.followers()).toHaveLength(before.length + 1);
    await ask(other.program, 'create', { to: home.actor, content: 'Hello' });
    expect(inbox()).toHaveLength(1);
    await ask(other.program, 'delete-self', { to: home.actor });
    expect(home.followers()).toEqual(before);
    expect(inbox()).toEqual([]);
    await other.program.kill();
  });

  test('shows how many follow, and not who', async () => {
    const answer = await fetch(`${home.actor}/followers`, { headers: { accept: 'application/activity+json' } });
    expect(await answer.json()).toMatchObject({ totalItems: 1 });
    const text = await (
      await fetch(`${home.actor}/followers?cursor=0`, { headers: { accept: 'application/activity+json' } })
    ).text();
    expect(text).not.toContain(neighbour.origin);
  });

  test('sends people who open its address in a browser to the site', async () => {
    const answer = await fetch(home.actor, { headers: { accept: 'text/html' }, redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${home.origin}/`]);
  });
});
