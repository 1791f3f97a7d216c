// What a real server leaves, asked of a running HTTP service as a stranger and of its database: put together, remembered for
// a while, and nothing told that the service does not tell.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ServerLeavings } from '../../../home-node/leaving/server-leavings.ts';
import { serverSoftware } from '../../../home-node/service-adapters.ts';
import { DatabaseSync } from '../../../home-node/sqlite.ts';
import { knownSoftware } from '../../../shared/config/software.ts';
import { limits } from '../../../shared/limits.ts';
import { gotosocialInSqlite } from './schemas.ts';

const domain = 'home.example';
const host = 'social.home.example';
const activity = 'application/activity+json; charset=utf-8';

interface Said {
  readonly status?: number;
  readonly type?: string;
  readonly body: unknown;
}

let server: Server;
let base: URL;
let folder: string;
let asked: IncomingMessage[];
let says: Map<string, Said>;
let now: number;

const webFinger = (name: string): string => `/.well-known/webfinger?resource=acct%3A${name}%40${domain}`;
const accountOf = (name: string) => ({
  subject: `acct:${name}@${domain}`,
  aliases: [`https://${host}/@${name}`, 7],
  links: [
    { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: `https://${host}/@${name}` },
    { rel: 'self', type: 'application/activity+json', href: `https://${host}/users/${name}` },
    { href: 'no rel' },
  ],
  more: 'of theirs',
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-leavings-'));
  const database = new DatabaseSync(join(folder, 'sqlite.db'));
  database.exec(gotosocialInSqlite);
  database.close();
  asked = [];
  now = 1_790_000_000_000;
  says = new Map<string, Said>([
    [webFinger('anna'), { body: accountOf('anna') }],
    ['/users/anna', { type: activity, body: { type: 'Person', id: `https://${host}/users/anna` } }],
    [
      '/.well-known/nodeinfo',
      {
        body: {
          links: [{ rel: 'http://nodeinfo.diaspora.software/ns/schema/2.0', href: `https://${host}/nodeinfo/2.0` }],
        },
      },
    ],
    ['/nodeinfo/2.0', { body: { version: '2.0', software: { name: 'gotosocial', version: '0.20.2' } } }],
  ]);
  server = createServer((request, response) => {
    asked.push(request);
    const { status = 200, type = 'application/json', body } = says.get(request.url ?? '') ?? { status: 404, body: {} };
    response.writeHead(status, { 'Content-Type': type }).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const leavings = (database: string | null = join(folder, 'sqlite.db')): ServerLeavings =>
  new ServerLeavings({
    clock: { now: () => now },
    domain,
    hosts: [host],
    inboxes: knownSoftware.gotosocial.inboxes,
    database,
    reads: serverSoftware.gotosocial.reads,
    limited: { isLimited: false, domains: [] },
  });
const ask = async (from: ServerLeavings) => await from.ask(base, AbortSignal.timeout(20_000));

describe('what a server leaves', () => {
  test('is its accounts, actors, nodeinfo, whom it knows and blocks, and keys', async () => {
    const left = await ask(leavings());
    expect(left).toMatchObject({
      inboxes: ['/users/{name}/inbox'],
      accounts: [
        {
          subject: 'acct:anna@home.example',
          aliases: [`https://${host}/@anna`],
          links: [
            { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: `https://${host}/@anna` },
            { rel: 'self', type: 'application/activity+json', href: `https://${host}/users/anna` },
          ],
        },
      ],
      nodeinfo: { version: '2.1', software: { name: 'gotosocial' } },
      knownActors: ['https://near.example/users/bea', 'https://far.example/users/carl'],
      blockedDomains: ['bad.example'],
    });
    expect(left.accounts?.[0]).not.toHaveProperty('more');
    expect(left.documents).toEqual([
      { host, path: '/users/anna', contentType: activity, body: JSON.stringify(says.get('/users/anna')?.body) },
    ]);
    expect(left.actorKeys?.map(({ keyId }) => keyId)).toEqual([
      'https://far.example/users/carl/main-key',
      'https://near.example/users/bea/main-key',
    ]);
    // As a stranger comes to it through a proxy.
    for (const { headers } of asked) expect(headers).toMatchObject({ host, 'x-forwarded-proto': 'https' });
    for (const { headers } of asked) expect(headers).not.toHaveProperty('authorization');
  });

  test('without a database is what it tells everybody: nobody is said not to be there, everybody counts as known', async () => {
    const left = await ask(leavings(null));
    expect(left).toMatchObject({ accounts: null, knownActors: null, documents: [], nodeinfo: { version: '2.1' } });
    expect(left).not.toHaveProperty('blockedDomains');
    expect(left).not.toHaveProperty('actorKeys');
  });

  test('has no actor that it shows to who signs alone, that is no JSON, or that is at a host that is not its own', async () => {
    for (const said of [
      { status: 401, body: '' },
      { type: 'text/html', body: '<html>' },
      { type: activity, body: 'no JSON' },
    ]) {
      says.set('/users/anna', said);
      const left = await ask(leavings());
      expect([left.documents, left.accounts?.length]).toEqual([[], 1]);
    }
    const links = [
      { rel: 'self', type: 'application/activity+json', href: `http://127.0.0.1:${base.port}/users/anna` },
    ];
    says.set(webFinger('anna'), { body: { ...accountOf('anna'), links } });
    expect((await ask(leavings())).documents).toEqual([]);
  });

  test('is asked anew after a while (limits.leavingsFreshMs), but for names: a new account is there at once', async () => {
    const from = leavings();
    await ask(from);
    const first = asked.length;
    await ask(from);
    // NodeInfo and where it is; nothing of accounts.
    expect(asked.length - first).toBe(2);
    const database = new DatabaseSync(join(folder, 'sqlite.db'));
    database.exec("UPDATE accounts SET suspended_at = NULL WHERE username = 'out'");
    database.close();
    says.set(webFinger('out'), { body: accountOf('out') });
    expect((await ask(from)).accounts).toHaveLength(2);
    says.delete(webFinger('anna'));
    expect((await ask(from)).accounts).toHaveLength(2);
    now += limits.leavingsFreshMs;
    expect((await ask(from)).accounts?.map(({ subject }) => subject)).toEqual(['acct:out@home.example']);
  });

  test('is not known while it fails, so that what it left last stays', async () => {
    for (const status of [500, 503, 429]) {
      says.set(webFinger('anna'), { status, body: {} });
      await expect(ask(leavings())).rejects.toMatchObject({ code: 'service-leavings' });
    }
  });

  test('leaves names to the running service when it says nothing of one: that is not the end of an account', async () => {
    for (const said of [
      { status: 403, body: {} },
      { status: 301, body: '' },
      { type: 'text/html', body: '<html>' },
    ]) {
      says.set(webFinger('anna'), said);
      const left = await ask(leavings());
      expect([left.accounts, left.inboxes]).toEqual([null, ['/users/{name}/inbox']]);
    }
    // Its database has an account, and it knows none: it was asked by a name that is not its own.
    says.delete(webFinger('anna'));
    expect((await ask(leavings())).accounts).toBeNull();
  });

  test('has an account a minute after it was said to be nobody', async () => {
    const database = new DatabaseSync(join(folder, 'sqlite.db'));
    database.exec("UPDATE accounts SET suspended_at = NULL WHERE username = 'out'");
    database.close();
    const from = leavings();
    expect((await ask(from)).accounts).toHaveLength(1);
    says.set(webFinger('out'), { body: accountOf('out') });
    now += 60_000;
    expect((await ask(from)).accounts).toHaveLength(2);
  });

  test('is not read without end (limits.leftDocumentBytes)', async () => {
    says.set(webFinger('anna'), { body: { ...accountOf('anna'), long: 'x'.repeat(limits.leftDocumentBytes) } });
    await expect(ask(leavings())).rejects.toMatchObject({ code: 'service-leavings' });
  });
});
