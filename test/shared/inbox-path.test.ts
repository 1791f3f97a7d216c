import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exampleInbox, fitsInbox, inboxesMeet, isInboxPath } from '../../shared/inbox-path.ts';

const segment = fc.stringMatching(/^[a-z0-9@~._-]{1,8}$/);

describe('an inbox with {name}', () => {
  test.each([
    ['/users/{name}/inbox', '/users/anna/inbox'],
    ['/users/{name}/inbox', '/users/a%2Fb/inbox'],
    ['/@{name}/inbox', '/@anna/inbox'],
    ['/u/{name}', '/u/anna'],
    ['/inbox', '/inbox'],
  ])('%s is %s', (inbox, path) => {
    expect(fitsInbox(inbox, path)).toBe(true);
  });

  test.each([
    ['/users/{name}/inbox', '/users//inbox'],
    ['/users/{name}/inbox', '/users/inbox'],
    ['/users/{name}/inbox', '/users/a/b/inbox'],
    ['/users/{name}/inbox', '/users/anna/inbox/'],
    ['/users/{name}/inbox', '/users/anna/outbox'],
    ['/users/{name}/inbox', '/x/users/anna/inbox'],
    ['/users/{name}/inbox', '/users/anna/'],
    ['/@{name}/inbox', '/@/inbox'],
    ['/@{name}/inbox', '/anna/inbox'],
    ['/u/{name}', '/u/'],
    ['/u/{name}', '/u/a/b'],
    ['/inbox', '/inbox2'],
    // An edge that knew no placeholder took it at its word; nobody asks for that.
    ['/users/x/inbox', '/users/{name}/inbox'],
  ])('%s is not %s', (inbox, path) => {
    expect(fitsInbox(inbox, path)).toBe(false);
  });

  test('is any one segment and never two', () => {
    fc.assert(
      fc.property(segment, segment, segment, (before, name, after) => {
        const inbox = `/${before}/{name}/${after}`;
        expect(fitsInbox(inbox, `/${before}/${name}/${after}`)).toBe(true);
        expect(fitsInbox(inbox, `/${before}/${name}/${name}/${after}`)).toBe(false);
        expect(inboxesMeet(inbox, `/${before}/${name}/${after}`)).toBe(true);
        expect(exampleInbox([inbox], name)).toBe(`/${before}/${name}/${after}`);
      }),
    );
  });

  test('two meet exactly when a path can be both', () => {
    expect(inboxesMeet('/users/{name}/inbox', '/users/me/inbox')).toBe(true);
    expect(inboxesMeet('/users/{name}/inbox', '/{name}/me/inbox')).toBe(true);
    expect(inboxesMeet('/@{name}/inbox', '/{name}/inbox')).toBe(true);
    expect(inboxesMeet('/@{name}/inbox', '/~{name}/inbox')).toBe(false);
    expect(inboxesMeet('/users/{name}/inbox', '/accounts/{name}/inbox')).toBe(false);
    expect(inboxesMeet('/inbox', '/users/{name}/inbox')).toBe(false);
  });

  test('may be written once, in a path of visible characters without a query', () => {
    for (const good of ['/inbox', '/users/{name}/inbox', '/@{name}']) expect(isInboxPath(good)).toBe(true);
    for (const bad of ['inbox', '/a b', '/{name}/{name}', '/inbox?a', '/inbox#a', '/ä']) {
      expect(isInboxPath(bad)).toBe(false);
    }
  });

  test('an exact one is knocked at before one with a name', () => {
    expect(exampleInbox(['/users/{name}/inbox', '/inbox'], 'x')).toBe('/inbox');
    expect(exampleInbox([], 'x')).toBeNull();
  });
});
