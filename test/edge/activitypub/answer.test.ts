import { describe, expect, test } from 'vitest';
import { answerDocument } from '../../../edge/activitypub/answer.ts';
import { snapshotOf } from './home.ts';
import { night } from './peer.ts';

const actor = { id: 'https://home.example/users/owner', type: 'Person' };
const snapshot = snapshotOf({
  documents: [
    {
      host: 'home.example',
      path: '/users/owner',
      contentType: 'application/activity+json; charset=utf-8',
      body: JSON.stringify(actor),
    },
    { host: 'home.example', path: '/outbox?page=1', contentType: 'application/activity+json', body: '{}' },
    { host: 'home.example', path: '/terms.txt', contentType: 'text/plain', body: 'be kind' },
  ],
});
const activity = { Accept: 'application/activity+json' };
const ask = (url: string, init: RequestInit = { headers: activity }) =>
  answerDocument(new Request(url, init), snapshot, night);

describe('answerDocument()', () => {
  test('answers with what home left, word for word, and how old it is', async () => {
    const response = ask('https://home.example/users/owner');
    expect(response?.status).toBe(200);
    expect(await response?.text()).toBe(JSON.stringify(actor));
    expect(Object.fromEntries(response?.headers ?? [])).toMatchObject({
      'content-type': 'application/activity+json; charset=utf-8',
      age: '3600',
      vary: 'Accept',
      'cache-control': 'public, max-age=180',
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
    });
  });

  test('answers HEAD without the document', async () => {
    const response = ask('https://home.example/users/owner', { method: 'HEAD', headers: activity });
    expect(response?.status).toBe(200);
    expect(await response?.text()).toBe('');
  });

  test('the query is part of the address', () => {
    expect(ask('https://home.example/outbox?page=1')?.status).toBe(200);
    expect(ask('https://home.example/outbox')).toBeNull();
    expect(ask('https://home.example/outbox?page=2')).toBeNull();
  });

  test('documents that are no activities do not depend on Accept', () => {
    expect(ask('https://home.example/terms.txt', {})?.status).toBe(200);
  });

  test('a clock that is behind home makes no negative age', () => {
    const request = new Request('https://home.example/users/owner', { headers: activity });
    expect(answerDocument(request, snapshot, snapshot.madeAt - 5000)?.headers.get('Age')).toBe('0');
  });

  test.each<[string, string, RequestInit]>([
    ['a page', 'https://home.example/users/owner', { headers: { Accept: 'text/html' } }],
    ['anything', 'https://home.example/users/owner', { headers: { Accept: '*/*' } }],
    ['nothing in particular', 'https://home.example/users/owner', {}],
    ['what is not here', 'https://home.example/users/other', { headers: activity }],
    ['another host', 'https://other.example/users/owner', { headers: activity }],
    ['to change it', 'https://home.example/users/owner', { method: 'DELETE', headers: activity }],
  ])('leaves who asks for %s to others', (_, url, init) => {
    expect(ask(url, init)).toBeNull();
  });
});
