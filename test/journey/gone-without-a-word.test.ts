// A home that is killed while awake: no bedtime, no good night. Strangers get what it left on its rounds: who lives there,
// and pages that nobody ever looked at, each with its age. What peers send waits.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { freePort } from '../support/ports.ts';
import { ask, Program, until } from '../support/processes.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';

let folder: string;
let domain: Domain;
let peer: Program;
let peerOrigin: string;
let get: ReturnType<typeof trustingFetch>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-gone-'));
  const certificates = await makeCertificates(folder);
  get = trustingFetch(readFileSync(certificates.caFile, 'utf8'));
  const port = await freePort();
  peerOrigin = `https://localhost:${port}`;
  const tls = ['--key', certificates.keyFile, '--cert', certificates.certFile];
  const args = ['--port', String(port), '--actors', 'ada', ...tls];
  const environment = { NODE_EXTRA_CA_CERTS: certificates.caFile };
  peer = new Program('peer', ['test/support/peers/signing-peer.ts', ...args], environment);
  await peer.line((line) => line.ready === true);
  domain = await Domain.start({ folder, certificates, peerOrigins: [peerOrigin] });
});

afterAll(async () => {
  await domain?.end();
  await peer?.kill();
  rmSync(folder, { recursive: true, force: true });
});

test('strangers get copies of a home that was killed, and peers never notice', { timeout: 120_000 }, async () => {
  domain.startHome([], 'test/support/home-in-short-days.ts');
  // Once a day is enough: this was the last round of the day.
  await until('pages are left', () => /Left [1-9]\d* public pages at the edge/.test(domain.home.log) || null);
  await domain.killHome();

  const { origin, host } = domain;
  // The edge notices by itself.
  const lost = await until('the edge notices', async () => {
    const said = (await (await get(`${origin}/.porchlight/status.json`)).json()) as {
      readonly home: { readonly state: string };
      readonly pagesAsOf: string | null;
    };
    return said.home.state === 'lost' ? said : null;
  });
  expect(Date.now() - Date.parse(lost.pagesAsOf ?? '')).toBeLessThan(3_600_000);

  for (const path of ['/', '/about.html', '/first-light.html', '/style.css']) {
    const page = await get(`${origin}${path}`, { Accept: 'text/html' });
    expect([path, page.status, page.headers.get('cache-status')]).toEqual([
      path,
      200,
      expect.stringContaining('porchlight; hit'),
    ]);
    expect(Number(page.headers.get('age'))).toBeGreaterThanOrEqual(0);
    expect((await page.text()).length).toBeGreaterThan(100);
  }
  const activityJson = { Accept: 'application/activity+json' };
  const finger = await get(`${origin}/.well-known/webfinger?resource=acct:owner@${host}`);
  expect(await finger.json()).toMatchObject({ subject: `acct:owner@${host}` });
  const actor = await get(`${origin}/users/owner`, activityJson);
  expect([actor.status, actor.headers.get('age') !== null]).toEqual([200, true]);
  expect(await actor.json()).toMatchObject({ id: `${origin}/users/owner`, type: 'Person' });
  // What was never left is "back later", not "gone".
  const missing = await get(`${origin}/users/owner/posts/none`, activityJson);
  expect([missing.status, missing.headers.has('retry-after')]).toEqual([503, true]);

  const actorUri = `${peerOrigin}/accounts/ada`;
  const follow = { id: `${peerOrigin}/follows/1`, type: 'Follow', actor: actorUri, object: `${origin}/users/owner` };
  const body = JSON.stringify({ '@context': 'https://www.w3.org/ns/activitystreams', ...follow });
  expect(await ask(peer, 'deliver', { from: 'ada', inbox: `${origin}/inbox`, body })).toMatchObject({ status: 202 });
  domain.startHome();
  await until('the answer', async () => {
    const heard = await ask<{ activity: { type: string } }[]>(peer, 'received');
    return heard.some(({ activity }) => activity.type === 'Accept') ? true : null;
  });
});
