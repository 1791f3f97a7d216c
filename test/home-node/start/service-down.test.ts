// A service that goes away while home is there, with the real edge: visitors hear of the service, not of home, and only
// while it is away.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../support/processes.ts';
import { RecordedDomain } from '../../support/recorded-domain.ts';
import { trustingFetch } from '../../support/trusting-fetch.ts';

let stage: RecordedDomain;
let visit: () => Promise<{ status: number; retryAfter: string | null; text: string }>;

beforeAll(async () => {
  stage = await RecordedDomain.start('service-down', ['ada']);
  const ask = trustingFetch(readFileSync(join(stage.folder, 'ca.pem'), 'utf8'));
  let visits = 0;
  visit = async () => {
    // Another page each time: none lies there as a copy.
    visits += 1;
    const answer = await ask(`${stage.domain.origin}/page-${visits}`, { Accept: 'text/html' });
    return { status: answer.status, retryAfter: answer.headers.get('Retry-After'), text: await answer.text() };
  };
}, 60_000);

afterAll(async () => {
  await stage?.end();
});

test('visitors are told that it is being started, reach it, and are told that it fails, while home is connected', async () => {
  await stage.service.kill();
  stage.domain.startHome();
  // Only SERVICES says so: a CANCEL knows no reason, and its Retry-After is another.
  await until('it is being started', async () => {
    const { status, retryAfter, text } = await visit();
    return status === 503 && retryAfter === '60' && text.includes('is being started') ? true : null;
  });
  await stage.restartService();
  await until('it answers', async () => ((await visit()).status < 500 ? true : null));
  await stage.service.kill();
  await until('it fails', async () => ((await visit()).text.includes('does not answer just now') ? true : null));
  await stage.restartService();
  await until('it answers again', async () => ((await visit()).status < 500 ? true : null));
  expect(stage.domain.home.log).not.toContain('The link is lost');
}, 120_000);
