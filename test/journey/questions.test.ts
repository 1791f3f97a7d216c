// Questions of a night: a Fedify peer looks up who lives here, what they wrote, and what somebody elsewhere boosted of it;
// people open pages; a post that was deleted is gone, one that nobody left is not. After waking all is home's own again.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
let get: ReturnType<typeof trustingFetch>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-questions-'));
  const certificates = await makeCertificates(folder);
  get = trustingFetch(readFileSync(certificates.caFile, 'utf8'));
  const port = await freePort();
  const tls = ['--key', certificates.keyFile, '--cert', certificates.certFile];
  const environment = { NODE_EXTRA_CA_CERTS: certificates.caFile };
  peer = new Program('peer', ['test/support/peers/asking-peer.ts', '--port', String(port), ...tls], environment);
  await peer.line((line) => line.ready === true);
  domain = await Domain.start({ folder, certificates, peerOrigins: [`https://localhost:${port}`] });
});

afterAll(async () => {
  await domain?.end();
  await peer?.kill();
  rmSync(folder, { recursive: true, force: true });
});

interface Looked {
  readonly isActor: boolean;
  readonly json: Readonly<Record<string, unknown>>;
}

const look = async (address: string, signed = false): Promise<Looked | null> =>
  await ask<Looked | null>(peer, 'lookup', { address, signed });

const activityJson = { Accept: 'application/activity+json' };
const browser = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

const entry = (id: string): string =>
  `<entry><id>${id}</id><title>${id}</title><link href="/about.html"/><published>${new Date().toISOString()}</published></entry>`;
const feed = (entries: string): string =>
  `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>${entries}</feed>`;

interface Page {
  readonly orderedItems?: unknown;
}

/** The posts in the outbox, newest first, as home tells them. */
async function posts(outbox: string): Promise<string[]> {
  const page = (await (await get(`${outbox}?cursor=0`, activityJson)).json()) as Page;
  const items = [page.orderedItems ?? []].flat() as { readonly object: string | { readonly id: string } }[];
  return items.map(({ object }) => (typeof object === 'string' ? object : object.id));
}

test('a peer and a reader find at night whatever was there by day', { timeout: 180_000 }, async () => {
  const { origin } = domain;
  const actor = `${origin}/users/owner`;
  domain.startHome();
  await until('home is up', async () => ((await get(`${origin}/`)).status === 200 ? true : null));
  const feedFile = join(domain.homeFolder, 'home', 'site', 'feed.xml');
  writeFileSync(feedFile, feed(entry('kept') + entry('regretted')));
  const written = await until('the posts are there', async () => {
    const found = await posts(`${actor}/outbox`);
    return found.length === 2 ? found : null;
  });
  const contents = await Promise.all(written.map(async (id) => (await get(id, activityJson)).text()));
  const [kept = '', regretted = ''] = ['kept', 'regretted'].map(
    (name) => written[contents.findIndex((text) => text.includes(name))],
  );
  writeFileSync(
    feedFile,
    feed(`${entry('kept')}<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="regretted"/>`),
  );
  await until('the post is deleted', async () => ((await get(regretted, activityJson)).status === 410 ? true : null));
  await domain.sleep();

  // Who it is.
  for (const signed of [false, true]) {
    const person = await look(actor, signed);
    expect(person).toMatchObject({ isActor: true, json: { id: actor, outbox: `${actor}/outbox` } });
  }
  // What they wrote: the outbox, its page, the activity, and the note itself, as a peer asks that saw somebody boost it.
  expect(await look(`${actor}/outbox`)).toMatchObject({ json: { type: 'OrderedCollection', totalItems: 1 } });
  const page = await look(`${actor}/outbox?cursor=0`);
  expect(JSON.stringify(page?.json)).toContain(kept);
  expect(await look(`${kept}/creation`)).toMatchObject({ json: { type: 'Create', actor } });
  for (const signed of [false, true]) {
    expect(await look(kept, signed)).toMatchObject({ json: { id: kept, type: 'Note', attributedTo: actor } });
  }
  expect(await look(`${actor}/followers`)).toMatchObject({ json: { totalItems: 0 } });
  expect(await look(kept)).toMatchObject({ json: { likes: { totalItems: 0 }, shares: { totalItems: 0 } } });
  for (const name of ['likes', 'shares']) {
    const json = { id: `${kept}/${name}`, type: 'Collection', totalItems: 0 };
    expect(await look(`${kept}/${name}`)).toMatchObject({ json });
  }
  const featured = await get(`${actor}/featured`, activityJson);
  expect([featured.status, featured.headers.get('content-type'), featured.headers.has('age')]).toEqual([
    200,
    'application/activity+json',
    true,
  ]);
  expect(await featured.json()).toMatchObject({ id: `${actor}/featured`, type: 'OrderedCollection', totalItems: 0 });
  const bySignature = await ask<{ status: number; headers: Record<string, string> }>(peer, 'get', { address: kept });
  expect(bySignature.status).toBe(200);
  expect(Number(bySignature.headers.age)).toBeGreaterThanOrEqual(0);

  // People get pages, with their age; peers never get those, nor people documents.
  const front = await get(`${origin}/about.html`, browser);
  expect([front.status, front.headers.get('content-type')?.split(';')[0]]).toEqual([200, 'text/html']);
  const asPage = await get(actor, browser);
  expect(asPage.headers.get('content-type')).toMatch(/^text\/html/);

  // What is gone is gone, for whoever asks, and only that.
  const tombstone = await get(regretted, activityJson);
  expect([tombstone.status, await tombstone.json()]).toEqual([
    410,
    expect.objectContaining({ id: regretted, type: 'Tombstone' }),
  ]);
  const gone = await get(regretted, browser);
  expect([gone.status, gone.headers.get('content-type')?.split(';')[0]]).toEqual([410, 'text/html']);
  for (const address of [`${actor}/posts/nobody-knows`, `${origin}/users/somebody`, `${actor}/outbox?cursor=999`]) {
    const unknown = await get(address, activityJson);
    expect([address, unknown.status, unknown.headers.has('retry-after')]).toEqual([address, 503, true]);
  }

  // Awake again, home answers for itself: what it does not know is not there, and nothing is a copy.
  domain.startHome();
  await until('home is back', async () =>
    (await get(`${actor}/posts/nobody-knows`, activityJson)).status === 404 ? true : null,
  );
  const own = await get(kept, activityJson);
  expect([own.status, own.headers.get('age'), own.headers.get('cache-status')]).toEqual([200, null, null]);
  expect((await get(regretted, activityJson)).status).toBe(410);
});
