// What is shown to some servers only, while home sleeps: a copy that was open to everybody when it was looked for may have
// been kept anew, or let go, a moment later. Then whoever asks must prove who it is after all.

import { env, reset } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { answerDocument } from '../../../edge/activitypub/answer.ts';
import { Copies } from '../../../edge/cache/store.ts';
import { type VisitParts, visit } from '../../../edge/home/visit.ts';
import { outcomeResponse } from '../../../edge/link/between.ts';
import { systemClock as clock } from '../../../shared/clock.ts';
import { exampleSnapshot } from './example-snapshot.ts';

const store = (env as unknown as { readonly STORE: R2Bucket }).STORE;
const host = 'social.example';
const url = new URL(`https://${host}/notes/1`);
const contentType = 'application/activity+json';

beforeEach(async () => await reset());

function document(body: string): Response {
  return new Response(body, { headers: { 'Content-Type': contentType, 'Content-Length': String(body.length) } });
}

test.each<[string, (copies: Copies) => Promise<void>]>([
  [
    'is open no more',
    async (copies) => void (await copies.keepAuthorized('h', url, document('{"kept":"for some"}'), false)),
  ],
  ['is gone', async (copies) => await copies.drop('h', url, ['authorized'])],
])('a copy that %s when it is to be given', async (_, change) => {
  const copies = new Copies({ store, clock, keepAlive: () => undefined });
  await copies.keepAuthorized('h', url, document('{"open":1}'), true);
  const find = copies.findAuthorized.bind(copies);
  copies.findAuthorized = async (homeId, question) => {
    const found = await find(homeId, question);
    if (question.method === 'HEAD') await change(copies);
    return found;
  };
  const services = [{ name: 's', hosts: [host], inboxes: [], signatures: ['cavage'] as const, authorizedFetch: true }];
  const left = { host, path: url.pathname, contentType, body: '{"left":"for some"}' };
  const snapshot = exampleSnapshot({
    services,
    accounts: [],
    documents: [left],
    blockedDomains: [],
    madeAt: clock.now(),
  });
  const parts = {
    clock,
    copies,
    said: { of: async () => ({ hosts: [host], services, snapshot, language: 'en', title: 't' }) },
    linkOf: () => ({
      fetch: async () => outcomeResponse({ absent: {}, why: { reason: 'asleep' } } as never),
    }),
    answerLeft: answerDocument,
    admitReader: async () => new Response('sign', { status: 401 }),
  } as unknown as VisitParts;
  const request = new Request(url, { headers: { Accept: contentType } });
  const answer = await visit(parts, { homeId: 'h', hosts: [host] } as never, request);
  expect([answer.status, await answer.text()]).toEqual([401, 'sign']);
});
