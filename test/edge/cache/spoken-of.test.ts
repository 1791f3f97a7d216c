// Which copies an answer removes: enough that nothing is given which became private, and no more, because whoever asks
// chooses how.

import { describe, expect, test } from 'vitest';
import { mayStore, variantsFor } from '../../../edge/cache/policy.ts';
import { spokenOf, spokenOfByStatus } from '../../../edge/cache/spoken-of.ts';
import type { Question } from '../../../edge/cache/strangers.ts';
import { variants } from '../../../edge/cache/variant.ts';

const chrome =
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7';
const firefox = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const warming = 'text/html,*/*;q=0.8';
const peer = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"';

function asked(accept?: string, more: Record<string, string> = {}): Question {
  const headers = new Headers(accept === undefined ? more : { Accept: accept, ...more });
  return { method: 'GET', url: new URL('https://a.example/page'), headers };
}

function answer(status: number, headers: Record<string, string> = {}) {
  return { status, headers: new Headers({ 'Content-Length': '5', ...headers }) };
}

describe('spokenOfByStatus()', () => {
  test('410 and 451 are about the whole address, whoever asked', () => {
    for (const status of [410, 451]) expect(spokenOfByStatus(asked(peer), answer(status))).toEqual(variants);
  });

  test('a redirect for who asks for a language says nothing of the page without one, a refusal does', () => {
    const german = asked(firefox, { 'Accept-Language': 'de' });
    const vary = { Vary: 'Accept-Language' };
    expect(spokenOfByStatus(german, answer(302, vary))).toEqual([]);
    expect(spokenOfByStatus(german, answer(302))).toContain('html');
    expect(spokenOfByStatus(asked(firefox), answer(302, vary))).toContain('html');
    expect(spokenOfByStatus(german, answer(401, vary))).toContain('html');
  });
});

const refusals = [301, 302, 303, 307, 308, 401, 403, 404];

describe.each(refusals)('%i', (status) => {
  test.each([
    chrome,
    firefox,
    warming,
    'text/html',
    peer,
    'application/activity+json',
    '*/*',
    '',
    undefined,
    'image/png',
    'application/json',
  ])('to a plain question removes whatever the same question would be given: %s', (accept) => {
    expect(new Set(spokenOfByStatus(asked(accept), answer(status)))).toEqual(new Set(variantsFor(asked(accept))));
  });

  // Each is for the page, or for something else, according to whose service is asked.
  test.each([
    peer,
    `${peer}, text/html;q=0.1`,
    'text/html, application/activity+json',
    'application/activity+json;q=0.1, text/html',
    'text/html, application/json',
    'application/json, text/html;q=0.01',
    'application/json, */*',
    'application/activity+json, */*',
    'text/plain',
    '*/*;q=0.1, application/ld+json',
    'text/html;q=0, image/png',
  ])('to a question that may not be for the page leaves the page: %s', (accept) => {
    expect(spokenOfByStatus(asked(accept), answer(status))).not.toContain('html');
  });

  test('to who names no kind leaves the page when the answer varies by kind', () => {
    expect(spokenOfByStatus(asked('*/*'), answer(status, { Vary: 'Accept' }))).not.toContain('html');
  });

  test('to a question for a page leaves the ActivityPub document', () => {
    for (const accept of [chrome, firefox, '*/*', `text/html, ${peer}`]) {
      expect(spokenOf(asked(accept), answer(status))).not.toContain('activitypub');
    }
  });
});

test.each([
  { 'Cache-Control': 'private' },
  { 'Set-Cookie': 'a=b' },
  { Vary: 'Cookie' },
  { 'Content-Length': '99999999999' },
])('a 200 that may not be kept removes what the same question would be given, and no more: %j', (headers) => {
  const gone = (accept: string) => {
    const verdict = mayStore(asked(accept), answer(200, headers));
    return verdict.store ? null : verdict.gone;
  };
  expect(gone(peer)).toEqual(['activitypub']);
  expect(gone(firefox)).toEqual(['html', 'any']);
});
