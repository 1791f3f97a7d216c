// The night: home goes to sleep, and two peers on code that is not ours (a Fedify server, and one that signs with
// @peertube/http-signature) find the owner, follow, write, like, boost, undo, follow again and delete. They get from the
// edge what they would get from home. In the morning everything is at home, once, in order, and the answers go out.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificates } from '../support/certificates.ts';
import { Domain } from '../support/domain.ts';
import { activityJson, EmbeddedHome } from '../support/embedded-home.ts';
import { freePort } from '../support/ports.ts';
import { ask, Program, until } from '../support/processes.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';

interface Activity {
  readonly id: string;
  readonly type: string;
  readonly actor: string;
  readonly object: unknown;
}

interface Heard {
  readonly activity: Activity;
  readonly verified: boolean;
}

let folder: string;
let domain: Domain;
/** On Fedify; its first knock is RFC 9421. */
let nadia: Program;
let nadiaActor: string;
/** Signs as PeerTube and Misskey do. */
let signers: Program;
let signersOrigin: string;
let get: ReturnType<typeof trustingFetch>;
let owner: string;
let post: string;
let home: EmbeddedHome;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-night-'));
  const certificates = await makeCertificates(folder);
  get = trustingFetch(readFileSync(certificates.caFile, 'utf8'));
  const environment = { NODE_EXTRA_CA_CERTS: certificates.caFile };
  const tls = ['--tls-key', certificates.keyFile, '--tls-cert', certificates.certFile];
  nadia = new Program('nadia', ['local/neighbour.ts', ...tls], environment);
  const ready = await nadia.line<{ origin: string; actor: string }>((line) => line.listening !== undefined);
  nadiaActor = ready.actor;
  const port = await freePort();
  signersOrigin = `https://localhost:${port}`;
  const keyAndCert = ['--key', certificates.keyFile, '--cert', certificates.certFile];
  const signersArgs = ['--port', String(port), '--actors', 'alice,bob,carol', ...keyAndCert];
  signers = new Program('signers', ['test/support/peers/signing-peer.ts', ...signersArgs], environment);
  await signers.line((line) => line.ready === true);
  domain = await Domain.start({ folder, certificates, peerOrigins: [ready.origin, signersOrigin] });
  home = new EmbeddedHome(domain, get);
});

afterAll(async () => {
  await domain?.end();
  await nadia?.kill();
  await signers?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const alice = (): string => `${signersOrigin}/accounts/alice`;
const carol = (): string => `${signersOrigin}/accounts/carol`;

async function fromSigner(name: string, activity: Omit<Activity, 'actor'>): Promise<number> {
  const actor = `${signersOrigin}/accounts/${name}`;
  const body = JSON.stringify({ '@context': 'https://www.w3.org/ns/activitystreams', ...activity, actor });
  const sent = await ask<{ status: number }>(signers, 'deliver', { from: name, inbox: `${domain.origin}/inbox`, body });
  return sent.status;
}

async function fromNadia(
  op: string,
  details: Readonly<Record<string, unknown>>,
): Promise<{ id: string; note?: string }> {
  const sent = await ask<{ id: string; status: number; note?: string }>(nadia, op, { to: owner, ...details });
  expect(sent.status, op).toBe(202);
  return sent;
}

describe('a night', () => {
  test('home comes up, leaves who lives there, and a new entry of its feed becomes a post', async () => {
    domain.startHome();
    await home.isFound();
    home.writeEntry('evening');
    post = await home.newestPost();
    await domain.sleep();
  });

  test('while home sleeps, strangers find the owner as if it were up', async () => {
    const jrd = (await (await home.webFinger()).json()) as { subject: string; links: { rel: string; href?: string }[] };
    expect(jrd.subject).toBe(`acct:owner@${domain.host}`);
    owner = jrd.links.find((link) => link.rel === 'self')?.href ?? '';
    const answer = await get(owner, activityJson);
    expect(answer.status).toBe(200);
    expect(Number(answer.headers.get('age'))).toBeGreaterThanOrEqual(0);
    expect(await answer.json()).toMatchObject({ id: owner, type: 'Person', preferredUsername: 'owner' });
    const nodeinfo = (await (await get(`${domain.origin}/.well-known/nodeinfo`)).json()) as {
      links: { href: string }[];
    };
    expect((await get(nodeinfo.links[0]?.href ?? '')).status).toBe(200);
    expect(await ask(nadia, 'resolve', { handle: `@owner@${domain.host}` })).toMatchObject({ actor: owner });
    expect(await ask(signers, 'resolve', { acct: `owner@${domain.host}`, host: domain.host })).toMatchObject({
      id: owner,
    });
  });

  test('while home sleeps, everything that peers deliver is taken', async () => {
    await fromNadia('follow', {});
    await fromNadia('create', { content: 'Good evening, are you awake?', inReplyTo: post });
    await fromNadia('like', { object: post });
    await fromNadia('announce', { object: post });

    const follow = { id: `${alice()}/follows/1`, type: 'Follow', object: owner };
    expect(await fromSigner('alice', follow)).toBe(202);
    const undo = { id: `${alice()}/undos/1`, type: 'Undo', object: { ...follow, actor: alice() } };
    expect(await fromSigner('alice', undo)).toBe(202);
    // Byte for byte the first one, as some software sends it.
    expect(await fromSigner('alice', follow)).toBe(202);
    const mention = {
      type: 'Note',
      id: `${alice()}/notes/1`,
      attributedTo: alice(),
      content: 'Hello @owner',
      to: ['https://www.w3.org/ns/activitystreams#Public', owner],
      tag: [{ type: 'Mention', href: owner }],
    };
    expect(await fromSigner('alice', { id: `${alice()}/creations/1`, type: 'Create', object: mention })).toBe(202);
    expect(await fromSigner('alice', { id: `${alice()}/likes/1`, type: 'Like', object: post })).toBe(202);
    expect(await fromSigner('alice', { id: `${alice()}/announces/1`, type: 'Announce', object: post })).toBe(202);
    // Follows, and thinks better of it before anybody saw.
    const carolFollows = { id: `${carol()}/follows/1`, type: 'Follow', object: owner };
    expect(await fromSigner('carol', carolFollows)).toBe(202);
    const carolUndoes = { id: `${carol()}/undos/1`, type: 'Undo', object: { ...carolFollows, actor: carol() } };
    expect(await fromSigner('carol', carolUndoes)).toBe(202);
    // Somebody whom home never met deletes themselves.
    const bob = `${signersOrigin}/accounts/bob`;
    expect(await fromSigner('bob', { id: `${bob}#delete`, type: 'Delete', object: bob })).toBe(202);
  });

  test('in the morning the followers are there, and each Accept reaches its peer and verifies', async () => {
    domain.startHome();
    const nadiaHeard = await nadia.line<{ received: { type: string } }>((line) => line.received !== undefined);
    expect(nadiaHeard.received.type).toBe('Accept');
    // Home knocks with RFC 9421 first, which this peer cannot verify and refuses, and then with draft-cavage.
    const accepts = await until('two Accepts for alice', async () => {
      const heard = (await ask<Heard[]>(signers, 'received')).filter(({ verified }) => verified);
      const found = heard.filter(
        ({ activity }) => activity.type === 'Accept' && JSON.stringify(activity).includes(alice()),
      );
      return found.length >= 2 ? found : null;
    });
    for (const accept of accepts) expect(accept).toMatchObject({ verified: true, activity: { actor: owner } });
    const followers = home.rows<{ actor: string }>('select actor from followers').map(({ actor }) => actor);
    expect(new Set(followers)).toEqual(new Set([alice(), nadiaActor]));
  });

  test('everything else is at home too, its effect once', async () => {
    const said = await until('what was said', () => {
      const rows = home.rows<{ kind: string; actor: string }>('select kind, actor from inbox order by actor, kind');
      return rows.length >= 6 ? rows : null;
    });
    const kinds = (actor: string): string[] => said.filter((row) => row.actor === actor).map(({ kind }) => kind);
    expect(kinds(nadiaActor)).toEqual(['announce', 'create', 'like']);
    expect(kinds(alice())).toEqual(['announce', 'create', 'like']);
    expect(said.length).toBe(6);
  });

  test('a new entry reaches every follower, and verifies', async () => {
    home.writeEntry('morning');
    const heard = await nadia.line<{ received: { type: string } }>(
      (line) => (line.received as { type?: string } | undefined)?.type === 'Create',
    );
    expect(heard).toBeDefined();
    await until('the post at alice', async () => {
      const all = await ask<Heard[]>(signers, 'received');
      return all.some(({ activity, verified }) => verified && activity.type === 'Create') ? true : null;
    });
  });

  test('while home is up a delivery arrives at once, and a follower who deletes themselves is forgotten', async () => {
    expect(await fromSigner('alice', { id: `${alice()}#delete`, type: 'Delete', object: alice() })).toBe(202);
    await until('alice forgotten', () => {
      const rows = home.rows<{ actor: string }>('select actor from followers');
      return rows.some(({ actor }) => actor === alice()) ? null : true;
    });
  });
});
