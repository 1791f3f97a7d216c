// Services that answer before they have done their work: what concerns the same waits, what does not goes on.

import { describe, expect, test } from 'vitest';
import { fullPace } from '../../../home-node/intake/pace.ts';
import { namesIn, Settling } from '../../../home-node/intake/settling.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { Delivery } from '../../../shared/delivery.ts';
import { allOf } from './all-of.ts';
import { House } from './house.ts';

const bytes = (activity: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(activity));
const actor = 'https://peer.example/users/peer';
const note = { id: `${actor}/notes/1`, type: 'Note', attributedTo: actor };
const create = { id: `${actor}/creations/1`, type: 'Create', actor, object: note };
const remove = { id: `${actor}/deletions/1`, type: 'Delete', actor, object: { id: note.id, type: 'Tombstone' } };
const follow = { id: `${actor}/follows/1`, type: 'Follow', actor, object: 'https://home.example/users/owner' };
const unfollow = { id: `${actor}/undos/1`, type: 'Undo', actor, object: follow };
const like = { id: `${actor}/likes/1`, type: 'Like', actor, object: 'https://home.example/notes/1' };

describe('what a delivery names', () => {
  test.each([
    [create, [create.id, note.id]],
    [remove, [remove.id, note.id]],
    [follow, [follow.id, follow.object]],
    [unfollow, [unfollow.id, follow.id, follow.object]],
    [{ ...unfollow, object: follow.id }, [unfollow.id, follow.id]],
    [{ id: 'a', type: 'Announce', object: create }, ['a', create.id, note.id]],
    [{ id: 'a', type: 'Add', object: [note.id, note], target: 'b' }, ['a', note.id, note.id, 'b']],
  ])('is the activity and what it is about: %j', (activity, names) => {
    expect(namesIn(bytes(activity))).toEqual(names);
  });

  test.each([
    ['a body that is still at the edge', null],
    ['no JSON', new TextEncoder().encode('{"id":')],
    ['no activity', bytes('a')],
    ['a list', bytes([create])],
    ['nothing', bytes({ type: 'Follow' })],
    ['an Accept', bytes({ id: 'a', type: 'Accept', object: follow })],
    ['a Move', bytes({ id: 'a', type: 'Move', object: actor, target: 'b' })],
    ['more names than are held against others', bytes({ id: 'a', object: Array.from({ length: 1000 }, String) })],
    ['names in depths', bytes({ object: Array.from({ length: 9 }, () => ({ id: 'a', object: ['b', 'c'] })) })],
  ])('is whatever comes next for %s', (_, body) => {
    expect(namesIn(body)).toBeNull();
  });
});

describe('a service that works on after its answer', () => {
  let now = 1_000_000;
  const settling = new Settling(2_000, () => now);
  const held = (activity: unknown, sender = actor) => ({
    delivery: { sender } as Delivery,
    body: activity === null ? null : bytes(activity),
  });

  test('is given what takes something back after a while, what else its sender said and others at once', () => {
    settling.took(held(create));
    now += 500;
    expect([remove, follow, like].map((one) => settling.waitMs(held(one)))).toEqual([1_500, 0, 0]);
    expect(settling.waitMs(held(null))).toBe(1_500);
    expect(settling.waitMs(held(remove, 'https://peer.example/users/other'))).toBe(0);
    now += 1_500;
    expect(settling.waitMs(held(remove))).toBe(0);
  });

  test('waits from the last that concerns it, and never longer than that when the clock is set back', () => {
    settling.took(held(follow));
    now += 1_000;
    settling.took(held(unfollow));
    expect(settling.waitMs(held(follow))).toBe(2_000);
    now -= 60_000;
    expect(settling.waitMs(held(follow))).toBe(0);
    now += 60_000;
  });

  test('is given votes on one thing as fast as it takes them, and what made or takes back one apart', () => {
    const group = 'https://peer.example/c/group';
    const post = `${actor}/posts/1`;
    const announced = (at: number, type: string, object: unknown): object => {
      return {
        id: `${group}/announces/${at}`,
        type: 'Announce',
        actor: group,
        object: { id: `${actor}/${at}`, type, object },
      };
    };
    now += 10_000;
    settling.took(held(announced(0, 'Create', { id: post, type: 'Page' }), group));
    expect(settling.waitMs(held(announced(1, 'Like', post), group))).toBe(2_000);
    now += 2_000;
    for (let at = 1; at < 300; at += 1) {
      const vote = held(announced(at, at % 3 === 0 ? 'Dislike' : 'Like', post), group);
      expect(settling.waitMs(vote)).toBe(0);
      settling.took(vote);
      now += 1;
    }
    const undo = announced(300, 'Undo', { id: `${actor}/299`, type: 'Like', object: post });
    expect(settling.waitMs(held(undo, group))).toBe(1_999);
    now += 2_000;
    settling.took(held(undo, group));
    expect(settling.waitMs(held(announced(301, 'Undo', { id: `${actor}/298`, type: 'Like' }), group))).toBe(0);
  });

  test('is given a relay’s night as fast as it takes it', () => {
    for (let at = 0; at < 20_000; at += 1) {
      now += 1;
      const object = `https://somebody.example/notes/${at}`;
      const announce = { id: `${actor}/announces/${at}`, type: 'Announce', actor, object };
      expect(settling.waitMs(held(announce))).toBe(0);
      if (at % 10 === 0) settling.took(held(announce, `https://relay.example/${at}`));
    }
  });
});

test('each sender’s deliveries reach such a service in their order, with a while between those that concern the same', {
  timeout: 30_000,
}, async () => {
  const settleMs = 200;
  const house = await House.start({}, systemClock, { ...fullPace, settleMs });
  const times: number[] = [];
  house.service.behave = (_, response) => {
    times.push(performance.now());
    response.writeHead(202).end();
  };
  const said = [follow, like, unfollow, create, remove].map((one) => JSON.stringify(one));
  for (const body of said) house.edge.put(body, { sender: actor });
  house.connect();
  await allOf(house, 'kept');
  expect(house.service.bodies()).toEqual(said);
  const since = times.map((at) => at - Number(times[0]));
  // A timer may be early by a millisecond.
  expect(Number(since[2])).toBeGreaterThanOrEqual(settleMs - 2);
  expect(Number(since[4]) - Number(since[3])).toBeGreaterThanOrEqual(settleMs - 2);
  await house.end();
});
