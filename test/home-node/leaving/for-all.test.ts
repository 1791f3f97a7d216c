// What a service showed to its own actor, and what of it may leave home.

import { describe, expect, test } from 'vitest';
import { forAll, type PublicPosts } from '../../../home-node/leaving/for-all.ts';

const host = 'social.example';
const me = `https://${host}/users/me`;
const type = 'application/activity+json';
const known: PublicPosts = {
  hosts: [host],
  posts: new Set([`${host}/users/me/statuses/1`, `${host}/users/me/statuses/2`]),
  postPath: /^\/users\/[^/]+\/statuses\/[^/]+/,
};
const post = (n: number): string => `${me}/statuses/${n}`;

function judged(address: string, document: unknown, changes: object = {}) {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  return forAll(new URL(address), { status: 200, contentType: type, text, ...changes }, known);
}

const nothing = { status: 404, contentType: '', body: '' };

describe('what is for all', () => {
  test('is an actor, a post that the database calls so, and a list, byte for byte', () => {
    const documents = [
      [me, { id: me, type: 'Person', inbox: `${me}/inbox` }],
      [post(1), { id: post(1), type: 'Note', content: 'a  b' }],
      [`${me}/followers`, { id: `${me}/followers`, type: 'OrderedCollection', totalItems: 7 }],
      [`${me}/outbox?limit=40`, { type: 'OrderedCollectionPage', orderedItems: [{ type: 'Create', object: post(1) }] }],
    ] as const;
    for (const [address, document] of documents) {
      const text = JSON.stringify(document, null, 1);
      expect(judged(address, text).answer).toEqual({ status: 200, contentType: type, body: text });
    }
  });

  test.each([
    ['a post that it does not', post(3), { id: post(3), type: 'Note' }],
    ['a post under the address of another', post(1), { id: post(3), type: 'Note' }],
    ['an actor under the address of another', me, { id: `${me}2`, type: 'Person' }],
    ['a list that belongs to a post which is not', `${post(3)}/replies`, { type: 'OrderedCollection', id: post(3) }],
    ['anything else', `${me}/accepts/1`, { id: `${me}/accepts/1`, type: 'Accept' }],
    ['what is no object', me, '[]'],
    ['what is no JSON', me, 'x'],
    ['what is nested without end', me, `{"type":"Person","id":"${me}","x":${'['.repeat(9999)}${']'.repeat(9999)}}`],
  ])('is not %s', (_what, address, document) => {
    expect(judged(address, document).answer).toEqual(nothing);
  });

  test('is not an answer that refuses, nor a page for people', () => {
    const actor = { id: me, type: 'Person' };
    expect(judged(me, actor, { status: 403 }).answer).toEqual(nothing);
    expect(judged(me, actor, { contentType: 'text/html' }).answer).toEqual(nothing);
  });
});

describe('of a list', () => {
  const items = [
    post(1),
    post(3),
    { type: 'Create', id: `${post(2)}/activity`, object: post(2) },
    { type: 'Create', id: `${post(1)}/activity`, object: post(4) },
    { type: 'Create', object: { id: post(5), type: 'Note', content: 'secret' } },
    { id: post(2), type: 'Note' },
    'https://elsewhere.example/notes/1',
    `${me}/statuses/1#x`,
    7,
    null,
  ];

  test.each(['items', 'orderedItems'])('%s are left out that are posts of here and not for all', (name) => {
    const kept = [items[0], items[2], items[5], items[6], items[7]];
    const page = { id: 'x', type: 'OrderedCollectionPage', totalItems: 10, [name]: items };
    expect(JSON.parse(judged(`${me}/outbox?page=1`, page).answer.body)).toEqual({ ...page, [name]: kept });
    const inner = { type: 'Collection', first: { type: 'CollectionPage', [name]: items, next: 'y' } };
    const { first } = JSON.parse(judged(`${me}/outbox`, inner).answer.body) as { first: object };
    expect(first).toEqual({ ...inner.first, [name]: kept });
  });

  test('a single item that is not for all is left out too, also within a post', () => {
    const replies = { type: 'Collection', items: post(3) };
    const note = { id: post(1), type: 'Note', replies, tag: [{ items: [post(4)] }] };
    const { body } = judged(post(1), note).answer;
    expect(JSON.parse(body)).toEqual({ ...note, replies: { ...replies, items: [] }, tag: [{ items: [] }] });
  });

  test('how many answers a post has is not told: some may be for this server alone', () => {
    const list = { id: `${post(1)}/replies`, type: 'OrderedCollection', totalItems: 3, first: 'x' };
    const { answer, post: of, isList } = judged(`${post(1)}/replies?x=1`, list);
    expect(JSON.parse(answer.body)).toEqual({ id: list.id, type: list.type, first: 'x' });
    expect([of, isList]).toEqual(['/users/me/statuses/1', true]);
  });
});
