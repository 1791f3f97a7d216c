import { describe, expect, test } from 'vitest';
import { isActivityType, prefersActivity } from '../../../edge/activitypub/media-type.ts';

const ldJson = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"';

describe('isActivityType()', () => {
  test.each([
    'application/activity+json',
    'Application/Activity+JSON; charset=utf-8',
    ldJson,
    'application/ld+json;profile="https://w3id.org/security/v1 https://www.w3.org/ns/activitystreams"',
    'application/ld+json; charset=utf-8; profile=https://www.w3.org/ns/activitystreams',
  ])('%s is one', (type) => {
    expect(isActivityType(type)).toBe(true);
  });

  test.each([
    '',
    'application/json',
    'text/html; charset=utf-8',
    'application/ld+json',
    'application/ld+json; profile="https://www.w3.org/ns/activitystreams2"',
    'application/ld+json; other="https://www.w3.org/ns/activitystreams"',
    'text/plain; x="; application/activity+json"',
    'application/activity+jsonx',
    '*/*',
  ])('%j is none', (type) => {
    expect(isActivityType(type)).toBe(false);
  });
});

describe('prefersActivity()', () => {
  test.each([
    ['Mastodon', 'application/activity+json, application/ld+json'],
    ['Mastodon, resolving an address', `application/activity+json, ${ldJson}, text/html;q=0.1`],
    ['Misskey', `application/activity+json, ${ldJson}`],
    ['Fedify', `application/activity+json, ${ldJson}`],
    ['GoToSocial', `${ldJson}; charset=utf-8, application/activity+json`],
    ['Lemmy', 'application/activity+json'],
    ['someone without preference among the two', 'text/html, application/activity+json'],
  ])('of %s: yes', (_, accept) => {
    expect(prefersActivity(accept)).toBe(true);
  });

  test.each([
    ['nobody in particular', ''],
    ['curl', '*/*'],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8'],
    ['a reader of JSON', 'application/json'],
    ['someone who prefers pages', 'text/html, application/activity+json;q=0.5'],
    ['someone who wants none', 'application/activity+json;q=0'],
    ['someone whose preference is no number', 'application/activity+json;q=high, text/html;q=0.1'],
    ['someone who hides it in a string', 'text/html; x=", application/activity+json"'],
  ])('of %s: no', (_, accept) => {
    expect(prefersActivity(accept)).toBe(false);
  });

  // Reading that grew with the square of the length would outlast the runner's patience.
  test('a header made to be slow is read like any other', () => {
    for (const junk of ['a;x="', ',', '"', ';', 'a="b', ' ']) {
      expect(prefersActivity(junk.repeat(20_000))).toBe(false);
      expect(isActivityType(junk.repeat(20_000))).toBe(false);
    }
  });
});
