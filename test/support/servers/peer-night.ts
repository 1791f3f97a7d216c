// A real server as the peer of an embedded home that sleeps: at night it finds the owner and a post, and says what it has to
// say; in the morning home has all of it, and answers; the next night it takes back what can be taken back.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import { makeCertificates } from '../certificates.ts';
import { Domain } from '../domain.ts';
import { freePort } from '../ports.ts';
import { type Program, until } from '../processes.ts';
import { trustingFetch } from '../trusting-fetch.ts';
import type { Place, Server } from './server-home.ts';
import { tlsFront } from './tls-front.ts';

/** A person who lives at the peer, and what they do there. */
export interface PeerPerson {
  readonly actor: string;
  /** What of a reply, a like and a boost its server sends to who wrote the post, as home calls them, sorted. */
  readonly sends: readonly string[];
  follow(owner: string): Promise<void>;
  unfollow(): Promise<void>;
  /** `post`: the address of a post of the owner. */
  reply(post: string, text: string): Promise<void>;
  like(post: string): Promise<void>;
  unlike(post: string): Promise<void>;
  boost(post: string): Promise<void>;
  /** The owner has accepted. */
  isFollower(): Promise<boolean>;
  /** A post of the owner with this in it has come. */
  hasPost(text: string): Promise<boolean>;
}

type PeerServer = Server & { run(): Program };

/** `dwell`: makes the person, while the server runs. */
export async function nightAtHome<Kind extends PeerServer>(
  serverAt: (place: Place) => Promise<Kind>,
  dwell: (server: Kind) => Promise<PeerPerson>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-peer-'));
  const certificates = await makeCertificates(folder);
  const [port, behind] = [await freePort(), await freePort()];
  const host = `localhost:${port}`;
  const closeFront = await tlsFront(port, behind, certificates);
  const server = await serverAt({ folder: join(folder, 'server'), host, port: behind, caFile: certificates.caFile });
  const running = server.run();
  const domain = await Domain.start({ folder, certificates, peerOrigins: [`https://${host}`] });
  const get = trustingFetch(readFileSync(certificates.caFile, 'utf8'));
  const feed = join(domain.homeFolder, 'home', 'site', 'feed.xml');
  const writeEntry = (name: string): void => {
    const entry = `<entry><title>${name}</title><id>urn:entry:${name}</id><link href="${domain.origin}/${name}.html"/><updated>${new Date().toISOString()}</updated></entry>`;
    writeFileSync(feed, readFileSync(feed, 'utf8').replace('</feed>', `${entry}</feed>`));
  };
  const atHome = <Row>(sql: string): Row[] => {
    const file = join(domain.homeFolder, 'home', 'actor', 'actor.sqlite');
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      return database.prepare(sql).all() as Row[];
    } finally {
      database.close();
    }
  };
  const kinds = (): string[] =>
    atHome<{ kind: string }>('select kind from inbox order by kind').map(({ kind }) => kind);
  const isSo = async (what: string, check: () => Promise<boolean> | boolean): Promise<void> => {
    await until(what, async () => ((await check()) ? true : null), 90_000, 200);
  };
  try {
    await isSo('the server', async () => await server.isUp());
    const person = await dwell(server);
    domain.startHome();
    const webFinger = `${domain.origin}/.well-known/webfinger?resource=acct:owner@${domain.host}`;
    await isSo('WebFinger', async () => (await get(webFinger)).status === 200);
    writeEntry('evening');
    const post = await until('the post', async () => {
      const page = await get(`${domain.origin}/users/owner/outbox?cursor=0`, { Accept: 'application/activity+json' });
      const items = [((await page.json()) as { orderedItems?: unknown }).orderedItems ?? []].flat();
      return (items as { object: { id: string } }[])[0]?.object.id ?? null;
    });
    await domain.sleep();

    await person.follow(`${domain.origin}/users/owner`);
    await person.reply(post, 'Good evening!');
    await person.like(post);
    await person.boost(post);

    domain.startHome();
    await isSo('home has all of it', () => kinds().join() === person.sends.join());
    const followers = atHome<{ actor: string }>('select actor from followers').map(({ actor }) => actor);
    expect(followers).toEqual([person.actor]);
    const said = atHome<{ document: string }>("select document from inbox where kind = 'create'");
    for (const { document } of said) expect(document).toContain('Good evening!');
    await isSo('the Accept', async () => await person.isFollower());
    writeEntry('morning');
    await isSo('the new post', async () => await person.hasPost('morning'));

    await domain.sleep();
    await person.unlike(post);
    await person.unfollow();
    domain.startHome();
    await isSo('nobody follows', () => atHome('select 1 from followers').length === 0);
    await isSo('no like', () => !kinds().includes('like'));
  } finally {
    await domain.end();
    await running.kill();
    await closeFront();
    rmSync(folder, { recursive: true, force: true });
  }
}
