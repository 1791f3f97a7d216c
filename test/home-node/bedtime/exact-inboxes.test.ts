// Inboxes as an edge of the version before can understand them too.

import { describe, expect, test } from 'vitest';
import { withExactInboxes } from '../../../home-node/bedtime/exact-inboxes.ts';
import { limits } from '../../../shared/limits.ts';

const host = 'social.example';
const inboxes = ['/inbox', '/users/{name}/inbox'];
const documentOf = (inbox: unknown, at = host) => ({
  host: at,
  path: '/users/x',
  contentType: 'application/activity+json',
  body: JSON.stringify({ id: `https://${host}/users/x`, inbox }),
});

describe('beside inboxes with {name} home leaves', () => {
  test('those of the accounts that it left, by their own documents, once', () => {
    const documents = ['a', 'b', 'a'].map((name) => documentOf(`https://${host}/users/${name}/inbox`));
    expect(withExactInboxes({ inboxes, documents })).toEqual([...inboxes, '/users/a/inbox', '/users/b/inbox']);
  });

  test('none that is elsewhere, fits no inbox of the service, or is there already', () => {
    const documents = [
      documentOf('https://other.example/users/a/inbox'),
      documentOf(`https://${host}/channels/a/inbox`),
      documentOf(`https://${host}/users/a/b/inbox`),
      documentOf(`https://${host}/users/a/inbox?x`),
      documentOf(`https://${host}/inbox`),
      documentOf({ id: `https://${host}/users/a/inbox` }),
      documentOf('no address'),
      { ...documentOf(null), body: 'no JSON' },
      { ...documentOf(null), body: '[]' },
    ];
    expect(withExactInboxes({ inboxes, documents })).toEqual(inboxes);
  });

  test('nothing when the service names all of its inboxes exactly', () => {
    const documents = [documentOf(`https://${host}/users/a/inbox`)];
    expect(withExactInboxes({ inboxes: ['/inbox'], documents })).toEqual(['/inbox']);
  });

  test('at most limits.exactInboxes of them', () => {
    const documents = Array.from({ length: limits.exactInboxes + 50 }, (_, at) =>
      documentOf(`https://${host}/users/${at}/inbox`),
    );
    expect(withExactInboxes({ inboxes, documents })).toHaveLength(inboxes.length + limits.exactInboxes);
  });
});
