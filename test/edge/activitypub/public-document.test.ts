// What is read of an ActivityPub document that home wants kept: whether it is for all, and what a peer asks for next.

import { describe, expect, test } from 'vitest';
import { readPublicDocument } from '../../../edge/activitypub/public-document.ts';
import { limits } from '../../../shared/limits.ts';
import { bytesOf, utf8 } from './home.ts';

const origin = 'https://home.example';
const everybody = 'https://www.w3.org/ns/activitystreams#Public';

function read(json: unknown, path = '/users/me'): ReturnType<typeof readPublicDocument> {
  return readPublicDocument(bytesOf(json), new URL(`${origin}${path}`));
}

function links(json: unknown, path?: string): string[] {
  const reading = read(json, path);
  if ('unfit' in reading) throw new Error(reading.unfit);
  return reading.links.map((link) => `${link.kind} ${link.path}`);
}

describe('an actor', () => {
  test('as Mastodon writes it leads to its collections, its pictures and its page', () => {
    const actor = {
      id: `${origin}/users/me`,
      type: 'Person',
      following: `${origin}/users/me/following`,
      followers: `${origin}/users/me/followers`,
      inbox: `${origin}/users/me/inbox`,
      outbox: `${origin}/users/me/outbox`,
      featured: `${origin}/users/me/collections/featured`,
      featuredTags: `${origin}/users/me/collections/tags`,
      url: `${origin}/@me`,
      publicKey: { id: `${origin}/users/me#main-key`, owner: `${origin}/users/me`, publicKeyPem: 'x' },
      icon: { type: 'Image', mediaType: 'image/png', url: `${origin}/system/avatar.png?1234` },
      image: { type: 'Image', mediaType: 'image/jpeg', url: 'https://cdn.example/header.jpg' },
      endpoints: { sharedInbox: `${origin}/inbox` },
    };
    expect(links(actor)).toEqual([
      'outbox /users/me/outbox',
      'featured /users/me/collections/featured',
      'media /system/avatar.png?1234',
      'index /users/me/followers',
      'index /users/me/following',
      'index /users/me/collections/tags',
      'page /@me',
    ]);
  });

  test('as GoToSocial writes it leads to its key, which lies at an address of its own', () => {
    const publicKey = { id: `${origin}/users/me/main-key`, owner: `${origin}/users/me`, publicKeyPem: 'x' };
    expect(links({ id: `${origin}/users/me`, type: 'Person', publicKey })).toEqual(['key /users/me/main-key']);
  });

  test('never leads to an inbox, nor to what is elsewhere or no address', () => {
    const actor = {
      type: 'Service',
      inbox: `${origin}/inbox`,
      outbox: 'https://evil.example/outbox',
      followers: `http://home.example/followers`,
      following: 'https://home.example:8443/following',
      featured: 'javascript:alert(1)',
      url: 7,
      icon: [null, 'x', { type: 'Image', url: `${origin}/${'x'.repeat(limits.copyPathLength)}` }],
    };
    expect(links(actor)).toEqual([]);
  });
});

describe('a collection', () => {
  test('leads to its first page, whether it is named or written out', () => {
    const first = `${origin}/users/me/outbox?page=true`;
    expect(links({ type: 'OrderedCollection', first }, '/users/me/outbox')).toEqual([
      'first /users/me/outbox?page=true',
    ]);
    const page = {
      id: first,
      type: 'OrderedCollectionPage',
      orderedItems: [`${origin}/notes/1`],
      next: `${first}&max=1`,
    };
    expect(links({ type: 'OrderedCollection', first: page }, '/users/me/outbox')).toEqual([
      'first /users/me/outbox?page=true',
      'object /notes/1',
      'next /users/me/outbox?page=true&max=1',
    ]);
  });

  test('leads to its posts and boosts, to what is written in them, and not to what was boosted elsewhere', () => {
    const note = {
      id: `${origin}/notes/1`,
      type: 'Note',
      to: [everybody],
      attachment: [
        { type: 'Document', mediaType: 'image/webp', url: `${origin}/media/1.webp` },
        { type: 'Document', mediaType: 'video/mp4', url: `${origin}/media/film.mp4` },
      ],
      replies: {
        id: `${origin}/notes/1/replies`,
        type: 'Collection',
        first: { type: 'CollectionPage', next: `${origin}/notes/1/replies?page=true`, items: [] },
      },
      likes: { id: `${origin}/notes/1/likes`, type: 'Collection', totalItems: 3 },
      url: `${origin}/@me/1`,
    };
    const page = {
      type: 'OrderedCollectionPage',
      orderedItems: [
        { id: `${origin}/notes/1/activity`, type: 'Create', object: note },
        { id: `${origin}/boosts/2`, type: 'Announce', object: 'https://elsewhere.example/notes/9' },
        { id: `${origin}/boosts/3`, type: 'Announce', object: `${origin}/notes/1` },
        note,
      ],
    };
    expect(links(page, '/users/me/outbox?page=true')).toEqual([
      'activity /notes/1/activity',
      'object /notes/1',
      'media /media/1.webp',
      'replies /notes/1/replies',
      'next /notes/1/replies?page=true',
      'index /notes/1/likes',
      'page /@me/1',
      'activity /boosts/2',
      'activity /boosts/3',
    ]);
  });

  test(`leads to no more than limits.documentLinks, however many it names`, () => {
    const orderedItems = Array.from({ length: 5 * limits.documentLinks }, (_, n) => `${origin}/notes/${n}`);
    expect(links({ type: 'OrderedCollection', orderedItems })).toHaveLength(limits.documentLinks);
  });
});

describe('an object', () => {
  test('names its page also where that is its own address', () => {
    const id = `${origin}/notes/1`;
    expect(links({ id, type: 'Note', to: everybody, url: id }, '/notes/1')).toEqual(['page /notes/1']);
    const url = [
      { type: 'Link', mediaType: 'video/mp4', href: `${origin}/film.mp4` },
      { type: 'Link', mediaType: 'text/html', href: `${origin}/w/1` },
    ];
    expect(links({ id, type: 'Video', to: [everybody], url }, '/notes/1')).toEqual(['page /w/1']);
  });

  test.each([
    [{ to: everybody }],
    [{ to: [everybody], cc: [`${origin}/users/me/followers`] }],
    [{ to: `${origin}/users/me/followers`, cc: ['as:Public'] }],
    [{ audience: 'Public' }],
    [{}],
  ])('is for all when it says so, or names nobody: %j', (audience) => {
    expect(read({ type: 'Note', ...audience })).toMatchObject({ links: [] });
  });

  test.each([
    [{ to: `${origin}/users/me/followers` }],
    [{ to: ['https://peer.example/users/you'], cc: [] }],
    [{ to: [] }],
    [{ to: [{ id: everybody }] }],
    [{ to: [`${everybody}x`] }],
    [{ to: [everybody], bto: ['https://peer.example/users/you'] }],
    [{ to: [everybody], bcc: [] }],
  ])('is not for all: %j', (audience) => {
    expect(read({ type: 'Note', ...audience })).toEqual({ unfit: 'it is not addressed to the public' });
  });

  test('that is none is not kept', () => {
    for (const body of ['', '[]', '{', 'null', '"x"', '<html>', `${'['.repeat(limits.jsonDepth + 1)}`]) {
      expect(readPublicDocument(utf8(body), new URL(origin)), body).toHaveProperty('unfit');
    }
  });
});
