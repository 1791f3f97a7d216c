// Home asks a service as the service's own actor: by that key and no other, which is told to nobody.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Showcase } from '../../../home-node/adapters/adapter.ts';
import { gotosocial } from '../../../home-node/adapters/gotosocial.ts';
import { showcaseOf } from '../../../home-node/leaving/own-actor.ts';
import { DatabaseSync } from '../../../home-node/sqlite.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { publicKeyFromPem } from '../../../shared/signature/public-key.ts';
import { readSignature } from '../../../shared/signature/read.ts';
import { requireProof } from '../../../shared/signature/require.ts';
import { verifySignature } from '../../../shared/signature/verify.ts';
import { goKeyPair } from './go-key.ts';

const host = 'social.example';
const me = `https://${host}/users/me`;
const reads = gotosocial.reads.ownActor ?? expect.fail();
const pair = goKeyPair();
const person = goKeyPair();

let folder: string;
let path: string;
let server: Server;
let base: URL;
let asked: IncomingMessage[];
/** What the service answers, by path; 401 without a signature. */
let pages: Readonly<Record<string, unknown>>;
let status: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-own-actor-'));
  path = join(folder, 'sqlite.db');
  inDatabase(`
    CREATE TABLE accounts (id TEXT, username TEXT, domain TEXT, public_key_uri TEXT, private_key TEXT, suspended_at TEXT);
    CREATE TABLE users (id TEXT, account_id TEXT);
    CREATE TABLE statuses (id TEXT, uri TEXT, local BOOLEAN, federated BOOLEAN, pending_approval BOOLEAN,
      boost_of_id TEXT, visibility SMALLINT, pinned_at TEXT);
    INSERT INTO users VALUES ('u', '2');
    INSERT INTO accounts VALUES ('2', 'me', NULL, '${me}/main-key', '${person.json()}', NULL),
      ('3', 'far', 'far.example', 'https://far.example/key', NULL, NULL);`);
  ownActor();
  asked = [];
  pages = {};
  status = 200;
  server = createServer((request, response) => {
    asked.push(request);
    const signed = request.headers.signature !== undefined;
    response.writeHead(signed ? status : 401, { 'Content-Type': 'application/activity+json' });
    response.end(JSON.stringify(pages[request.url ?? ''] ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

function inDatabase(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function ownActor(secret = pair.json(), at = host): void {
  inDatabase(`DELETE FROM accounts WHERE id = '1';
    INSERT INTO accounts VALUES ('1', '${at}', NULL, 'https://${at}/users/${at}/main-key', '${secret}', NULL);`);
}

/** Numbers and names as versions before and since 0.18 have them. */
function post(id: number, changes: Readonly<Record<string, unknown>> = {}): string {
  const uri = `${me}/statuses/${id}`;
  const row = { local: 1, federated: 1, pending: 0, boost: null, visibility: 2, pinned: null, ...changes };
  const database = new DatabaseSync(path);
  const { local, federated, pending, boost, visibility, pinned } = row;
  database
    .prepare('INSERT INTO statuses VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    .run(String(id).padStart(8, '0'), uri, local, federated, pending, boost, visibility, pinned);
  database.close();
  return uri;
}

const open = async (): Promise<Showcase | null> =>
  await showcaseOf({ clock: systemClock, hosts: [host], database: path, reads });
const opened = async (): Promise<Showcase> => (await open()) ?? expect.fail();
const signal = AbortSignal.timeout(20_000);

describe('the service’s own actor', () => {
  test('signs what is asked of the service, so that its key verifies it, for that address alone', async () => {
    pages = { '/users/me?x=1': { id: `${me}?x=1`, type: 'Person' } };
    const shown = await (await opened()).shown(base, host, '/users/me?x=1', signal);
    expect(shown).toMatchObject({ answer: { status: 200 }, post: null, isList: false });
    const [request] = asked;
    const headers = Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)] as const);
    const question = { method: 'GET', scheme: 'https', host, path: '/users/me?x=1', headers } as const;
    const signature = readSignature(question);
    expect(signature.keyId).toBe(`https://${host}/users/${host}/main-key`);
    requireProof(question, signature, systemClock.now());
    expect(await verifySignature(signature, publicKeyFromPem(pair.pem))).toBe(true);
    expect(await verifySignature(signature, publicKeyFromPem(person.pem))).toBe(false);
    const elsewhere = readSignature({ ...question, path: '/users/you' });
    expect(await verifySignature(elsewhere, publicKeyFromPem(pair.pem))).toBe(false);
  });

  test.each([
    ['is not there', () => inDatabase("DELETE FROM accounts WHERE id = '1'")],
    ['has no key', () => inDatabase("UPDATE accounts SET private_key = NULL WHERE id = '1'")],
    ['has a key that is none', () => ownActor('{"N": 7, "E": 3, "D": 3}')],
    ['is of another name', () => ownActor(pair.json(), 'other.example')],
    ['is suspended', () => inDatabase("UPDATE accounts SET suspended_at = '2026-01-01'")],
    ['is of a version without that table', () => inDatabase('DROP TABLE statuses')],
  ])('asks nothing when it %s', async (_what, change) => {
    change();
    expect(await open()).toBeNull();
  });

  test('is not asked for in a database that cannot be read, and what is said of that has nothing of a key', async () => {
    rmSync(path);
    const failure = await open().catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code: 'service-database' });
    expect(JSON.stringify(failure)).not.toContain(/"D":(\d+)/.exec(pair.json())?.[1] ?? expect.fail());
  });

  // What an edge says that a document leads to is no address of home's making.
  test.each([
    ['two slashes', (at: string) => `//${at}/users/you`],
    ['a backslash', (at: string) => `/\\${at}/users/you`],
    ['a whole address', (at: string) => `http://${at}/users/you`],
    ['a name and a password', (at: string) => `@${at}/users/you`],
  ])('asks nobody but the service, also by a path with %s, and signs for no other host', async (_what, pathTo) => {
    const other: IncomingMessage[] = [];
    const elsewhere = createServer((request, response) => {
      other.push(request);
      response.writeHead(200, { 'Content-Type': 'application/activity+json' });
      response.end(JSON.stringify({ id: `https://${request.headers.host}${request.url}`, type: 'Person' }));
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    try {
      const at = `127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
      const { answer } = await (await opened()).shown(base, host, pathTo(at), signal);
      expect([answer.status, other]).toEqual([404, []]);
      expect(asked.filter(({ headers }) => headers.host !== host)).toEqual([]);
    } finally {
      elsewhere.closeAllConnections();
      await new Promise((resolve) => elsewhere.close(resolve));
    }
  });

  test('a service that fails says nothing of the document', async () => {
    status = 429;
    await expect((await opened()).shown(base, host, '/users/me', signal)).rejects.toMatchObject({
      code: 'service-leavings',
    });
  });
});

describe('posts that are for all', () => {
  test.each([
    ['public', {}, true],
    ['public, of an older version', { visibility: 'public' }, true],
    ['unlisted', { visibility: 3 }, true],
    ['unlisted, of an older version', { visibility: 'unlocked' }, true],
    ['for followers', { visibility: 4 }, false],
    ['for followers, of an older version', { visibility: 'followers_only' }, false],
    ['for mutuals', { visibility: 5 }, false],
    ['direct', { visibility: 6 }, false],
    ['of no visibility that is known', { visibility: 9 }, false],
    ['for this server alone', { federated: 0 }, false],
    ['not approved yet', { pending: 1 }, false],
    ['a boost', { boost: '1' }, false],
    ['of somebody elsewhere', { local: 0 }, false],
  ])('%s: %j: %s', async (_what, changes, isPublic) => {
    const uri = post(1, changes);
    pages = { '/users/me/statuses/1': { id: uri, type: 'Note' } };
    const showcase = await opened();
    expect(showcase.isPublic(host, '/users/me/statuses/1')).toBe(isPublic);
    expect(showcase.posts).toEqual(isPublic ? [uri] : []);
    const { answer } = await showcase.shown(base, host, '/users/me/statuses/1', signal);
    expect(answer.status).toBe(isPublic ? 200 : 404);
  });

  test('are the newest limits.publicPosts, after those that are pinned', async () => {
    inDatabase(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${limits.publicPosts + 50})
      INSERT INTO statuses SELECT printf('%08d', i), '${me}/statuses/' || i, 1, 1, 0, NULL, 2, CASE i WHEN 7 THEN 'then' END FROM n`);
    const { posts } = await opened();
    expect(posts.length).toBe(limits.publicPosts);
    expect(posts.slice(0, 2)).toEqual([`${me}/statuses/7`, `${me}/statuses/${limits.publicPosts + 50}`]);
  });
});
